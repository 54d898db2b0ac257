using System.Net;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Simulators.Engine;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>The shapes of the engine's answers, recorded under Golden/, and how a client chooses between them.</summary>
public sealed class EngineShapeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("api", "api")]
    [InlineData("storagedomains", "api/storagedomains")]
    [InlineData("storagedomain", "api/storagedomains/{domain}")]
    [InlineData("attached", "api/{center}/storagedomains/{domain}")]
    [InlineData("files", "api/storagedomains/{domain}/files")]
    [InlineData("files-empty", "api/storagedomains/{empty}/files")]
    [InlineData("datacenter", "api/{center}")]
    [InlineData("cluster", "api/{center}/clusters")]
    [InlineData("cdroms", "api/vms/{vm}/cdroms")]
    [InlineData("events", "api/events")]
    [InlineData("fault-unknown-domain", "api/storagedomains/00000000-0000-0000-0000-000000000001")]
    [InlineData("fault-no-uuid", "api/storagedomains/iso")]
    public async Task An_answer_has_the_recorded_shape(string name, string path)
    {
        var empty = new Guid("3f0c1c1e-5a11-4f59-9c62-6f1c1b7f9a02");
        await using var bench = await EngineBench.StartAsync(o => o with
        {
            Domains =
            [
                .. o.Domains,
                new EngineDomain(o.Domains[0].Path + "-2", empty) { Name = "spare", DataCenters = ["Other"], Space = (1L << 30, 0) },
            ],
            Machines = [new EngineMachine("web1")],
        });
        IsoDomainFolder.Create(bench.Export + "-2", empty);
        bench.Put("debian-12.iso");
        bench.Put("a&b <1>.iso");
        await bench.NamesAsync();
        var machine = (string)(await bench.JsonAsync("vms"))["vm"]![0]!["id"]!;
        path = path.Replace("{domain}", $"{EngineBench.Domain:D}", StringComparison.Ordinal).Replace("{empty}", $"{empty:D}", StringComparison.Ordinal)
            .Replace("{center}", bench.DataCenter, StringComparison.Ordinal).Replace("{vm}", machine, StringComparison.Ordinal);

        var differences = new List<string>();
        foreach (var form in (string[])["xml", "json"])
        {
            using var response = await bench.GetAsync(path, "application/" + form);
            var body = await response.Content.ReadAsStringAsync(Cancel);
            var seen = $"{(int)response.StatusCode} {response.Content.Headers.ContentType}\n{body.Replace(bench.Export, "/exports/iso", StringComparison.Ordinal)}\n";
            differences.AddRange(await DifferencesAsync($"{name}.{form}", seen));
        }

        Assert.Empty(differences);
    }

    [Theory]
    [InlineData(null, "application/xml")]
    [InlineData("*/*", "application/xml")]
    [InlineData("application/json", "application/json")]
    [InlineData("application/json;q=0.5, application/xml", "application/xml")]
    [InlineData("text/html, application/json;q=0.2", "application/json")]
    public async Task The_client_chooses_the_form_and_xml_is_the_default(string? accept, string expected)
    {
        await using var bench = await EngineBench.StartAsync();
        using var response = await bench.GetAsync("api/storagedomains", accept);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(expected, response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task A_form_that_is_not_there_is_406_and_the_query_overrides_the_header()
    {
        await using var bench = await EngineBench.StartAsync();
        using var refused = await bench.GetAsync("api", "text/plain");
        using var overridden = await bench.GetAsync("api?accept=application/json", "text/plain");

        Assert.Equal(HttpStatusCode.NotAcceptable, refused.StatusCode);
        Assert.Equal("application/json", overridden.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("4", "api", HttpStatusCode.OK)]
    [InlineData("3", "api", HttpStatusCode.BadRequest)]
    [InlineData(null, "api/v4/storagedomains", HttpStatusCode.OK)]
    [InlineData(null, "api/v3/storagedomains", HttpStatusCode.BadRequest)]
    public async Task Only_version_4_is_spoken(string? version, string path, HttpStatusCode expected)
    {
        await using var bench = await EngineBench.StartAsync();
        if (version is not null)
        {
            bench.Http.DefaultRequestHeaders.Add("Version", version);
        }

        using var response = await bench.GetAsync(path);

        Assert.Equal(expected, response.StatusCode);
        Assert.Equal(expected == HttpStatusCode.OK ? "application/xml" : "text/html", response.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("name=iso", 1)]
    [InlineData("name%3D%22ISO%22", 1)]
    [InlineData("name=ISO&case_sensitive=true", 0)]
    [InlineData("name=i*", 1)]
    [InlineData("datacenter=Default", 2)]
    [InlineData("status=active and name=iso", 1)]
    [InlineData("status=maintenance", 0)]
    [InlineData("type=iso", 0)]
    [InlineData("type=nfs&max=1", 1)]
    [InlineData("type=nfs page 3&max=1", 0)]
    public async Task Domains_are_searched_by_the_type_of_their_storage_and_not_by_iso(string query, int expected)
    {
        await using var bench = await EngineBench.StartAsync();

        Assert.Equal(expected, (await bench.JsonAsync("storagedomains?search=" + query))["storage_domain"]?.AsArray().Count ?? 0);
    }

    [Fact]
    public async Task An_unknown_search_key_is_a_fault()
    {
        await using var bench = await EngineBench.StartAsync();

        Assert.Equal(HttpStatusCode.BadRequest, await bench.StatusAsync("api/storagedomains?search=colour=red"));
    }

    [Fact]
    public async Task A_data_domain_has_no_files_and_says_so_with_an_empty_404()
    {
        await using var bench = await EngineBench.StartAsync();
        var data = (await bench.JsonAsync("storagedomains?search=name=data-Default"))["storage_domain"]![0]!;
        using var response = await bench.GetAsync($"api/storagedomains/{(string)data["id"]!}/files");

        Assert.Equal("data", (string?)data["type"]);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsByteArrayAsync(Cancel));
    }

    [Fact]
    public async Task Health_and_the_ca_need_no_password()
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Tls = true });
        using var handler = new SocketsHttpHandler { UseProxy = false };
        using var ca = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(bench.Engine.CaFile!);
        handler.SslOptions.CertificateChainPolicy = new()
        {
            TrustMode = System.Security.Cryptography.X509Certificates.X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { ca },
            RevocationMode = System.Security.Cryptography.X509Certificates.X509RevocationMode.NoCheck,
        };
        using var http = new HttpClient(handler) { BaseAddress = new Uri(bench.Engine.Url + "/") };

        Assert.Equal("DB Up!Welcome to Health Status!", await http.GetStringAsync("services/health", Cancel));
        Assert.Equal(
            await File.ReadAllTextAsync(bench.Engine.CaFile!, Cancel),
            await http.GetStringAsync("services/pki-resource?resource=ca-certificate&format=X509-PEM-CA", Cancel));
        Assert.StartsWith("https://127.0.0.1:", bench.Engine.Url.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_its_ca_nobody_believes_it()
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Tls = true });

        await Assert.ThrowsAsync<HttpRequestException>(() => bench.GetAsync("services/health"));
    }

    private static async Task<IEnumerable<string>> DifferencesAsync(string name, string seen)
    {
        var recorded = OpenApiDocumentTests.RepositoryFile($"tests/IsoCatalog.IntegrationTests/Simulators/Golden/{name}");
        if (File.Exists(recorded) && await File.ReadAllTextAsync(recorded, Cancel) == seen)
        {
            return [];
        }

        var fresh = Path.Combine(Path.GetTempPath(), $"isocatalog-golden-{name}");
        await File.WriteAllTextAsync(fresh, seen, Cancel);
        return [$"The answer is not the recorded one. If the change is meant: cp {fresh} {recorded}\n{seen}"];
    }
}
