using System.Threading.Channels;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Intake;

/// <summary>
/// The folder into which operators drop images. A file is taken up when it is complete: closed after writing, and quiet for two seconds. What is
/// accepted disappears from here; what is refused stays, with its reason in the drift list, until it changes or goes.
/// </summary>
internal sealed class Inbox : LastingLoop
{
    /// <summary>A copy program that closes and reopens does so at once; this long without a change means done.</summary>
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private readonly Channel<FolderEvent> _events = Channel.CreateUnbounded<FolderEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, Waiting> _waiting = new(StringComparer.Ordinal);
    private readonly string _folder;
    private readonly IngestQueue _queue;
    private readonly SiteLedger _ledger;
    private readonly TimeProvider _time;
    private readonly ILogger<Inbox> _log;
    private readonly UnwatchedFolders _unwatched;
    private readonly FolderWatch _watch;
    private volatile IReadOnlyList<RefusedFile> _refused = [];
    private volatile Unlisted? _trouble;

    public Inbox(string folder, IngestQueue queue, SiteLedger ledger, UnwatchedFolders unwatched, Setbacks setbacks, TimeProvider time, ILogger<Inbox> log)
        : base(new Restarts($"Taking up files from {folder}", setbacks, time, log))
    {
        _folder = folder;
        _queue = queue;
        _ledger = ledger;
        _time = time;
        _log = log;
        _unwatched = unwatched;
        _watch = new FolderWatch(log, _events.Writer);
        Watch();
    }

    /// <summary>Why nothing is taken up, and since when; null while the folder can be listed.</summary>
    public (string Reason, DateTimeOffset Since)? Trouble => _trouble is { } trouble ? (trouble.Reason, trouble.Since) : null;

    /// <summary>What lies there and was not accepted.</summary>
    public IReadOnlyList<RefusedFile> Refused => _refused;

    /// <summary>Lists the folder, in case the kernel's notice was lost.</summary>
    public void Rescan()
    {
        Watch();
        _events.Writer.TryWrite(new FolderEvent(FolderEventKind.Overflow, _folder, null, IsFolder: false));
    }

    public override void Dispose()
    {
        _watch.Dispose();
        base.Dispose();
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        Scan();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await TakeUpAsync(stoppingToken);
            }
            catch (Exception e) when (DiskFault.IsOutside(e))
            {
                Log.WillRetry(_log, $"Taking up files from {_folder}", e);
            }

            using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var due = Task.Delay(_waiting.Count > 0 ? Quiet / 4 : Timeout.InfiniteTimeSpan, _time, timer.Token);
            var heard = _events.Reader.WaitToReadAsync(timer.Token).AsTask();
            await Task.WhenAny(due, heard);
            await timer.CancelAsync();
            while (_events.Reader.TryRead(out var happened))
            {
                Heard(happened);
            }
        }
    }

    /// <summary>Again and again: it may be another folder by now.</summary>
    private void Watch() => _unwatched.Set(_folder, _watch.Add(_folder));

    private void Heard(FolderEvent happened)
    {
        if (happened.Name is null || happened.Kind == FolderEventKind.Overflow)
        {
            Scan();
        }
        else if (!happened.IsFolder)
        {
            Notice(happened.Name);
        }
    }

    private void Scan()
    {
        try
        {
            foreach (var path in Directory.EnumerateFiles(_folder))
            {
                Notice(Path.GetFileName(path));
            }

            _trouble = null;
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            if (_trouble is null)
            {
                Log.WillRetry(_log, $"Listing the inbox {_folder}", e);
            }

            _trouble = new Unlisted(
                $"The inbox {_folder} cannot be listed, so what is dropped there is not taken up: {e.Message} Make it again, or give the site's user the right to it; it goes on by itself.",
                _trouble?.Since ?? _time.GetUtcNow());
        }

        _refused = [.. _refused.Where(r => File.Exists(r.Path))];
    }

    /// <summary>Any sign of life of a file starts its quiet time anew; a refused file that did not change stays refused.</summary>
    private void Notice(string name)
    {
        if (name.StartsWith('.') || name.EndsWith(".part", StringComparison.OrdinalIgnoreCase))
        {
            return;
        }

        var path = Path.Combine(_folder, name);
        if (FileIdentity.Of(path, default) is not { } now)
        {
            _waiting.Remove(path);
            _refused = [.. _refused.Where(r => r.Path != path)];
            return;
        }

        if (_refused.Any(r => r.Path == path && r.Seen == now))
        {
            return;
        }

        _refused = [.. _refused.Where(r => r.Path != path)];
        if (!_waiting.TryGetValue(path, out var known) || known.Seen != now)
        {
            _waiting[path] = new Waiting(now, _time.GetUtcNow());
        }
    }

    private async Task TakeUpAsync(CancellationToken cancellationToken)
    {
        foreach (var (path, waiting) in _waiting.ToList())
        {
            if (FileIdentity.Of(path, default) is not { } now)
            {
                _waiting.Remove(path);
            }
            else if (now != waiting.Seen || WriterCheck.IsOpenForWriting(path))
            {
                _waiting[path] = new Waiting(now, _time.GetUtcNow());
            }
            else if ((_time.GetUtcNow() - waiting.Since).Duration() >= Quiet)
            {
                _waiting.Remove(path);
                await AddAsync(path, now, cancellationToken);
            }
        }
    }

    private async Task AddAsync(string path, Receipt seen, CancellationToken cancellationToken)
    {
        var request = new IngestRequest.FromFile(path, Path.GetFileName(path), "inbox");
        switch (await _queue.RunAsync(request, cancellationToken))
        {
            case Outcome<CatalogImage>.Done:
            // A crash between the acknowledgement and the removal leaves the file here once more, under the name it has in the catalog.
            case Outcome<CatalogImage>.Refused { Refusal: { Code: RefusalCode.AlreadyInCatalog, Image: { } same } }
                when ImageFileName.TryDerive(request.Name, out var name, out _) && _ledger.View.Catalog.Images.GetValueOrDefault(same)?.Value.FileName == name:
                if (FileIdentity.Of(path, default) == seen)
                {
                    DurableFile.Delete(path);
                }

                break;
            case Outcome<CatalogImage>.Refused { Refusal: { Code: RefusalCode.SourceChanged or RefusalCode.SourceMissing } }:
                Notice(Path.GetFileName(path));
                break;
            case Outcome<CatalogImage>.Refused { Refusal: var refusal } when !cancellationToken.IsCancellationRequested:
                _refused = [.. _refused, new RefusedFile(path, seen, refusal, _time.GetUtcNow())];
                break;
        }
    }

    internal sealed record RefusedFile(string Path, Receipt Seen, Refusal Refusal, DateTimeOffset Since);

    private sealed record Unlisted(string Reason, DateTimeOffset Since);

    private sealed record Waiting(Receipt Seen, DateTimeOffset Since);
}
