using System.Threading.Channels;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Something in the inbox that is not as it should be.</summary>
/// <param name="Code">One of <see cref="ReasonCode"/>, or <see cref="Inbox.RefusedCode"/>.</param>
/// <param name="Path">What it is about.</param>
internal sealed record InboxFinding(string Code, string Reason, string Path, DateTimeOffset Since, ImageId? Image = null);

/// <summary>
/// The folder into which operators drop images. <see cref="InboxPlan"/> says of each file whether it is taken up; what is accepted disappears from here, or is remembered where it cannot be
/// deleted (<see cref="TakenFiles"/>); what is refused stays, with its reason in the drift list, until it changes or goes.
/// </summary>
internal sealed class Inbox : LastingLoop
{
    public const string RefusedCode = "inbox-refused";

    /// <summary>So long what was seen is taken to be so while one file after the other is taken up.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly Channel<FolderEvent> _events = Channel.CreateUnbounded<FolderEvent>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<string, RefusedFile> _refused = new(StringComparer.Ordinal);
    private readonly string _path;
    private readonly InboxFolder _folder;
    private readonly TakenFiles _taken;
    private readonly InboxWriters _writers;
    private readonly IngestQueue _queue;
    private readonly SiteLedger _ledger;
    private readonly TimeProvider _time;
    private readonly ILogger<Inbox> _log;
    private readonly UnwatchedFolders _unwatched;
    private readonly FolderWatch _watch;
    private Dictionary<string, (Receipt Seen, DateTimeOffset Since)> _known = new(StringComparer.Ordinal);
    private IReadOnlyList<InboxFile> _lists = [];
    private volatile Findings _found = new(null, [], []);
    private volatile bool _anew = true;
    private bool _isRestless;

    public Inbox(string folder, IngestQueue queue, SiteLedger ledger, UnwatchedFolders unwatched, Setbacks setbacks, TimeProvider time, ILogger<Inbox> log)
        : base(new Restarts($"Taking up files from {folder}", setbacks, time, log))
    {
        _path = folder;
        _folder = new InboxFolder(folder);
        _taken = new TakenFiles(ledger);
        _writers = new InboxWriters(folder);
        _queue = queue;
        _ledger = ledger;
        _time = time;
        _log = log;
        _unwatched = unwatched;
        _watch = new FolderWatch(log, _events.Writer);
        Watch();
    }

    /// <summary>What lies there and is not taken up, or cannot be deleted, with the folder's own trouble.</summary>
    public IEnumerable<InboxFinding> FindingsAt(DateTimeOffset now) => _found.At(now);

    /// <summary>Lists the folder, in case the kernel's notice was lost, and tries again to delete what could not be.</summary>
    public void Rescan()
    {
        Watch();
        _anew = true;
        _events.Writer.TryWrite(new FolderEvent(FolderEventKind.Overflow, _path, null, IsFolder: false));
    }

    public override void Dispose()
    {
        _watch.Dispose();
        base.Dispose();
    }

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var began = _time.GetTimestamp();
            try
            {
                while (Look() is { Count: > 0 } ready)
                {
                    var looked = _time.GetTimestamp();
                    foreach (var (file, expected) in ready.TakeWhile(_ => _time.GetElapsedTime(looked) < Fresh))
                    {
                        await AddAsync(file, expected, stoppingToken);
                    }

                    stoppingToken.ThrowIfCancellationRequested();
                    began = _time.GetTimestamp();
                }

                _taken.Save();
            }
            catch (Exception e) when (DiskFault.IsOutside(e) || e is DatabaseException)
            {
                Log.WillRetry(_log, $"Taking up files from {_path}", e);
            }

            using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var due = Task.Delay(_isRestless ? InboxPlan.Quiet / 4 : Timeout.InfiniteTimeSpan, _time, timer.Token);
            var heard = _events.Reader.WaitToReadAsync(timer.Token).AsTask();
            var cost = _time.GetElapsedTime(began);
            await Task.WhenAny(due, heard);
            await timer.CancelAsync();

