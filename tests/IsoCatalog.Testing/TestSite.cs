using System.Diagnostics;
using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Testing;

/// <summary>How a site under test is set up.</summary>
public sealed record TestSiteOptions
{
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

    /// <summary>A program that the site is run by, such as strace with its arguments.</summary>
    public IReadOnlyList<string> Wrapper { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();
}

/// <summary>A whole site in a process of its own: the real <c>isocatalog serve</c>, with its folder, its ports chosen by the system.</summary>
public sealed class TestSite : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(30);

    private readonly TempFolder _folder;
    private readonly TestSiteOptions _options;
    private Process? _process;
    private Task<string>? _errors;

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

    /// <summary>Where the root key of a first site lies: not where a site looks for one that was left behind.</summary>
    public string RootKey => _folder.Combine("offline", "root-key.pem");

    public string JoinRequest => _folder.Combine("data", "join-request.json");

    public ApplianceClient Client { get; private set; } = null!;

    public int ProcessId => _process!.Id;

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

    /// <summary>Makes the folders and keys; nothing runs yet.</summary>
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
        var (exit, output, errors) = await RunAsync(
            ["init", "--config", site.ConfigurationPath, .. site._options.Joins ? ["--join", "--address", "127.0.0.1"] : new[] { "--root-key", site.RootKey }],
            cancellationToken);
        return exit == 0 ? site : throw new InvalidOperationException($"isocatalog init ended with {exit}: {output}{errors}");
    }

    /// <summary>Runs a verb of the real program to its end.</summary>
    public static async Task<(int Exit, string Output, string Errors)> RunAsync(
        IReadOnlyList<string> arguments, CancellationToken cancellationToken, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Process.Start(Invocation([], arguments, environment ?? new Dictionary<string, string>()))!;
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
        var process = Launch(wrapper ?? _options.Wrapper);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StartDeadline);
        var line = await process.StandardOutput.ReadLineAsync(deadline.Token);
        if (line is null)
        {
            throw new InvalidOperationException($"The site did not start: {await StopOutputAsync()}");
        }

        using var addresses = JsonDocument.Parse(line);
        Api = new Uri(addresses.RootElement.GetProperty("api").GetString()!);
        Iso = Address("iso");
        FleetAddress = Address("fleet");
        SwarmAddress = Address("swarm");
        Client?.Dispose();
        Client = ApplianceClient.At(Api);

        string? Address(string listener) => addresses.RootElement.TryGetProperty(listener, out var address) ? address.GetString() : null;
    }

    /// <summary>Says where the site asks the others, as whoever started it would.</summary>
    public async Task SetPeersAsync(IEnumerable<PeerAddress> peers, CancellationToken cancellationToken)
    {
        using var local = ApplianceClient.OverSocket(Socket);
        await local.SetPeersAsync(new PeerSetting([.. peers]), cancellationToken);
    }

    /// <summary>Starts it and expects it to end by itself: for what it says then.</summary>
    public async Task<(int Exit, string Errors)> StartInVainAsync(CancellationToken cancellationToken)
    {
        var process = Launch(_options.Wrapper);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StartDeadline);
        await process.WaitForExitAsync(deadline.Token);
        return (process.ExitCode, await StopOutputAsync());
    }

    /// <summary>Waits for the process to end, by whatever ends it.</summary>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StopDeadline);
        await _process!.WaitForExitAsync(deadline.Token);
    }

    public bool HasExited => _process is null || _process.HasExited;

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process!.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Stops it as systemd would, and gives what it logged.</summary>
    public async Task<string> StopAsync()
    {
        if (_process is null)
        {
            return "";
        }

        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var deadline = new CancellationTokenSource(StopDeadline);
            try
            {
                await _process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException e)
            {
                _process.Kill(entireProcessTree: true);
                throw new InvalidOperationException($"The site did not stop within {StopDeadline.TotalSeconds} s: {await _errors!}", e);
            }
        }

        return await StopOutputAsync();
    }

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
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        _process?.Dispose();
        _folder.Dispose();
    }

    private Process Launch(IReadOnlyList<string> wrapper)
    {
        _process?.Dispose();
        _process = Process.Start(Invocation(
            wrapper,
            [
                "serve", "--config", ConfigurationPath, "--report-addresses", "--until-stdin-closes",
                .. _options.OpenOnLoopback ? ["--open-on-loopback"] : Array.Empty<string>(),
                "--engine-pace", _options.EnginePace.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ],
            _options.Environment))!;
        _errors = _process.StandardError.ReadToEndAsync();
        return _process;
    }

    private async Task<string> StopOutputAsync()
    {
        await _process!.WaitForExitAsync(CancellationToken.None);
        return await _errors!;
    }

    private static ProcessStartInfo Invocation(
        IReadOnlyList<string> wrapper, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        string[] all = [.. wrapper, "dotnet", Path.Combine(AppContext.BaseDirectory, "isocatalog.dll"), .. arguments];
        var start = new ProcessStartInfo(all[0], all[1..])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }
}
