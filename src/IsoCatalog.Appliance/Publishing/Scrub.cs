using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Reads everything again, slowly: bytes rot without anybody touching them. Goes round in the order of ids and remembers how far it came.</summary>
internal sealed class Scrub(
    SiteConfiguration configuration,
    SiteLedger ledger,
    ImageStore store,
    Doubts doubts,
    IReadOnlyList<SurfacePublisher> publishers,
    TimeProvider time,
    ILogger<Scrub> log)
{
    private const string Fact = "scrub:last";

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var after = ImageId.TryParse(ledger.Facts.GetValueOrDefault(Fact), out var last) ? last : default;
        foreach (var image in ledger.View.Catalog.Live.OrderBy(i => i.Id <= after).ThenBy(i => i.Id).ToList())
        {
            await ScrubAsync(image, cancellationToken);
            ledger.SaveFact(Fact, image.Id.ToString());
        }
    }

    private async Task ScrubAsync(CatalogImage image, CancellationToken cancellationToken)
    {
        if (ledger.View.FileOf(image.Id) is not StoreFile.Present present)
        {
            return;
        }

        var pace = new Pace(configuration.Scrub.Rate, time);
        var path = store.Folders.StoreFile(image.Value.Root);
        var read = await Task.Run(() => ImageStore.Read(path, image.Value.Root, pace, cancellationToken), cancellationToken);
        if (read is StoreRead.Wrong { Reason: var wrong })
        {
            doubts.AboutStore(image.Value.Root, wrong + ".");
        }
        else if (read is StoreRead.Gone { Reason: var gone })
        {
            doubts.AboutStore(image.Value.Root, gone + ".");
        }
        else if (read is StoreRead.Undecided)
        {
            doubts.StatStore(image.Value.Root);
        }

        foreach (var publisher in publishers.Where(p => !p.Surface.Description.ServesStoreInode))
        {
            await publisher.VerifyAsync(image.Id, pace, cancellationToken);
        }

        Log.Scrubbed(log, image.FileName, read.GetType().Name);
    }

    /// <summary>Holds a reader to a rate by making it wait; the reading thread belongs to the scrub alone.</summary>
    private sealed class Pace(long bytesPerSecond, TimeProvider time) : IProgress<long>
    {
        private readonly long _started = time.GetTimestamp();

        public void Report(long value)
        {
            if (bytesPerSecond == 0)
            {
                return;
            }

            var ahead = TimeSpan.FromSeconds((double)value / bytesPerSecond) - time.GetElapsedTime(_started);
            if (ahead > TimeSpan.Zero)
            {
                using var wait = new ManualResetEventSlim();
                using var timer = time.CreateTimer(_ => wait.Set(), null, ahead, Timeout.InfiniteTimeSpan);
                wait.Wait();
            }
        }
    }
}