            // A file that is being written to says so all the time; a look at a full inbox is not made for each word.
            await Task.Delay(cost * 4 > InboxPlan.Quiet / 20 ? cost * 4 : InboxPlan.Quiet / 20, _time, stoppingToken);
            while (_events.Reader.TryRead(out _))
            {
            }
        }
    }

    /// <summary>Again and again: it may be another folder by now.</summary>
    private void Watch() => _unwatched.Set(_path, _watch.Add(_path));

    /// <returns>What can be taken up now.</returns>
    private List<(InboxFile File, ExpectedHash? Expected)> Look()
    {
        var now = _time.GetUtcNow();
        var ready = new List<(InboxFile, ExpectedHash?)>();
        var anew = _anew;
        if (anew)
        {
            _anew = false;
            _folder.Forget();
        }

        var trouble = InboxFolder.TroubleOf(_path);
        IReadOnlyList<InboxFile> files;
        try
        {
            files = _folder.List(e => _known.TryGetValue(e.Name, out var known) && known.Seen == e.Seen ? known.Since : now);
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            trouble ??= InboxFolder.Unlistable(_path, e.Message, "Make it again, or give the site's user the right to it");
            if (_found.Trouble?.Code != trouble.Code)
            {
                Log.WillRetry(_log, $"Listing the inbox {_path}", e);
            }

            _isRestless = false;
            _found = new Findings(Standing(trouble, now), [], []);
            return ready;
        }

        _lists = [.. files.Where(f => f.List is not null)];
        _known = files.DistinctBy(f => f.Name).ToDictionary(f => f.Name, f => (f.Entry.Seen, f.Since), StringComparer.Ordinal);
        Forget(files);
        _isRestless = false;
        List<InboxFinding> standing = [], waiting = [];
        var catalog = _ledger.View.Catalog;
        foreach (var (file, verdict) in InboxPlan.Of(
            _path, files, name => catalog.Names.TryGetValue(name, out var id) ? id.Sha256 : null, now, f => _taken.Find(f.Name, f.Entry.Seen) is not null))
        {
            var path = Path.Combine(_path, file.Name);
            if (_taken.Find(file.Name, file.Entry.Seen) is { } taken)
            {
                // Of a file that was touched since it is not certain that it has the bytes that were taken.
                if (anew && taken.Seen with { Root = default } == file.Entry.Seen with { Root = default } && WhyNotDeleted(file) is null)
                {
                    _taken.Remove(file.Name);
                    continue;
                }

                standing.Add(new InboxFinding(
                    ReasonCode.InboxNotEmptied,
                    $"{path} was taken up (it is the image {taken.Image}) and cannot be deleted here: {taken.Why} It is not read again until it changes. Delete it, or give the site's user the right to.",
                    path,
                    taken.Since,
                    taken.Image));
                continue;
            }

            if (verdict is not InboxVerdict.Leave && file.Entry.Kind == FileKind.Regular && _queue.Became(file.Entry.Seen) is { } added
                && _ledger.View.Catalog.Images.GetValueOrDefault(added) is { Deleted: false })
            {
                // By hand, whatever was said against it here.
                Remove(file, added);
                _isRestless = true;
                continue;
            }

            switch (verdict)
            {
                case InboxVerdict.Take { Expected: var expected } when _refused.TryGetValue(file.Name, out var refused) && refused.Seen == file.Entry.Seen && refused.Expected == expected?.Sha256:
                    standing.Add(new InboxFinding(RefusedCode, refused.Refusal.InFull, path, refused.Since, refused.Refusal.Image));
                    break;
                case InboxVerdict.Take { Expected: var expected } when _writers.WhyNotYet(file, expected is not null, now) is { } wait:
                    _isRestless |= wait.IsShort;
                    waiting.Add(new InboxFinding(ReasonCode.Incomplete, wait.Reason, path, file.Since));
                    break;
                case InboxVerdict.Take { Expected: var expected }:
                    ready.Add((file, expected));
                    break;
                case InboxVerdict.Wait { Reason: null }:
                    _isRestless = true;
                    break;
                case InboxVerdict.Wait { Reason: { } reason, Since: var since }:
                    waiting.Add(new InboxFinding(ReasonCode.Incomplete, reason, path, since));
                    break;
                case InboxVerdict.PassOver { Reason: var reason }:
                    standing.Add(new InboxFinding(RefusedCode, reason, path, file.Since));
                    break;
            }
        }

        if (!_folder.IsWhole)
        {
            trouble ??= InboxFolder.Unlistable(_path, $"it has more than {InboxFolder.MaxEntries:N0} entries, and the others wait.", "Move away what is no image");
        }

        _found = new Findings(Standing(trouble, now), standing, waiting);
        return ready;
    }

    private InboxFinding? Standing(InboxTrouble? trouble, DateTimeOffset now) =>
        trouble is null ? null : new InboxFinding(trouble.Code, trouble.Reason, _path, _found.Trouble is { } before && before.Code == trouble.Code ? before.Since : now);

    /// <summary>What was known of files that are gone or others now; and deletes what could not be deleted before, if it can be by now.</summary>
    private void Forget(IReadOnlyList<InboxFile> files)
    {
        var lies = files.Where(f => f.Entry is { IsUtf8: true, Kind: FileKind.Regular }).ToDictionary(f => f.Name, f => f.Entry.Seen, StringComparer.Ordinal);
        foreach (var name in _refused.Keys.Where(n => !lies.TryGetValue(n, out var seen) || seen != _refused[n].Seen).ToList())
        {
            _refused.Remove(name);
        }

        _writers.Keep(lies);
        if (_folder.IsWhole)
        {
            _taken.Keep(_folder.Identity.Inode, lies);
        }
    }

    private async Task AddAsync(InboxFile file, ExpectedHash? expected, CancellationToken cancellationToken)
    {
        var (path, seen) = (Path.Combine(_path, file.Name), file.Entry.Seen);
        var request = new IngestRequest.FromFile(path, file.Name, "inbox")
        {
            Seen = seen,
            ExpectedSha256 = expected?.Sha256,
            ExpectedBy = expected?.By,
            Named = static name => $"{name}, by renaming it in the inbox",
        };
        switch (await _queue.RunAsync(request, cancellationToken))
        {
            case Outcome<CatalogImage>.Done { Value.Id: var image }:
                Remove(file, image);
                break;

            // A crash between the acknowledgement and the removal leaves the file here once more, under the name it has in the catalog.
            case Outcome<CatalogImage>.Refused { Refusal: { Code: RefusalCode.AlreadyInCatalog, Image: { } same } }
                when ImageFileName.TryDerive(request.Name, out var name, out _) && _ledger.View.Catalog.Images.GetValueOrDefault(same)?.Value.FileName == name:
                Remove(file, same);
                break;
            case Outcome<CatalogImage>.Refused { Refusal: { Code: RefusalCode.SourceChanged or RefusalCode.SourceMissing } }:
                _known[file.Name] = (seen, _time.GetUtcNow());
                break;
            case Outcome<CatalogImage>.Refused { Refusal: var refusal } when !cancellationToken.IsCancellationRequested:
                var inWords = refusal.Code == RefusalCode.AlreadyInCatalog ? refusal with { Message = $"{path}: {refusal.InFull} Delete the file, or move it away.", Remedy = null } : refusal;
                _refused[file.Name] = new RefusedFile(seen, expected?.Sha256, inWords, _time.GetUtcNow());
                break;
        }
    }

    /// <summary>With an image goes the list that says its hash alone, as far as that can be deleted.</summary>
    private void Remove(InboxFile file, ImageId image)
    {
        if (WhyNotDeleted(file) is { } why)
        {
            _taken.Add(new TakenFile(file.Name, file.Entry.Seen, _folder.Identity.Inode, image, _time.GetUtcNow(), why));
            _taken.Save();
            return;
        }

        if (File.Exists(Path.Combine(_path, file.Name)))
        {
            // It changed while it was read, and is another file's name now.
            return;
        }

        foreach (var list in _lists.Where(l => InboxName.IsChecksumOf(l.Name, file.Name) && l.List!.Lines is [{ Sha256: var only }] && only == image.Sha256))
        {
            _ = WhyNotDeleted(list);
        }
    }

    /// <summary>Deletes what lies in the inbox, if it still is what was seen.</summary>
    private string? WhyNotDeleted(InboxFile file)
    {
        var path = Path.Combine(_path, file.Name);
        try
        {
            if (FileIdentity.Of(path, default) == file.Entry.Seen)
            {
                DurableFile.Delete(path);
            }

            return null;
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return e.Message;
        }
    }

    /// <param name="Seen">The file.</param>
    /// <param name="Expected">What it should have been; with another one it is tried again.</param>
    private sealed record RefusedFile(Receipt Seen, Sha256Digest? Expected, Refusal Refusal, DateTimeOffset Since);

    /// <param name="Waiting">Drift once they have not moved for long.</param>
    private sealed record Findings(InboxFinding? Trouble, IReadOnlyList<InboxFinding> Standing, IReadOnlyList<InboxFinding> Waiting)
    {
        public IEnumerable<InboxFinding> At(DateTimeOffset now) =>
            (Trouble is null ? Standing : Standing.Prepend(Trouble)).Concat(Waiting.Where(w => now - w.Since >= InboxPlan.Patience));
    }
}
