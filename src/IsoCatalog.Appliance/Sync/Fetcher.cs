using System.Collections.Concurrent;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
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
    SiteLedger ledger, StoreBook book, ImageStore store, SwarmEngine swarm, TorrentSource torrents, long floor, TimeProvider time, ILogger<Fetcher> log)
    : BackgroundService
{
    /// <summary>More at once share the same link and finish later.</summary>
    private const int AtOnce = 3;

    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<ImageId, Running> _running = new();
    private readonly ConcurrentDictionary<ImageId, Retry> _retries = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DeleteLeftovers();
        var signal = ledger.Signal();
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                Tend(stoppingToken);
                using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(Task.Delay(TimeSpan.FromSeconds(1), time, timer.Token), signal.WaitToReadAsync(timer.Token).AsTask());
                await timer.CancelAsync();
                signal.TryRead(out _);
            }
        }
        finally
        {
            await Task.WhenAll(_running.Values.Select(r => r.Work));
        }
    }

    /// <summary>Is it to be fetched? A false pair never is, however often it is said.</summary>
    private static bool IsWanted(SiteView view, CatalogImage image) =>
        image is { Deleted: false, Blocked: false } && view.Others.Count > 0
        && view.FileOf(image) is StoreFile.Fetching or StoreFile.Lost { Code: not ReasonCode.Disputed };

    private void Tend(CancellationToken stoppingToken)
    {
        var view = ledger.View;
        foreach (var (id, running) in _running)
        {
            if (running.Work.IsCompleted)
            {
                _running.TryRemove(id, out _);
                running.Cancel.Dispose();
            }
            else if (!view.Catalog.Images.TryGetValue(id, out var image) || !IsWanted(view, image) || image.Value.Root != running.Root)
            {
                running.Cancel.Cancel();
            }
        }

        foreach (var (root, _) in view.Store.Where(s => s.Value is StoreFile.Fetching && _running.Values.All(r => r.Root != s.Key)))
        {
            book.ForgetFetch(root);
        }

        var now = time.GetUtcNow();
        foreach (var image in view.Store.Where(s => s.Value is StoreFile.Fetching or StoreFile.Lost)
            .Select(s => view.ImagesOf(s.Key).FirstOrDefault(i => IsWanted(view, i))).OfType<CatalogImage>())
        {
            if (_running.Count >= AtOnce)
            {
                break;
            }

            if (_running.Values.All(r => r.Root != image.Value.Root)
                && !(_retries.TryGetValue(image.Id, out var retry) && now < retry.NotBefore))
            {
                var cancel = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                _running[image.Id] = new Running(image.Value.Root, Task.Run(() => RunAsync(image, cancel.Token), CancellationToken.None), cancel);
            }
        }
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
                _retries.TryRemove(image.Id, out _);
            }
        }
        catch (OperationCanceledException)
        {
            if (ledger.View is var view && !(view.Catalog.Images.TryGetValue(image.Id, out var now) && IsWanted(view, now) && now.Value.Root == image.Value.Root))
            {
                DeleteStaged(image);
            }
        }
        catch (Exception e) when (DiskFault.IsOutside(e) || e is Microsoft.Data.Sqlite.SqliteException or InvalidOperationException)
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
        if (ShortOf(image, staged) is { } shortage)
        {
            return shortage;
        }

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
            await FollowAsync(image, transfer);
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
        Say(image, 1, ReasonCode.Verifying, "All bytes are here; they are read back from the disk.");
        File.SetUnixFileMode(staged, ImageStore.ReadOnlyForAll);
        if (ImageStore.Read(staged, image.Value.Root, null, cancellationToken) is not StoreRead.Right right)
        {
            DeleteStaged(image);
            return new Failure(
                ReasonCode.ReadError,
                $"The disk of {staged} gave back other bytes than were written. It is fetched again; look at the disk (dmesg, smartctl).");
        }

        if (!book.TryMove(
            image.Value.Root,
            v => v.Catalog.Images.TryGetValue(image.Id, out var now) && IsWanted(v, now) && now.Value.Root == image.Value.Root,
            () => new StoreFile.Present(store.Promote(staged, right.Receipt))))
        {
            DeleteStaged(image);
            return null;
        }

        DurableFile.Delete(store.Folders.FetchProgress(image.Value.Root));
        Log.Fetched(log, image.FileName, time.GetElapsedTime(started).TotalSeconds);
        return null;
    }

    private async Task FollowAsync(CatalogImage image, Transfer transfer)
    {
        var shown = -1;
        while (await Task.WhenAny(transfer.Completion, Task.Delay(Glance, time)) != transfer.Completion)
        {
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
    }

    private Failure? ShortOf(CatalogImage image, string staged)
    {
        var free = FreeSpace.Of(store.Folders.Staging).AvailableBytes + (File.Exists(staged) ? new FileInfo(staged).Length : 0);
        return free - image.Value.Size >= floor
            ? null
            : new Failure(
                ReasonCode.NoSpace,
                $"{image.FileName} needs {image.Value.Size:N0} bytes, and {floor:N0} must stay free (store.floor), but {store.Folders.Staging} has {free:N0}. "
                + "Free some room; it goes on by itself.");
    }

    private void Say(CatalogImage image, double progress, string code, string reason)
    {
        var since = ledger.View.FileOf(image.Id) is StoreFile.Fetching { Since: var begun } ? begun : time.GetUtcNow();
        book.ReportFetch(image.Id, new StoreFile.Fetching(since, progress, code, reason));
    }

    private void Postpone(CatalogImage image, string code, string reason)
    {
        var count = (_retries.GetValueOrDefault(image.Id)?.Count ?? 0) + 1;
        var pause = TimeSpan.FromSeconds(Math.Min(LongestRetry.TotalSeconds, Math.Pow(2, Math.Min(count, 10) - 1) / 2));
        _retries[image.Id] = new Retry(count, time.GetUtcNow() + pause);
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

    private sealed record Running(Sha256Digest Root, Task Work, CancellationTokenSource Cancel);

    private sealed record Retry(int Count, DateTimeOffset NotBefore);

    private sealed record Failure(string Code, string Reason);
}
