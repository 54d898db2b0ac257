using System.Diagnostics;
using System.Text.Json;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A site in a process of its own, on ports that the system chooses. It ends when this object does, or when this process dies.</summary>
internal sealed class DemoSiteProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Process _process;

    private DemoSiteProcess(Process process, string id, string data, string socket, SiteAddresses addresses, IReadOnlyList<DemoSurface> surfaces)
    {
        _process = process;
        Id = id;
        Data = data;
        Socket = socket;
        Api = new Uri(addresses.Api);
        Iso = addresses.Iso;
        Fleet = addresses.Fleet;
        Swarm = addresses.Swarm;
        Surfaces = surfaces;
    }

    public string Id { get; }

    public string Data { get; }

    public string Socket { get; }

    public Uri Api { get; }

    public string? Iso { get; }

    public string? Fleet { get; }

    public string? Swarm { get; }

    public IReadOnlyList<DemoSurface> Surfaces { get; }

    public static async Task<DemoSiteProcess> StartAsync(DemoSitePlan plan, CancellationToken cancellationToken)
    {
        var (id, path, configuration) = (plan.Configuration.Site, plan.ConfigurationPath, plan.Configuration);
        var (program, arguments) = Self();
        var process = Process.Start(new ProcessStartInfo(
            program, [.. arguments, "serve", "--config", path, "--open-on-loopback", "--report-addresses", "--until-stdin-closes"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        }) ?? throw new DemoException($"{program} could not be started.");
        var line = await process.StandardOutput.ReadLineAsync(cancellationToken);
        if (line is null || JsonSerializer.Deserialize(line, StartJson.Default.SiteAddresses) is not { } addresses)
        {
            await process.WaitForExitAsync(cancellationToken);
            throw new DemoException($"The site {id} did not start (exit code {process.ExitCode}); its message is above.");
        }

        return new DemoSiteProcess(
            process, id, configuration.Data, configuration.Socket, addresses, [.. configuration.Surfaces.Select(s => new DemoSurface(s.Name, s.Kind, (s as SurfaceConfiguration.Volume)?.Path))]);
    }

    public Task WaitForExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

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

    /// <summary>This very program, whether it runs by its own host or by <c>dotnet isocatalog.dll</c>.</summary>
    private static (string Program, string[] Arguments) Self()
    {
        var program = Environment.ProcessPath ?? throw new DemoException("The path of this program is not known.");
        return Path.GetFileNameWithoutExtension(program) == "dotnet"
            ? (program, [Path.Combine(AppContext.BaseDirectory, "isocatalog.dll")])
            : (program, []);
    }
}
