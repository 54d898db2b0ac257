using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Reads files again, slowly: bytes rot without anybody touching them. When each was read last stands in the ledger.</summary>
internal sealed class Scrub(
    LiveConfiguration configuration,
    SiteLedger ledger,
    StoreBook files,
    ImageStore store,
    Doubts doubts,
    IReadOnlyList<SurfacePublisher> publishers,
    TimeProvider time,
    ILogger<Scrub> log)
{
    /// <summary>Reads everything that was not read for so long; one file that cannot be read keeps no other from it.</summary>
    public async Task RunAsync(TimeSpan every, CancellationToken cancellationToken)
    {
        foreach (var step in ScrubPlan.Due(ledger.View, every, time.GetUtcNow()).ToList())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var pace = new Pace(configuration.Now.Scrub.Rate, time);
            try
            {
                await (step.Cell is { } cell
                    ? publishers.First(p => p.Name == cell.Surface).VerifyAsync(cell.Image, pace, cancellationToken)
                    : Task.Run(() => ReadStored(step.Root, pace, cancellationToken), cancellationToken));
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.NotScrubbed(log, step.Root, step.Cell?.Surface, e);
            }
        }
    }

    private void ReadStored(Sha256Digest root, Pace pace, CancellationToken cancellationToken)
    {
        if (ledger.View.Store.GetValueOrDefault(root) is not StoreFile.Present)
        {
            return;
        }

        var read = ImageStore.Read(store.Folders.StoreFile(root), root, pace, cancellationToken);
        switch (read)
        {
            case StoreRead.Right right:
                files.Read(root, right.Receipt);
                break;
            case StoreRead.Wrong { Reason: var wrong }:
                doubts.AboutStore(root, wrong + ".");
                break;
            case StoreRead.Gone { Reason: var gone }:
                doubts.AboutStore(root, gone + ".");
                break;
            case StoreRead.Undecided:
                doubts.StatStore(root);
                break;
        }

        Log.Scrubbed(log, root, read.GetType().Name);
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
