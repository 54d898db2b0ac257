using System.Threading.Channels;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>
/// Hears from the kernel what happens to files that should never change, and doubts them at once. When the kernel says that it lost count, or a
/// folder went away, everything there is compared instead; a folder that cannot be watched is an alarm. What takes time, because an engine is asked,
/// keeps nothing of another surface from being noticed.
/// </summary>
internal sealed class FileSentry : LastingLoop
{
    private readonly Channel<FolderEvent> _events = Channel.CreateUnbounded<FolderEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SiteLedger _ledger;
    private readonly ImageStore _store;
    private readonly Doubts _doubts;
    private readonly IReadOnlyList<SurfacePublisher> _publishers;
    private readonly IReadOnlyDictionary<SurfacePublisher, Channel<byte>> _toCompare;
    private readonly EventLog _happened;
    private readonly UnwatchedFolders _unwatched;
    private readonly ILogger<FileSentry> _log;
    private readonly FolderWatch _watch;

    /// <summary>Watches from here on; events are looked at once the service runs.</summary>
    public FileSentry(
        SiteLedger ledger, ImageStore store, Doubts doubts, IReadOnlyList<SurfacePublisher> publishers, EventLog happened, UnwatchedFolders unwatched, Setbacks setbacks,
        TimeProvider time, ILogger<FileSentry> log)
        : base(new Restarts("Watching files that must not change", setbacks, time, log))
    {
        _ledger = ledger;
        _store = store;
        _doubts = doubts;
        _publishers = publishers;
        _toCompare = publishers.ToDictionary(p => p, _ => Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }));
        _happened = happened;
        _unwatched = unwatched;
        _log = log;
        _watch = new FolderWatch(log, _events.Writer);
        foreach (var folder in Directory.EnumerateDirectories(store.Folders.Store))
        {
            Watch(folder);
        }

        foreach (var publisher in publishers)
        {
            Watch(publisher);
        }
    }

    /// <summary>Compares a surface with what should be there. A place that works again may be another folder than the one that was watched:
    /// it was moved away and back, or only now is mounted over the other.</summary>
    public async Task CompareAsync(SurfacePublisher publisher, CancellationToken cancellationToken)
    {
        var broken = IsBroken(publisher);
        await publisher.ObserveAsync(cancellationToken);
        if (broken && !IsBroken(publisher))
        {
            Watch(publisher);

            // What happened before the watch stood was seen by nobody.
            await publisher.ObserveAsync(cancellationToken);
        }
    }

    public override void Dispose()
    {
        _watch.Dispose();
        base.Dispose();
    }

    /// <summary>Tries again what could not be watched: the kernel's limits may have been raised, or others have gone.</summary>
    public void WatchAgain(CancellationToken cancellationToken)
    {
        foreach (var folder in _unwatched.Folders)
        {
            if (PublisherOf(folder) is { } publisher)
            {
                if (Watch(publisher))
                {
                    Ask(publisher);
                }
            }
            else if (Path.GetDirectoryName(folder) == _store.Folders.Store && Watch(folder))
            {
                _doubts.StatStore(cancellationToken);
            }
        }
    }

    protected override Task RunAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(_publishers.Select(p => CompareWhenAskedAsync(p, stoppingToken)).Prepend(ListenAsync(stoppingToken)));

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await foreach (var happened in _events.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                Look(happened, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // One folder that cannot be looked at must not blind the sentry to the others; the next check looks again.
                Log.WillRetry(_log, $"Looking at {happened.Folder}", e);
            }
        }
    }

    private async Task CompareWhenAskedAsync(SurfacePublisher publisher, CancellationToken stoppingToken)
    {
        await foreach (var _ in _toCompare[publisher].Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await CompareAsync(publisher, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log.WillRetry(_log, $"Comparing {publisher.Name}", e);
            }
        }
    }

    /// <summary>However often it is asked for while one goes on, there is one more.</summary>
    private void Ask(SurfacePublisher publisher) => _toCompare[publisher].Writer.TryWrite(0);

    private void Look(FolderEvent happened, CancellationToken cancellationToken)
    {
        switch (happened.Kind)
        {
            case FolderEventKind.Overflow:
                _happened.Add("drift", "The kernel dropped events of the folders that are watched; everything is compared now.", code: ReasonCode.WatchIncomplete);
                CompareEverything(cancellationToken);
                break;
            case FolderEventKind.FolderGone or FolderEventKind.Unmounted when Path.GetDirectoryName(happened.Folder) == _store.Folders.Store:
                _doubts.StatStore(cancellationToken);
                MendStore(happened.Folder, cancellationToken);
                break;
            case FolderEventKind.FolderGone:
            case FolderEventKind.Unmounted:
                CompareEverything(cancellationToken);
                break;
            case var kind when PublisherOf(happened.Folder) is { } publisher:
                Look(publisher, happened, kind);
                break;
            case var kind when Sha256Digest.TryParse(happened.Name, out var root):
                if (kind == FolderEventKind.Modified)
                {
                    _doubts.AboutStore(root, $"{Path.Combine(happened.Folder, happened.Name!)} was written to.");
                }
                else
                {
                    _doubts.StatStore(root);
                }

                break;
            default:
                break;
        }
    }

    private void Look(SurfacePublisher publisher, FolderEvent happened, FolderEventKind kind)
    {
        if (happened.Name is { } name && _ledger.View.Catalog.Names.TryGetValue(name, out var image)
            && string.Equals(_ledger.View.Catalog.Images.GetValueOrDefault(image)?.FileName, name, StringComparison.Ordinal))
        {
            publisher.Glance(image, Path.Combine(happened.Folder, name), kind == FolderEventKind.Modified);
        }
        else if (kind is not (FolderEventKind.Modified or FolderEventKind.AttributesChanged))
        {
            // Something that is not ours came or went: the drift list should say so.
            Ask(publisher);
        }
    }

    private void CompareEverything(CancellationToken cancellationToken)
    {
        _doubts.StatStore(cancellationToken);
        foreach (var publisher in _publishers)
        {
            Watch(publisher);
            Ask(publisher);
        }
    }

    /// <summary>Images that come back need a place, and that it is watched. But where the whole data folder is gone, as when its file system is unmounted, nothing is
    /// written in its place.</summary>
    private void MendStore(string folder, CancellationToken cancellationToken)
    {
        if (_store.Absence() is null)
        {
            DurableFile.CreateFolder(folder, SiteFolders.ForGroup);
            Watch(folder);

            // What happened before the watch stood was seen by nobody.
            _doubts.StatStore(cancellationToken);
        }
    }

    /// <summary>Again after each loss: a folder that was unmounted and is back is another folder.</summary>
    private bool Watch(SurfacePublisher publisher)
    {
        if (publisher.Surface.Description.Folder is not { } folder)
        {
            return false;
        }

        if (Directory.Exists(folder))
        {
            return Watch(folder);
        }

        // That it is away is the surface's to say.
        _unwatched.Set(folder, null);
        return false;
    }

    private bool Watch(string folder)
    {
        var reason = _watch.Add(folder);
        _unwatched.Set(folder, reason);
        return reason is null;
    }

    private bool IsBroken(SurfacePublisher publisher) => _ledger.View.Surfaces.First(s => s.Name == publisher.Name).Problem is not null;

    private SurfacePublisher? PublisherOf(string folder) =>
        _publishers.FirstOrDefault(p => p.Surface.Description.Folder is { } own && string.Equals(own, folder, StringComparison.Ordinal));
}
