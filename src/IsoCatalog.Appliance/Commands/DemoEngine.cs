using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using IsoCatalog.Simulators.Engine;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The oVirt engine of a demonstration, a simulated one: each site has an ISO domain at it, in a data center of its own.</summary>
internal sealed class DemoEngine : IAsyncDisposable
{
    private const string User = "admin@internal";
    private const string PasswordName = "engine-password";

    private readonly EngineSimulator _engine;
    private readonly IReadOnlyDictionary<string, EngineDomain> _domains;
    private readonly X509Certificate2 _ca;
    private readonly HttpClient _http;

    private DemoEngine(EngineSimulator engine, IReadOnlyDictionary<string, EngineDomain> domains, string password)
    {
        (_engine, _domains) = (engine, domains);
        _ca = X509CertificateLoader.LoadCertificateFromFile(engine.CaFile!);
        var handler = new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { _ca },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(engine.Url + "/") };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{password}")));
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
    }

    public DemoEngineReport Report => new(_engine.Url.ToString(), new Uri(_engine.Url, "/simulator/faults").ToString(), _engine.CaFile!, User, PasswordFile);

    private string PasswordFile => Path.Combine(Path.GetDirectoryName(_engine.CaFile)!, PasswordName);

    /// <summary>Makes the domains that are missing in the folder. The password is made once for each folder.</summary>
    public static async Task<DemoEngine> StartAsync(string folder, IReadOnlyList<string> sites, CancellationToken cancellationToken)
    {
        var password = await PasswordAsync(folder, cancellationToken);
        var domains = sites.ToDictionary(s => s, s => new EngineDomain(Path.Combine(folder, s, "iso-domain"), IdOf(s)) { Name = "iso-" + s, DataCenters = [s] });
        foreach (var domain in domains.Values)
        {
            IsoDomainFolder.Create(domain.Path, domain.Id, domain.Name);
        }

        var engine = await EngineSimulator.StartAsync(
            new EngineOptions
            {
                Tls = true,
                CaFile = Path.Combine(folder, "engine-ca.pem"),
                User = User,
                Password = password,
                Domains = [.. domains.Values],
                Machines = [.. sites.Select(s => new EngineMachine("vm-" + s, s))],
            },
            cancellationToken);
        return new DemoEngine(engine, domains, password);
    }

    /// <summary>The surface of a site, as it stands in site.yaml.</summary>
    public string SurfaceOf(string site)
    {
        var domain = _domains[site];
        return $$"""
              - name: ovirt
                kind: ovirt-iso-domain
                path: {{domain.Path}}
                domain: {{domain.Id:D}}
                engine: { url: "{{_engine.Url}}", user: "{{User}}", passwordFile: {{PasswordFile}}, caFile: {{_engine.CaFile}} }
            """;
    }

    /// <summary>Whether the engine has a name in its list now, without asking the storage again.</summary>
    /// <exception cref="DemoException">The engine does not answer.</exception>
    public async Task<bool> ListsAsync(string site, string name, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await _http.GetStreamAsync($"api/storagedomains/{_domains[site].Id:D}/files?refresh=false", cancellationToken);
            using var json = await JsonDocument.ParseAsync(answer, cancellationToken: cancellationToken);
            return json.RootElement.TryGetProperty("file", out var files) && files.EnumerateArray().Any(f => f.GetProperty("name").GetString() == name);
        }
        catch (HttpRequestException e)
        {
            throw new DemoException($"The simulated engine {_engine.Url} does not answer: {e.Message}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _ca.Dispose();
        await _engine.DisposeAsync();
    }

    private static async Task<string> PasswordAsync(string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, PasswordName);
        if (!File.Exists(path))
        {
            await using var file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
            await file.WriteAsync(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)) + "\n"), cancellationToken);
        }

        return (await File.ReadAllTextAsync(path, cancellationToken)).Trim();
    }

    /// <summary>The same at each start, so that a folder of an earlier demonstration keeps its domains.</summary>
    private static Guid IdOf(string site) => new(SHA256.HashData(Encoding.UTF8.GetBytes("isocatalog demo " + site)).AsSpan(0, 16));
}

/// <param name="Faults">Where it is told to fail; see docs/simulators.md.</param>
internal sealed record DemoEngineReport(string Url, string Faults, string CaFile, string User, string PasswordFile);
