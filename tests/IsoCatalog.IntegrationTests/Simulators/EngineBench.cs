using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>A simulated engine with one ISO domain on a folder, and a client that knows HTTP and nothing else.</summary>
internal sealed class EngineBench : IAsyncDisposable
{
    public static readonly Guid Domain = new("3f0c1c1e-5a11-4f59-9c62-6f1c1b7f9a01");

    private readonly TempFolder _folder = new();

    private EngineBench()
    {
    }

    public EngineSimulator Engine { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string Export => _folder.Combine("export");

    /// <summary>The directory that the engine lists.</summary>
    public string Files => IsoDomainFolder.FilesOf(Export, Domain);

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    public string DataCenter => $"datacenters/{Engine.DataCenterId("Default"):D}";

    public static async Task<EngineBench> StartAsync(Func<EngineOptions, EngineOptions>? with = null)
    {
        var bench = new EngineBench();
        IsoDomainFolder.Create(bench.Export, Domain);
        var options = new EngineOptions { Domains = [new EngineDomain(bench.Export, Domain) { Space = (6L << 30, 2L << 30) }], Time = bench.Clock };
        bench.Engine = await EngineSimulator.StartAsync(with?.Invoke(options) ?? options, TestContext.Current.CancellationToken);
        bench.Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false })
        {
            BaseAddress = new Uri(bench.Engine.Url + "/"),
        };
        bench.Http.DefaultRequestHeaders.Authorization = Basic("admin@internal", "simulated");
        return bench;
    }

    public static AuthenticationHeaderValue Basic(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    /// <summary>A file that QEMU may read.</summary>
    public string Put(string name, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead)
    {
        var path = Path.Combine(Files, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, name);
        File.SetUnixFileMode(path, mode);
        return path;
    }

    /// <param name="path">Below <c>/ovirt-engine/</c>.</param>
    public async Task<HttpResponseMessage> GetAsync(string path, string? accept = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public async Task<JsonObject> JsonAsync(string path)
    {
        using var response = await GetAsync("api/" + path, "application/json");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!.AsObject();
    }

    public async Task<XElement> XmlAsync(string path)
    {
        using var response = await GetAsync("api/" + path, "application/xml");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/xml", response.Content.Headers.ContentType?.MediaType);
        return XElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The names in the list of files, in order.</summary>
    public async Task<IReadOnlyList<string>> NamesAsync(string query = "") =>
        [.. ((await JsonAsync($"storagedomains/{Domain:D}/files{query}"))["file"]?.AsArray() ?? []).Select(f => (string)f!["name"]!).Order(StringComparer.Ordinal)];

    public async Task<HttpStatusCode> StatusAsync(string path)
    {
        using var response = await GetAsync(path, "application/json");
        return response.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }

        _folder.Dispose();
    }
}
