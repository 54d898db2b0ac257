using System.Diagnostics;
using System.Text.Json;
using IsoCatalog.Appliance.Commands;

namespace IsoCatalog.Testing;

/// <summary>The real <c>isocatalog serve</c>.</summary>
internal sealed class SiteProcess : RunningSite
{
    private readonly Process _process;
    private readonly Task<string> _log;
    private SiteAddresses? _addresses;

    private SiteProcess(Process process) => (_process, _log) = (process, process.StandardError.ReadToEndAsync());

    public override SiteAddresses Addresses => _addresses!;

    public override bool HasExited => _process.HasExited;

    public int Id => _process.Id;

    /// <summary>Starts it and waits until it is up.</summary>
    public static async Task<SiteProcess> StartAsync(ProcessStartInfo invocation, CancellationToken cancellationToken)
    {
        var site = new SiteProcess(Process.Start(invocation)!);
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(StartDeadline);
            var line = await site._process.StandardOutput.ReadLineAsync(deadline.Token)
                ?? throw new InvalidOperationException($"The site did not start: {await site.LogAsync()}");
            site._addresses = JsonSerializer.Deserialize(line, StartJson.Default.SiteAddresses);
            return site;
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it and expects it to end by itself: for what it says then.</summary>
    public static async Task<(int Exit, string Errors)> StartInVainAsync(ProcessStartInfo invocation, CancellationToken cancellationToken)
    {
        await using var site = new SiteProcess(Process.Start(invocation)!);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StartDeadline);
        await site._process.WaitForExitAsync(deadline.Token);
        return (site._process.ExitCode, await site._log);
    }

    /// <summary>Waits for the process to end, by whatever ends it.</summary>
    public async Task WaitForExitAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(StopDeadline);
        await _process.WaitForExitAsync(deadline.Token);
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
    }

    /// <summary>Stops it as systemd would.</summary>
    public override async Task<string> StopAsync()
    {
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
                throw new InvalidOperationException($"The site did not stop within {StopDeadline.TotalSeconds} s: {await _log}", e);
            }
        }

        return await LogAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }

        _process.Dispose();
    }

    private async Task<string> LogAsync()
    {
        await _process.WaitForExitAsync(CancellationToken.None);
        return await _log;
    }
}
