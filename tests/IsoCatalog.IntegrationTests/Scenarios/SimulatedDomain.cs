using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>An ISO domain, the simulated engine that lists it, and the eyes of a user of that engine.</summary>
internal sealed class SimulatedDomain : IAsyncDisposable
{
    /// <summary>The data center that the domain is attached to.</summary>
    public const string DataCenter = "Default";

    private const string User = "admin@internal";
    private const string Password = "simulated";

    private readonly TempFolder _folder;
    private readonly Guid _id;
    private readonly X509Certificate2 _ca;
    private readonly HttpClient _http;

    private SimulatedDomain(TempFolder folder, Guid id, EngineSimulator engine)
    {
        (_folder, _id, Engine) = (folder, id, engine);
        _ca = X509CertificateLoader.LoadCertificateFromFile(engine.CaFile!);
        var handler = new SocketsHttpHandler { UseProxy = false };
        handler.SslOptions.CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            CustomTrustStore = { _ca },
            RevocationMode = X509RevocationMode.NoCheck,
        };
        _http = new HttpClient(handler) { BaseAddress = new Uri(engine.Url + "/"), Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}")));
        _http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
    }

    public EngineSimulator Engine { get; }

    public string Export => _folder.Combine("export");

    /// <summary>What hosts list.</summary>
    public string Files => IsoDomainFolder.FilesOf(Export, _id);

    /// <summary>Where the appliance keeps what hosts do not list.</summary>
    public string Hidden => Path.Combine(Export, _id.ToString("D"), "images", ".isocatalog");

    /// <summary>The surface as it stands in site.yaml.</summary>
    public string Surface =>
        $$"""
          - name: ovirt
            kind: ovirt-iso-domain
            path: {{Export}}
            domain: {{_id:D}}
            check: 1s
            engine: { url: "{{Engine.Url}}", user: {{User}}, passwordFile: "{{PasswordFile}}", caFile: "{{Engine.CaFile}}" }
        """;

    private string PasswordFile => _folder.Combine("password");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<SimulatedDomain> StartAsync()
    {
        var (folder, id) = (new TempFolder(), Guid.NewGuid());
        try
        {
            IsoDomainFolder.Create(folder.Combine("export"), id);
            var engine = await EngineSimulator.StartAsync(
                new EngineOptions { Tls = true, User = User, Password = Password, Domains = [new EngineDomain(folder.Combine("export"), id) { DataCenters = [DataCenter] }] }, Cancel);
            var domain = new SimulatedDomain(folder, id, engine);
            domain.WritePassword();
            return domain;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>What the appliance logs in with; the right one again without an argument.</summary>
    public void WritePassword(string password = Password)
    {
        File.WriteAllText(PasswordFile, password + "\n");
        File.SetUnixFileMode(PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    /// <summary>The names that a user of the engine can pick from.</summary>
    /// <exception cref="HttpRequestException">The engine answers nothing usable.</exception>
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellationToken)
    {
        using var answer = await _http.GetAsync($"api/storagedomains/{_id:D}/files?refresh=false", cancellationToken);
        answer.EnsureSuccessStatusCode();
        try
        {
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellationToken))?["file"] is JsonArray files ? [.. files.Select(f => (string)f!["name"]!)] : [];
        }
        catch (System.Text.Json.JsonException e)
        {
            throw new HttpRequestException("The engine's answer is none.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        _ca.Dispose();
        await Engine.DisposeAsync();
        _folder.Dispose();
    }
}
