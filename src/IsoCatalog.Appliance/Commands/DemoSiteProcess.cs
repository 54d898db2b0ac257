using System.Diagnostics;
using System.Text.Json;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Simulators.Engine;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A site in a process of its own, on ports that the system chooses. It ends when this object does, or when this process dies.</summary>
internal sealed class DemoSiteProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>A Ctrl-C in a terminal ends the sites at the same moment as it tells us.</summary>
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(500);

    private readonly DemoSitePlan _plan;
    private Process _process;

    private DemoSiteProcess(DemoSitePlan plan, Process process, SiteAddresses addresses)
    {
        _plan = plan;
        _process = process;
        Addresses = addresses;
    }

    public string Id => _plan.Configuration.Site;

    public string Data => _plan.Configuration.Data;

    public string Socket => _plan.Configuration.Socket;

    public SiteAddresses Addresses { get; }

    public Uri Api => new(Addresses.Api);

    public string? Iso => Addresses.Iso;

    public string? Fleet => Addresses.Fleet;

    public string? Swarm => Addresses.Swarm;

    public IReadOnlyList<DemoSurface> Surfaces =>
        [.. _plan.Configuration.Surfaces.Select(s => s switch
        {
            SurfaceConfiguration.Volume volume => new DemoSurface(s.Name, s.Kind, volume.Path, volume.Path),
            SurfaceConfiguration.OvirtIsoDomain domain => new DemoSurface(s.Name, s.Kind, domain.Path, IsoDomainFolder.FilesOf(domain.Path, domain.Domain)),
            _ => new DemoSurface(s.Name, s.Kind),
        })];

    public static async Task<DemoSiteProcess> StartAsync(DemoSitePlan plan, CancellationToken cancellationToken)
    {
        var (process, addresses) = await RunAsync(plan, cancellationToken);
        return new DemoSiteProcess(plan, process, addresses);
    }

    /// <summary>Starts it again whenever it ends, at the addresses that it had, as systemd would. Ends only with the token.</summary>
    /// <exception cref="DemoException">It does not start any more.</exception>
    public async Task KeepUpAsync(IReadOnlyList<PeerAddress> peers, Action<string> tell, CancellationToken cancellationToken)
    {
        await _plan.SettleAsync(Addresses, peers, cancellationToken);
        while (true)
        {
            await _process.WaitForExitAsync(cancellationToken);
            await Task.Delay(Breath, cancellationToken);
            tell($"The site {Id} ended (exit code {_process.ExitCode}). Starting it again.");
            var ended = _process;
            (_process, _) = await RunAsync(_plan, cancellationToken);
            ended.Dispose();
            tell($"The site {Id} is up again.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.StandardInput.Close();
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill(entireProcessTree: true);
            }
        }

        _process.Dispose();
    }

    private static async Task<(Process Process, SiteAddresses Addresses)> RunAsync(DemoSitePlan plan, CancellationToken cancellationToken)
    {
        var (program, arguments) = Self();
        var process = Process.Start(new ProcessStartInfo(
            program, [.. arguments, "serve", "--config", plan.ConfigurationPath, "--open-on-loopback", "--report-addresses", "--until-stdin-closes"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        }) ?? throw new DemoException($"{program} could not be started.");
        var line = await process.StandardOutput.ReadLineAsync(cancellationToken);
        if (line is null || JsonSerializer.Deserialize(line, StartJson.Readable.SiteAddresses) is not { } addresses)
        {
            await process.WaitForExitAsync(cancellationToken);
            throw new DemoException($"The site {plan.Configuration.Site} did not start (exit code {process.ExitCode}); its message is above.");
        }

        return (process, addresses);
    }

    /// <summary>This very program, whether it runs by its own host or by <c>dotnet isocatalog.dll</c>.</summary>
    private static (string File, string[] Arguments) Self()
    {
        var program = Environment.ProcessPath ?? throw new DemoException("The path of this program is not known.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? (program, [Path.Combine(AppContext.BaseDirectory, "isocatalog.dll")])
            : (program, []);
    }
}
