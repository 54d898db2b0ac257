using System.Threading.Channels;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>
/// Hears from the kernel what happens to files that should never change, and doubts them at once. When the kernel says that it lost count, or a
/// folder went away, everything there is compared instead, and the loss is an alarm.
/// </summary>
internal sealed class FileSentry : LastingLoop
{
    public const string WatchIncomplete = "watch-incomplete";

    private readonly Channel<FolderEvent> _events = Channel.CreateUnbounded<FolderEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SiteLedger _ledger;
    private readonly ImageStore _store;
    private readonly Doubts _doubts;
    private readonly IReadOnlyList<SurfacePublisher> _publishers;
    private readonly EventLog _happened;
    private readonly ILogger<FileSentry> _log;
    private readonly FolderWatch _watch;

    /// <summary>Watches from here on; events are looked at once the service runs.</summary>
    public FileSentry(
        SiteLedger ledger, ImageStore store, Doubts doubts, IReadOnlyList<SurfacePublisher> publishers, EventLog happened, Setbacks setbacks, TimeProvider time,
        ILogger<FileSentry> log)
        : base(new Restarts("Watching files that must not change", setbacks, time, log))
    {
        _ledger = ledger;
        _store = store;
        _doubts = doubts;
        _publishers = publishers;
        _happened = happened;
        _log = log;
        _watch = new FolderWatch(log, _events.Writer);
        foreach (var folder in Directory.EnumerateDirectories(store.Folders.Store))
        {
            _watch.Add(folder);
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

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        await foreach (var happened in _events.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await LookAsync(happened, stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                // One folder that cannot be looked at must not blind the sentry to the others; the next check looks again.
                Log.WillRetry(_log, $"Looking at {happened.Folder}", e);
            }
        }
    }

    private async Task LookAsync(FolderEvent happened, CancellationToken cancellationToken)
    {
        switch (happened.Kind)
        {
            case FolderEventKind.Overflow:
            case FolderEventKind.WatchFailed:
                Log.WatchIncomplete(_log, happened.Folder, happened.Message ?? "the kernel dropped events.");
                _happened.Add("drift", $"The watch on {happened.Folder} is not complete; everything is compared now.", code: WatchIncomplete);
                await CompareEverythingAsync(cancellationToken);
                break;
            case FolderEventKind.FolderGone or FolderEventKind.Unmounted when Path.GetDirectoryName(happened.Folder) == _store.Folders.Store:
                _doubts.StatStore(cancellationToken);
                MendStore(happened.Folder, cancellationToken);
                break;
            case FolderEventKind.FolderGone:
            case FolderEventKind.Unmounted:
                await CompareEverythingAsync(cancellationToken);
                break;
            case var kind when PublisherOf(happened.Folder) is { } publisher:
                await LookAsync(publisher, happened, kind, cancellationToken);
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

    private async Task LookAsync(SurfacePublisher publisher, FolderEvent happened, FolderEventKind kind, CancellationToken cancellationToken)
    {
        if (happened.Name is { } name && _ledger.View.Catalog.Names.TryGetValue(name, out var image)
            && string.Equals(_ledger.View.Catalog.Images.GetValueOrDefault(image)?.FileName, name, StringComparison.Ordinal))
        {
            publisher.Glance(image, Path.Combine(happened.Folder, name), kind == FolderEventKind.Modified);
        }
        else if (kind is not (FolderEventKind.Modified or FolderEventKind.AttributesChanged))
        {
            // Something that is not ours came or went: the drift list should say so.
            await CompareAsync(publisher, cancellationToken);
        }
    }

    private async Task CompareEverythingAsync(CancellationToken cancellationToken)
    {
        _doubts.StatStore(cancellationToken);
        foreach (var publisher in _publishers)
        {
            await publisher.ObserveAsync(cancellationToken);
            Watch(publisher);
        }
    }

    /// <summary>Images that come back need a place, and that it is watched. But where the whole data folder is gone, as when its file system is unmounted, nothing is
    /// written in its place.</summary>
    private void MendStore(string folder, CancellationToken cancellationToken)
    {
        if (_store.Absence() is null)
        {
            DurableFile.CreateFolder(folder, SiteFolders.Open);
            _watch.Add(folder);

            // What happened before the watch stood was seen by nobody.
            _doubts.StatStore(cancellationToken);
        }
    }

    /// <summary>Again after each loss: a folder that was unmounted and is back is another folder.</summary>
    private void Watch(SurfacePublisher publisher)
    {
        if (publisher.Surface.Description.Folder is { } folder && Directory.Exists(folder))
        {
            _watch.Add(folder);
        }
    }

    private bool IsBroken(SurfacePublisher publisher) => _ledger.View.Surfaces.First(s => s.Name == publisher.Name).Problem is not null;

    private SurfacePublisher? PublisherOf(string folder) =>
        _publishers.FirstOrDefault(p => p.Surface.Description.Folder is { } own && string.Equals(own, folder, StringComparison.Ordinal));
}
