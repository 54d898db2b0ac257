using System.Collections.Concurrent;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance.Sync;

/// <summary>
/// Brings what the catalog wants and the store lacks from other sites: the swarm fetches into staging, the file is read back past the page cache, and
/// only then it is the site's own. What is not wanted any more is given up at once.
/// </summary>
internal sealed class Fetcher(
    SiteLedger ledger, StoreBook book, ImageStore store, SwarmEngine swarm, TorrentSource torrents, DiskRoom room, Setbacks setbacks, TimeProvider time, ILogger<Fetcher> log)
    : LastingLoop(new Restarts("Fetching images", setbacks, time, log))
{
    /// <summary>More at once share the same link and finish later.</summary>
    private const int AtOnce = 3;

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);

    private readonly ConcurrentDictionary<Sha256Digest, Running> _running = new();
    private readonly Attempts<Sha256Digest> _attempts = new(Backoff.UpTo(TimeSpan.FromSeconds(30)), time);
    private readonly ChangeLoop _loop = new(ledger, time, log);

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        DeleteLeftovers();
        await _loop.RunAsync(cancellationToken => Task.FromResult(Tend(cancellationToken)), stoppingToken);
        await Task.WhenAll(_running.Values.Select(r => r.Work));
    }

    /// <returns>When the next retry is due.</returns>
    private DateTimeOffset? Tend(CancellationToken stoppingToken)
    {
        var (view, begun) = (ledger.View, time.GetUtcNow());
        foreach (var (root, running) in _running)
        {
            if (running.Work.IsCompleted)
            {
                _running.TryRemove(root, out _);
                running.Cancel.Dispose();
            }
            else if (!FetchPlan.IsFor(view, running.Image))
            {
                running.Cancel.Cancel();
            }
        }

        var due = new List<CatalogImage>();
        foreach (var root in view.Store.Where(s => s.Value is StoreFile.Fetching or StoreFile.Lost).Select(s => s.Key).Where(root => !_running.ContainsKey(root)))
        {
            switch (FetchPlan.Next(view, root))
            {
                case FetchStep.GiveUp:
                    book.ForgetFetch(root);
                    break;
                case FetchStep.Fetch when _running.Count < AtOnce && _attempts.IsDue(root):
                    due.Add(view.ImagesOf(root).First(i => i.IsVisible));
                    break;
            }
        }

        foreach (var image in due.Order(FetchPlan.Order).Take(AtOnce - _running.Count))
        {
            Begin(image, stoppingToken);
        }

        return _attempts.NextAfter(begun);
    }

    private void Begin(CatalogImage image, CancellationToken stoppingToken)
    {
        var cancel = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var work = Task.Run(() => RunAsync(image, cancel.Token), CancellationToken.None);
        _running[image.Value.Root] = new Running(image, work, cancel);

        // Its end makes room for another, and is no change of the view by itself.
        _ = work.ContinueWith(_ => _loop.Wake(), TaskScheduler.Default);
    }

    /// <summary>One attempt; never throws.</summary>
    private async Task RunAsync(CatalogImage image, CancellationToken cancellationToken)
    {
        try
        {
            if (await FetchAsync(image, cancellationToken) is { } failure)
            {
                Postpone(image, failure.Code, failure.Reason);
            }
            else
            {
                _attempts.Forget(image.Value.Root);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            if (!FetchPlan.IsFor(ledger.View, image))
            {
                DeleteStaged(image);
            }
        }
        catch (Exception e)
        {
            Log.WillRetry(log, "Fetching " + image.FileName, e);
            Postpone(image, ReasonCode.FetchFailed, e.Message);
        }
    }

    /// <returns>Null when the image is in the store, or is not wanted any more; else why not.</returns>
    private async Task<Failure?> FetchAsync(CatalogImage image, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var staged = store.Folders.FetchFile(image.Value.Root);
        var (claim, shortage) = room.TryClaim(staged, image.Value.Size);
        if (shortage is not null)
        {
            return ShortOf(image, shortage);
        }

        using var claimed = claim!;
        Say(image, 0, ReasonCode.WaitingForSource, "No site that can be reached offers its bytes yet.");
        if (await torrents.FindAsync(image, cancellationToken) is not { } torrent)
        {
            return new Failure(ReasonCode.WaitingForSource, "No site that can be reached offers its bytes yet.");
        }

        // An attempt before this one may have failed, or have been refused after its end.
        await swarm.StopAsync(image.Value.Root);
        Log.Fetching(log, image.FileName, image.Value.Size);
        var transfer = store.LastSetAside(image) is { } damaged && !File.Exists(staged)
            ? swarm.Repair(torrent, damaged, staged)
            : swarm.Fetch(torrent, staged, store.Folders.FetchProgress(image.Value.Root));
        await using (cancellationToken.Register(() => _ = swarm.StopAsync(image.Value.Root)))
        {
            if (await FollowAsync(image, transfer, claimed) is { } full)
            {
                await swarm.StopAsync(image.Value.Root);
                return ShortOf(image, full);
            }
        }

        switch (await transfer.Completion)
        {
            case TransferOutcome.Stopped:
                throw new OperationCanceledException(cancellationToken);
            case TransferOutcome.StorageFailed { DiskFull: true, Reason: var full }:
                return new Failure(ReasonCode.NoSpace, full + " Free some room; it goes on by itself.");
            case TransferOutcome.StorageFailed failed:
                return new Failure(ReasonCode.WriteError, failed.Reason);
        }

        cancellationToken.ThrowIfCancellationRequested();
        return Accept(image, staged, started, cancellationToken);
    }

    private Failure? Accept(CatalogImage image, string staged, long started, CancellationToken cancellationToken)
    {
        Reading(0);
        File.SetUnixFileMode(staged, ImageStore.ReadOnlyForAll);
        var read = ImageStore.Read(staged, image.Value.Root, new PercentSteps(image.Value.Size, Reading), cancellationToken);
        if (read is StoreRead.Undecided undecided)
        {
            return new Failure(ReasonCode.ReadError, $"{undecided.Reason}. It is read again.");
        }

        if (read is not StoreRead.Right right)
        {
            DeleteStaged(image);
            return new Failure(
                ReasonCode.ReadError,
                $"The disk of {staged} gave back other bytes than were written. It is fetched again; look at the disk (dmesg, smartctl).");
        }

        if (!book.TryMove(
            image.Value.Root,
            v => FetchPlan.IsFor(v, image),
            () => new StoreFile.Present(store.Promote(staged, right.Receipt))))
        {
            DeleteStaged(image);
            return null;
        }

        DurableFile.Delete(store.Folders.FetchProgress(image.Value.Root));
        Log.Fetched(log, image.FileName, time.GetElapsedTime(started).TotalSeconds);
        return null;

        void Reading(double share) => Say(image, share, ReasonCode.Verifying, "All bytes are here; they are read back from the disk.");
    }

    /// <returns>What is missing once there is no room for the rest any more: the floor is left free, whoever else takes room. Null at the end of the transfer.</returns>
    private async Task<Shortage?> FollowAsync(CatalogImage image, Transfer transfer, DiskRoom.Claim claim)
    {
        var shown = -1;
        while (await Task.WhenAny(transfer.Completion, Task.Delay(Glance, time)) != transfer.Completion)
        {
            if (claim.Shortage is { } shortage)
            {
                return shortage;
            }

            var progress = transfer.Progress;
            var share = progress.Size == 0 ? 1 : (double)progress.Verified / progress.Size;
            if (progress.StallReason is not null || (int)(share * 100) != shown)
            {
                shown = (int)(share * 100);
                Say(
                    image,
                    share,
                    progress.StallReason is null ? ReasonCode.Fetching : ReasonCode.WaitingForSource,
                    progress.StallReason ?? "Its bytes are on the way from other sites.");
            }
        }

        return null;
    }

    private Failure ShortOf(CatalogImage image, Shortage shortage) => new(
        ReasonCode.NoSpace, $"{image.FileName} needs {image.Value.Size:N0} bytes, and {shortage.Describe(store.Folders.Staging)} Free some room; it goes on by itself.");

    private void Say(CatalogImage image, double progress, string code, string reason) =>
        book.ReportFetch(image.Id, StoreFile.Fetching.After(ledger.View.FileOf(image.Id) as StoreFile.Fetching, progress, code, reason, time.GetUtcNow()));

    private void Postpone(CatalogImage image, string code, string reason)
    {
        _attempts.Failed(image.Value.Root, reason);
        Say(image, 0, code, reason);
        if (code != ReasonCode.WaitingForSource)
        {
            Log.NotFetched(log, image.FileName, code, reason);
        }
    }

    /// <summary>What was being fetched when the site ended and is not wanted any more.</summary>
    private void DeleteLeftovers()
    {
        var wanted = ledger.View.Catalog.Live.Select(i => i.Value.Root.ToString()).ToHashSet(StringComparer.Ordinal);
        foreach (var file in Directory.EnumerateFiles(store.Folders.Fetch).Where(f => !wanted.Contains(Path.GetFileName(f).Split('.')[0])))
        {
            DurableFile.Delete(file);
        }
    }

    private void DeleteStaged(CatalogImage image)
    {
        DurableFile.Delete(store.Folders.FetchFile(image.Value.Root));
        DurableFile.Delete(store.Folders.FetchProgress(image.Value.Root));
    }

    private sealed record Running(CatalogImage Image, Task Work, CancellationTokenSource Cancel);

    private sealed record Failure(string Code, string Reason);

    /// <summary>At most 100 steps of a long reading.</summary>
    private sealed class PercentSteps(long total, Action<double> say) : IProgress<long>
    {
        private int _said;

        public void Report(long value)
        {
            if (total > 0 && (int)(value * 100 / total) is var percent && percent > _said)
            {
                _said = percent;
                say(percent / 100.0);
            }
        }
    }
}
