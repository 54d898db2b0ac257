namespace IsoCatalog.Appliance.Upkeep;

/// <summary>A loop in the background that lasts as long as the site: see <see cref="Restarts"/>. What it keeps between two runs must stand that a run fails anywhere.</summary>
internal abstract class LastingLoop(Restarts restarts) : BackgroundService
{
    protected sealed override Task ExecuteAsync(CancellationToken stoppingToken) => restarts.RunAsync(RunAsync, stoppingToken);

    /// <summary>One run; ends when it is told to.</summary>
    protected abstract Task RunAsync(CancellationToken stoppingToken);
}
