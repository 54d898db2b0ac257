using System.Diagnostics;
using System.Globalization;
using IsoCatalog.Appliance;
using IsoCatalog.Appliance.Commands;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Ovirt;

namespace IsoCatalog.Testing;

/// <summary>How a site under test is set up.</summary>
public sealed record TestSiteOptions
{
    /// <summary>As they are, in a process of its own.</summary>
    public static TestSiteOptions InOwnProcess { get; } = new() { OwnProcess = true };

    /// <summary>The surfaces, as they stand in site.yaml; <c>{root}</c> is the site's folder.</summary>
    public string Surfaces { get; init; } =
        """
          - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
          - { name: console, kind: volume, path: "{root}/console", check: 1s }
        """;

    /// <summary>The site's id.</summary>
    public string Site { get; init; } = "ams";

    /// <summary>It answers other sites, on ports that the system chooses; see <see cref="TestFleet"/>.</summary>
    public bool Fleet { get; init; }

    /// <summary>The address that it answers other sites on.</summary>
    public string FleetHost { get; init; } = "127.0.0.1";

    /// <summary>It is to join the fleet of another site, instead of being the first of its own.</summary>
    public bool Joins { get; init; }

    /// <summary>More lines of site.yaml.</summary>
    public string Extra { get; init; } = "store: { floor: 1MiB }";

    /// <summary>Clients on this machine need no token; without it, give tokens in <see cref="Extra"/>.</summary>
    public bool OpenOnLoopback { get; init; } = true;

    /// <summary>How many times as often as in earnest a (simulated) oVirt engine is asked.</summary>
    public int EnginePace { get; init; } = 1;

    /// <summary>The real program in a process of its own, as for whatever kills it, looks at it from outside or asks what it prints; else a part of the tests' process.</summary>
    public bool OwnProcess { get; init; }

    /// <summary>The clock of each site, by its id, of those in the tests' process.</summary>
    public Func<string, TimeProvider> Clock { get; init; } = static _ => TimeProvider.System;

    /// <summary>A program that the site is run by, such as strace with its arguments; then it has a process of its own.</summary>
    public IReadOnlyList<string> Wrapper { get; init; } = [];

    /// <summary>More of the environment of its process; then it has one of its own. <c>{root}</c> is the site's folder.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>A whole site, with its folder, its ports chosen by the system.</summary>
public sealed class TestSite : IAsyncDisposable
{
    private static readonly string ThisBuild = Path.Combine(AppContext.BaseDirectory, "isocatalog.dll");

    private readonly TempFolder _folder;
    private readonly TestSiteOptions _options;
    private RunningSite? _running;

    private TestSite(TempFolder folder, TestSiteOptions options)
    {
        _folder = folder;
        _options = options;
    }

    public string Root => _folder.Path;

    public string Data => _folder.Combine("data");

    public string Inbox => _folder.Combine("data", "inbox");

    public string Console => _folder.Combine("console");

    public string ConfigurationPath => _folder.Combine("site.yaml");

    public string Socket => _folder.Combine("data", "run", "isocatalog.sock");

    public Uri Api { get; private set; } = null!;

    public string? Iso { get; private set; }

    /// <summary>host:port of the fleet listener; null without one.</summary>
    public string? FleetAddress { get; private set; }

    /// <summary>host:port of the swarm listener; null without one.</summary>
    public string? SwarmAddress { get; private set; }

    public string Id => _options.Site;

    /// <summary>The program that the site is run by at its next start: that of this build, or another version of it, which gets a process of its own.</summary>
    public string Program { get; set; } = ThisBuild;

    /// <summary>What its database is to be from its next start on, where it runs in the tests' process: this version's, or another one's.</summary>
    internal DatabaseSchema Schema { get; set; } = DatabaseSchema.Current;

    /// <summary>Where the root key of a first site lies: not where a site looks for one that was left behind.</summary>
    public string RootKey => _folder.Combine("offline", "root-key.pem");

    public string JoinRequest => _folder.Combine("data", "join-request.json");

    /// <summary>What it joined with, at a site that did.</summary>
    public string JoinFile => _folder.Combine("join.json");

    public IApplianceClient Client { get; private set; } = null!;

    public int ProcessId => Own.Id;

