using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Sync;

/// <summary>Tells the other sites what this one has and shows: on each change, at most once a second, and every 20 seconds to say that it is alive.</summary>
internal sealed class HoldingsPublisher(SiteLedger ledger, DocumentBook documents, SiteFolders folders, Setbacks setbacks, TimeProvider time, ILogger<HoldingsPublisher> log)
    : LastingLoop(new Restarts("Telling the other sites what is here", setbacks, time, log))
{
    private static readonly TimeSpan AtMost = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan AtLeast = TimeSpan.FromSeconds(20);

    private readonly Rounds _rounds = new(ledger, setbacks, AtLeast, time, log);
    private DateTimeOffset _signed = time.GetUtcNow() - AtLeast;

    protected override Task RunAsync(CancellationToken stoppingToken) => _rounds.RunAsync(Chores, stoppingToken);

    private IEnumerable<Chore> Chores()
    {
        // A clock that was set back is no reason to be silent until it is there again.
        _signed = _signed < time.GetUtcNow() ? _signed : time.GetUtcNow();
        var telling = Chore.Of("Telling the other sites what is here", null, _ => Sign());
        yield return telling with { From = _signed + AtMost };
        yield return telling with { From = _signed + AtLeast };
    }

    private void Sign()
    {
        var space = FreeSpace.Of(folders.Data);
        if (documents.SignHoldings(space.AvailableBytes, space.TotalBytes, force: time.GetUtcNow() - _signed >= AtLeast))
        {
            _signed = time.GetUtcNow();
        }
    }
}
