using System.Net.Http.Headers;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Surfaces;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Ovirt;
using IsoCatalog.Testing;
using Xunit;
using EngineDomain = IsoCatalog.Simulators.Engine.EngineDomain;
using Login = IsoCatalog.Surfaces.Ovirt.EngineOptions;
using Simulated = IsoCatalog.Simulators.Engine.EngineOptions;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>An ISO domain on a folder, the simulated engine that lists it, and a surface that publishes in it.</summary>
internal sealed class OvirtBench : IAsyncDisposable
{
    public const string Password = "open sesame & more";
    public static readonly Guid Domain = new("5a1f6c1e-0f53-4d36-8f4f-2f1f0a5b9c77");

    /// <summary>A test's time: what is seconds at an engine is milliseconds here.</summary>
    public static readonly EngineTiming Quick = new()
    {
        Look = TimeSpan.FromMilliseconds(1),
        Floor = TimeSpan.FromMilliseconds(10),
        Gather = TimeSpan.FromMilliseconds(10),
        Retries = [TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(50)],
        Lag = TimeSpan.FromSeconds(20),
        Break = TimeSpan.FromMilliseconds(500),
        Patience = TimeSpan.FromSeconds(20),
    };

    private readonly TempFolder _folder = new();
    private readonly List<OvirtIsoDomainSurface> _opened = [];

    private OvirtBench()
    {
    }

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public EngineSimulator Engine { get; private set; } = null!;

    public string Export => _folder.Combine("export");

    public string Files => IsoDomainFolder.FilesOf(Export, Domain);

    public string Hidden => Path.Combine(Export, Domain.ToString("D"), "images", ".isocatalog");

    public string PasswordFile => _folder.Combine("password");

    public OvirtIsoDomainSurface Surface => _opened[^1];

    public static async Task<OvirtBench> StartAsync(EngineTiming? timing = null, Func<Simulated, Simulated>? with = null, bool check = true)
    {
        var bench = new OvirtBench();
        IsoDomainFolder.Create(bench.Export, Domain);
        await File.WriteAllTextAsync(bench.PasswordFile, Password + "\n", Cancel);
        var options = new Simulated { Tls = true, Password = Password, Domains = [new EngineDomain(bench.Export, Domain)] };
        bench.Engine = await EngineSimulator.StartAsync(with?.Invoke(options) ?? options, Cancel);
        bench.Open(timing);
        if (check)
        {
            Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.CheckAsync(Cancel));
        }

        return bench;
    }

    /// <summary>As after a restart.</summary>
    public OvirtIsoDomainSurface Open(EngineTiming? timing = null, TimeSpan? grace = null, Uri? url = null, string? caFile = null, long reserve = 0)
    {
        var options = new OvirtIsoDomainOptions(
            "ovirt-a", Export, Domain, new Login(url ?? Engine.Url, "admin@internal", PasswordFile, caFile ?? Engine.CaFile))
        {
            Reserve = reserve,
            Grace = grace ?? TimeSpan.FromHours(1),
            Timing = timing ?? Quick,
        };
        _opened.Add(new OvirtIsoDomainSurface(options, TimeProvider.System));
        return Surface;
    }

    public (StoredImage Image, byte[] Bytes) Put(string name, int size = 70_000) => ContractImages.Put(_folder.Combine("store"), name, size);

    public async Task<Receipt> PublishAsync(StoredImage image)
    {
        Done(await Surface.StageAsync(image, null, Cancel));
        return Done(await Surface.AdvertiseAsync(image, Cancel));
    }

    public string Shown(StoredImage image) => Path.Combine(Files, image.FileName);

    /// <summary>What the engine lists after a refresh.</summary>
    public async Task<IReadOnlyList<string>> ListedAsync() => (await Surface.RefreshAsync(Cancel)).Listed;

    /// <summary>Puts a disc into the drive of a machine, as an operator would; an empty name ejects.</summary>
    /// <param name="machine">Its name.</param>
    /// <param name="fileName">What a panel was given as fileId.</param>
    /// <param name="now">Into the machine as it runs; otherwise for its next start.</param>
    public Task InsertAsync(string machine, string fileName, bool now = false) => OrderAsync(
        HttpMethod.Put, machine, $"cdroms/{Guid.Empty:D}{(now ? "?current=true" : "")}", $$$"""{"file":{"id":"{{{fileName}}}"}}""");

    /// <param name="machine">Its name.</param>
    /// <param name="once">A disc for this run alone.</param>
    public Task StartMachineAsync(string machine, string? once = null) => OrderAsync(
        HttpMethod.Post, machine, "start", once is null ? "{}" : $$$$"""{"vm":{"cdroms":{"cdrom":[{"file":{"id":"{{{{once}}}}"}}]}}}""");

    public Task StopMachineAsync(string machine) => OrderAsync(HttpMethod.Post, machine, "stop", "{}");

    private async Task OrderAsync(HttpMethod method, string machine, string path, string body)
    {
        using var handler = new SocketsHttpHandler { UseProxy = false };
        if (Engine.CaFile is { } ca)
        {
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.ImportFromPemFile(ca);
            handler.SslOptions.CertificateChainPolicy = policy;
        }

        using var http = new HttpClient(handler);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes("admin@internal:" + Password)));
        http.DefaultRequestHeaders.Accept.ParseAdd("application/json");
        var machines = JsonNode.Parse(await http.GetStringAsync(new Uri(Engine.Url + "/api/vms"), Cancel))!["vm"]!.AsArray();
        var id = (string)machines.Single(m => (string)m!["name"]! == machine)!["id"]!;
        using var request = new HttpRequestMessage(method, new Uri($"{Engine.Url}/api/vms/{id}/{path}")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        using var answer = await http.SendAsync(request, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    public IEnumerable<string> Forced => Engine.Requests.Select(r => r.Target).Where(t => t.Contains("refresh=true", StringComparison.Ordinal));

    public static Receipt Done(SurfaceOutcome outcome)
    {
        Assert.True(outcome is SurfaceOutcome.Done { Evidence.FileReceipt: not null }, $"Expected success with a receipt, not {outcome}.");
        return ((SurfaceOutcome.Done)outcome).Evidence!.FileReceipt!.Value;
    }

    public static SurfaceOutcome.Refused Refused(SurfaceOutcome outcome, string code)
    {
        Assert.True(outcome is SurfaceOutcome.Refused refused && refused.Code == code, $"Expected {code}, not {outcome}.");
        return (SurfaceOutcome.Refused)outcome;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var surface in _opened)
        {
            await surface.DisposeAsync();
        }

        if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }

        _folder.Dispose();
    }
}
