using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Sync;

/// <summary>Tells the other sites what this one has and shows: on each change, at most once a second, and every 20 seconds to say that it is alive.</summary>
internal sealed class HoldingsPublisher(SiteLedger ledger, DocumentBook documents, SiteFolders folders, TimeProvider time, ILogger<HoldingsPublisher> log) : BackgroundService
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AtLeast = TimeSpan.FromSeconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var signal = ledger.Signal();
        var last = time.GetUtcNow() - AtLeast;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var space = FreeSpace.Of(folders.Data);
                if (documents.SignHoldings(space.AvailableBytes, space.TotalBytes, force: time.GetUtcNow() - last >= AtLeast))
                {
                    last = time.GetUtcNow();
                    await Task.Delay(AtMost, time, stoppingToken);
                }
            }
            catch (Exception e) when (DiskFault.IsOutside(e) || e is Microsoft.Data.Sqlite.SqliteException)
            {
                Log.WillRetry(log, "Signing the holdings", e);
                await Task.Delay(AtMost, time, stoppingToken);
            }

            using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var due = last + AtLeast - time.GetUtcNow();
            await Task.WhenAny(
                Task.Delay(due > TimeSpan.Zero ? due : TimeSpan.Zero, time, timer.Token),
                signal.WaitToReadAsync(timer.Token).AsTask());
            await timer.CancelAsync();
            signal.TryRead(out _);
        }
    }
}