    /// <summary>Makes the folders and keys and starts the site.</summary>
    public static async Task<TestSite> StartAsync(CancellationToken cancellationToken, TestSiteOptions? options = null)
    {
        var site = await PrepareAsync(cancellationToken, options);
        try
        {
            await site.StartAgainAsync(cancellationToken);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes the folders and keys as <c>init</c> does; nothing runs yet.</summary>
    public static async Task<TestSite> PrepareAsync(CancellationToken cancellationToken, TestSiteOptions? options = null)
    {
        var site = new TestSite(new TempFolder(), options ?? new TestSiteOptions());
        await File.WriteAllTextAsync(
            site.ConfigurationPath,
            $$"""
            site: {{site.Id}}
            data: {{site.Data}}
            listen: { api: "127.0.0.1:0", iso: "127.0.0.1:0"{{(site._options.Fleet ? $", fleet: \"{site._options.FleetHost}:0\", swarm: \"{site._options.FleetHost}:0\"" : "")}} }
            {{site._options.Extra}}
            surfaces:
            {{site._options.Surfaces.Replace("{root}", site.Root, StringComparison.Ordinal)}}

            """,
            cancellationToken);
        site.Found();
        return site;
    }

    /// <summary>Runs a verb of the real program to its end.</summary>
    public static async Task<(int Exit, string Output, string Errors)> RunAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var process = Process.Start(Invocation([], ThisBuild, arguments))!;
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Starts the site on the folder as it is.</summary>
    /// <param name="wrapper">Replaces the wrapper of the options.</param>
    public async Task StartAgainAsync(CancellationToken cancellationToken, IReadOnlyList<string>? wrapper = null)
    {
        if (_running is not null)
        {
            await _running.DisposeAsync();
            _running = null;
        }

        wrapper ??= _options.Wrapper;
        _running = _options.OwnProcess || Program != ThisBuild || wrapper.Count > 0 || _options.Environment.Count > 0
            ? await SiteProcess.StartAsync(Serve(wrapper), cancellationToken)
            : await HostedSite.StartAsync(
                Load(),
                new SiteHostOptions(_options.OpenOnLoopback)
                {
                    Time = _options.Clock(Id),
                    Schema = Schema,
                    Engines = new EngineTiming().Faster(_options.EnginePace),
                    Logging = static _ =>
                    {
                    },
                },
                cancellationToken);
        Api = new Uri(_running.Addresses.Api);
        Iso = _running.Addresses.Iso;
        FleetAddress = _running.Addresses.Fleet;
        SwarmAddress = _running.Addresses.Swarm;
        Client?.Dispose();
        Client = ApplianceClient.At(Api);
    }

    /// <summary>Says where the site asks the others, as whoever started it would.</summary>
    public async Task SetPeersAsync(IEnumerable<PeerAddress> peers, CancellationToken cancellationToken)
    {
        using var local = ApplianceClient.OverSocket(Socket);
        await local.SetPeersAsync(new PeerSetting([.. peers]), cancellationToken);
    }

    /// <summary>Writes into its configuration where it asks the others, so that it does so from the first moment of its next start.</summary>
    public Task ConfigurePeersAsync(IEnumerable<TestSite> peers, CancellationToken cancellationToken) =>
        ConfigurePeersAsync(peers.Select(p => new PeerAddress(p.Id, p.FleetAddress!, p.SwarmAddress ?? p.FleetAddress!)), cancellationToken);

    /// <inheritdoc cref="ConfigurePeersAsync(IEnumerable{TestSite}, CancellationToken)"/>
    public async Task ConfigurePeersAsync(IEnumerable<PeerAddress> peers, CancellationToken cancellationToken)
    {
        var lines = (await File.ReadAllLinesAsync(ConfigurationPath, cancellationToken)).Where(l => !l.StartsWith("peers:", StringComparison.Ordinal));
        var all = string.Join(", ", peers.Select(p => $"{{ site: {p.Site}, fleet: \"{p.Fleet}\", swarm: \"{p.Swarm}\" }}"));
        await File.WriteAllLinesAsync(ConfigurationPath, lines.Append($"peers: [ {all} ]"), cancellationToken);
    }

    /// <summary>Puts a copy of the stopped site's data folder aside.</summary>
    /// <returns>Where it is.</returns>
    public async Task<string> CopyDataAsync(CancellationToken cancellationToken)
    {
        var copy = _folder.Combine("copy-" + Guid.NewGuid().ToString("N"));
        (await Counterpart.RunAsync("/bin/cp", ["-a", Data, copy], cancellationToken)).Succeeded();
        return copy;
    }

    /// <summary>Makes the stopped site's data folder what the copy is.</summary>
    public async Task RestoreDataAsync(string copy, CancellationToken cancellationToken)
    {
        Directory.Delete(Data, recursive: true);
        (await Counterpart.RunAsync("/bin/cp", ["-a", copy, Data], cancellationToken)).Succeeded();
    }

    /// <summary>Starts the program and expects it to end by itself: for what it says then.</summary>
    public Task<(int Exit, string Errors)> StartInVainAsync(CancellationToken cancellationToken) =>
        SiteProcess.StartInVainAsync(Serve(_options.Wrapper), cancellationToken);

    /// <summary>Waits for the process to end, by whatever ends it.</summary>
    public Task WaitForExitAsync(CancellationToken cancellationToken) => Own.WaitForExitAsync(cancellationToken);

    public bool HasExited => _running?.HasExited ?? true;

    /// <summary>kill -9 of its process.</summary>
    public Task KillAsync() => Own.KillAsync();

    /// <summary>Stops it as systemd would, and gives what its process logged; nothing if it has none.</summary>
    public Task<string> StopAsync() => _running?.StopAsync() ?? Task.FromResult("");

    /// <summary>Uploads an image and waits until it is on the list of every surface.</summary>
    public async Task<ImageView> AddAsync(string path, CancellationToken cancellationToken)
    {
        await using var file = File.OpenRead(path);
        var image = await Client.UploadImageAsync(file, Path.GetFileName(path), null, null, null, cancellationToken);
        await EventuallyAsync(
            async () => (await Client.GetImageAsync(image.Id.ToString(), cancellationToken)).Ready[Id].Values
                .All(c => c.State == CellState.Advertised),
            cancellationToken);
        return image;
    }

    /// <summary>Is the image on the surface's list now?</summary>
    public async Task<bool> ListsAsync(string surface, ImageId image, CancellationToken cancellationToken) =>
        (await Client.GetAvailableAsync(new AvailableRequest(surface), cancellationToken)).Images.Any(i => i.Id == image);

    public async Task<CellView> CellAsync(ImageId image, string surface, CancellationToken cancellationToken) =>
        (await Client.GetImageAsync(image.ToString(), cancellationToken)).Ready[Id][surface];

    public string StoreFile(ImageView image) => Path.Combine(Data, "store", image.Root.ToString()[..2], image.Root.ToString());

    /// <summary>Asks again and again until it is so; a test fails if it is not within the time.</summary>
    /// <param name="otherwise">What is so instead; for the message.</param>
    public static async Task EventuallyAsync(Func<Task<bool>> condition, CancellationToken cancellationToken, int seconds = 30, Func<string>? otherwise = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed.TotalSeconds > seconds)
            {
                throw new TimeoutException($"It was not so within {seconds} s. {otherwise?.Invoke()}");
            }

            await Task.Delay(20, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_running is not null)
        {
            await _running.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>Lets another site, which has asked, into this one's fleet: both are stopped. The other keeps its join file in its folder.</summary>
    internal void LetIn(TestSite newcomer)
    {
        var configuration = Load().Configuration;
        var trust = LocalFleet.Trust(configuration);
        using var root = RootKeyFile.Load(RootKey);
        var (request, _) = FleetFounding.ReadRequest(File.ReadAllBytes(newcomer.JoinRequest));
        if (trust.Admit(FleetFounding.Approve(trust.Chain, request, LocalFleet.Folders(configuration), [root], Now).ToJson()).Violation is { } violation)
        {
            throw new InvalidOperationException($"{newcomer.Id} is not let in: {violation}");
        }

        var invitation = FleetFounding.Invitation(trust.Chain).ToJson();
        File.WriteAllBytes(newcomer.JoinFile, invitation);
        FleetFounding.Join(newcomer.Load().Configuration, invitation);
    }

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    private SiteProcess Own => _running as SiteProcess ?? throw new InvalidOperationException($"{Id} runs in no process of its own; see {nameof(TestSiteOptions.OwnProcess)}.");

    private void Found()
    {
        var configuration = Load().Configuration;
        InitCommand.Prepare(configuration);
        if (_options.Joins)
        {
            FleetFounding.Ask(configuration, null, FleetFounding.AddressOf("127.0.0.1", configuration.Listen), Now);
            return;
        }

        RootKeyFile.Generate(RootKey);
        using var root = RootKeyFile.Load(RootKey);
        FleetFounding.Found(configuration, [root], threshold: 1, address: null, Now);
    }

    private ConfigurationResult.Loaded Load() => ConfigurationFile.Load(ConfigurationPath) switch
    {
        ConfigurationResult.Loaded loaded => loaded,
        ConfigurationResult.Invalid invalid => throw new InvalidOperationException(invalid.Problems[0].Describe(invalid.FileName)),
        _ => throw new UnreachableException(),
    };

    private ProcessStartInfo Serve(IReadOnlyList<string> wrapper)
    {
        var start = Invocation(
            wrapper,
            Program,
            [
                "serve", "--config", ConfigurationPath, "--report-addresses", "--until-stdin-closes",
                .. _options.OpenOnLoopback ? ["--open-on-loopback"] : Array.Empty<string>(),
                "--engine-pace", _options.EnginePace.ToString(CultureInfo.InvariantCulture),
            ]);
        foreach (var (name, value) in _options.Environment)
        {
            start.Environment[name] = value.Replace("{root}", Root, StringComparison.Ordinal);
        }

        return start;
    }

    private static ProcessStartInfo Invocation(IReadOnlyList<string> wrapper, string program, IReadOnlyList<string> arguments)
    {
        string[] all = [.. wrapper, "dotnet", program, .. arguments];
        return new ProcessStartInfo(all[0], all[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
    }
}
