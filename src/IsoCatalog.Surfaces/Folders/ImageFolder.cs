using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>
/// What every surface does whose clients see files in a folder: stage, show, take away, look, read back. Not a surface by itself: who owns it says when the
/// folder is the right one, and what else a client needs. Thread-safe, as <see cref="ISurface"/> asks for.
/// </summary>
internal sealed class ImageFolder : IDisposable
{
    private readonly string _surface;
    private readonly FolderLayout _folder;
    private readonly FolderStaging _staging;
    private readonly FolderObservation _observation;
    private readonly Func<OpenFolder?, CancellationToken, Task<SurfaceOutcome.Refused?>> _absence;

    // Receipts taken in this process. A part or a file from before a restart is never trusted by its looks.
    private readonly Dictionary<ImageId, (Receipt Receipt, string Part)> _staged = [];
    private readonly Dictionary<ImageId, Receipt> _published = [];

    // Parts that are being written or read back; everything else in the hidden folder is looked at and changed in turn.
    private readonly HashSet<string> _underWay = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <param name="surface">For messages.</param>
    /// <param name="folder">Where.</param>
    /// <param name="rules">How files come to be there.</param>
    /// <param name="absence">Asked before every step, one at a time, about the folder as it was opened for that step (null when it is not there): why it cannot be used now, or null.</param>
    /// <param name="logger">Tells what was moved aside.</param>
    public ImageFolder(
        string surface,
        FolderLayout folder,
        StagingRules rules,
        Func<OpenFolder?, CancellationToken, Task<SurfaceOutcome.Refused?>> absence,
        ILogger? logger)
    {
        _surface = surface;
        _folder = folder;
        _staging = new FolderStaging(rules, folder, logger);
        _observation = new FolderObservation(folder, _staging);
        _absence = absence;
    }

    public Task<SurfaceOutcome> CheckAsync(CancellationToken cancellationToken) => Do(
        "use",
        open =>
        {
            open.CreateHidden();
            open.Clean(_staged.Values.Select(staged => staged.Part).Concat(_underWay).ToHashSet(StringComparer.Ordinal));
            return new SurfaceOutcome.Done();
        },
        cancellationToken);

    public Task<SurfaceOutcome> StageAsync(StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var part = FolderLayout.PartName(image);
        return DoBeside(
            "stage in",
            open => Begin(open, image, part),
            open => _staging.Stage(open, image, bytesDone, cancellationToken),
            outcome =>
            {
                _underWay.Remove(part);
                if (outcome is SurfaceOutcome.Done { Evidence.FileReceipt: { } receipt })
                {
                    _staged[image.Id] = (receipt, part);
                }
            },
            cancellationToken);
    }

    public Task<SurfaceOutcome> AdvertiseAsync(StoredImage image, CancellationToken cancellationToken) =>
        Do("publish in", open => Advertise(open, image), cancellationToken);

    public Task<SurfaceOutcome> WithdrawAsync(StoredImage image, Evidence? published, CancellationToken cancellationToken) => Do(
        "withdraw from",
        open =>
        {
            var file = published?.FileReceipt;
            _staged.Remove(image.Id);
            _published.Remove(image.Id);
            DurableFile.Delete(open.PartOf(image));
            var note = open.OwnNote(image.FileName);
            var noted = note is not null && note.Image == image.Id;
            var noteHolds = note is not null && note.Is(open.StatOf(image));
            if (noteHolds ? noted : file is not null)
            {
                open.TakeAway(image, file);
            }

            if (noted)
            {
                open.DeleteOwnNote(image.FileName);
            }

            return new SurfaceOutcome.Done();
        },
        cancellationToken);

    public Task<SurfaceOutcome> ResumeAsync(StoredImage image, Evidence published, CancellationToken cancellationToken) => Do(
        "look into",
        open =>
        {
            if (Doubt(open, image, published, out var stat) is { } refusal)
            {
                return refusal;
            }

            if (open.OwnNote(image.FileName)?.Is(stat) != true)
            {
                open.WriteOwnNote(image, stat);
            }

            return new SurfaceOutcome.Done(_published[image.Id] = FileIdentity.From(stat, published.Root));
        },
        cancellationToken);

    public Task<SurfaceOutcome> VerifyAsync(
        StoredImage image, Evidence published, IProgress<long>? bytesDone, CancellationToken cancellationToken) => DoBeside(
        "read from",
        open => NotOurs(open, image, published),
        open => ReadInPlace(open, image, published, bytesDone, cancellationToken),
        outcome =>
        {
            if (outcome is SurfaceOutcome.Done { Evidence.FileReceipt: { } receipt })
            {
                _published[image.Id] = receipt;
            }
        },
        cancellationToken);

    public async Task<IReadOnlyList<SurfaceFinding>> ObserveAsync(
        IReadOnlyCollection<PublishedImage> expected, CancellationToken cancellationToken)
    {
        IReadOnlyList<SurfaceFinding> findings = [];
        var outcome = await Do(
            "look into",
            open =>
            {
                findings = _observation.Observe(open, expected, cancellationToken);
                return new SurfaceOutcome.Done();
            },
            cancellationToken);
        return outcome is SurfaceOutcome.Refused refused ? [new SurfaceFinding(null, refused.Code, refused.Reason)] : findings;
    }

    /// <summary>The image's file as this process published it, if it is still there and untouched; null otherwise.</summary>
    public Task<Receipt?> PublishedAsync(StoredImage image, CancellationToken cancellationToken) => SeeAsync<Receipt?>(
        open => _published.TryGetValue(image.Id, out var receipt) && Agrees(open.At(image), receipt, image, out _) ? receipt : null, null, cancellationToken);

    /// <summary>Something lies there that is this image's own, and nobody wrote to it, as far as size and mtime tell.</summary>
    public Task<bool> IsOursAsync(StoredImage image, Evidence? published, CancellationToken cancellationToken) => SeeAsync(
        open => open.StatOf(image) is var stat && ((published?.FileReceipt is { } receipt && FolderLayout.Agrees(stat, receipt, shared: true))
            || (open.OwnNote(image.FileName) is { } note && note.Image == image.Id && note.IsUntouched(stat))),
        false,
        cancellationToken);

    /// <summary>Withdrawn files that are kept; none when the folder is not there.</summary>
    public Task<IReadOnlyList<RetiredFile>> RetiredAsync(CancellationToken cancellationToken) => SeeAsync(open => open.Retired(), [], cancellationToken);

    public Task<SurfaceOutcome> DeleteRetiredAsync(RetiredFile file, CancellationToken cancellationToken) => Do(
        "clean up in",
        open =>
        {
            open.DeleteRetired(file);
            return new SurfaceOutcome.Done();
        },
        cancellationToken);

    public void Dispose() => _turn.Dispose();

    private async Task<T> SeeAsync<T>(Func<OpenFolder, T> look, T otherwise, CancellationToken cancellationToken)
    {
        var seen = otherwise;
        await Do(
            "look into",
            open =>
            {
                seen = look(open);
                return new SurfaceOutcome.Done();
            },
            cancellationToken);
        return seen;
    }

    /// <returns>Done when the part is there and was read back already; null when it is to be made.</returns>
    private SurfaceOutcome? Begin(OpenFolder open, StoredImage image, string part)
    {
        if (_staged.Remove(image.Id, out var staged) && Agrees(open.PartOf(image), staged.Receipt, image, out _))
        {
            _staged[image.Id] = staged;
            return new SurfaceOutcome.Done(staged.Receipt);
        }

        _published.Remove(image.Id);
        DurableFile.Delete(open.PartOf(image));
        TakeBack(open, image);
        _underWay.Add(part);
        return null;
    }

    private SurfaceOutcome Advertise(OpenFolder open, StoredImage image)
    {
        var name = _folder.NameOf(image);
        if (!_staged.TryGetValue(image.Id, out var staged))
        {
            return _published.TryGetValue(image.Id, out var published) && Agrees(open.At(image), published, image, out _)
                ? new SurfaceOutcome.Done(published)
                : published != default ? new SurfaceOutcome.Refused(ReasonCode.FileChanged, $"{name} was touched after it was read back.", Retryable: true)
                : new SurfaceOutcome.Refused(
                    ReasonCode.NotYetPublished, $"{image.FileName} has not been read back on {_surface} since the start; it is staged first.", Retryable: true);
        }

        if (!Agrees(open.PartOf(image), staged.Receipt, image, out var partStat))
        {
            _staged.Remove(image.Id);
            DurableFile.Delete(open.PartOf(image));
            return new SurfaceOutcome.Refused(ReasonCode.FileChanged, $"{_folder.PartOf(image)} changed after it was read back; it was deleted.", Retryable: true);
        }

        if (_staging.IsShared(partStat.Inode, image) && FileStat.Of(image.StorePath).Inode != partStat.Inode)
        {
            return new SurfaceOutcome.Refused(
                ReasonCode.StoreDamaged, $"The store's file {image.StorePath} is not the one that was read back.", Retryable: true);
        }

        return MakeVisible(open, image, name, partStat) ?? Confirm(open, image, name, staged.Receipt);
    }

    private static SurfaceOutcome.Refused? MakeVisible(OpenFolder open, StoredImage image, string name, in FileStat partStat)
    {
        var there = open.StatOf(image);
        var same = (there.Kind, there.Device, there.Inode) == (FileKind.Regular, partStat.Device, partStat.Inode);
        if (!same && there.Kind != FileKind.Missing)
        {
            if (open.OwnNote(image.FileName) is not { } note || note.Image != image.Id || !note.Is(there))
            {
                return Foreign(name);
            }

            open.TakeAway(image, null);
        }

        open.WriteOwnNote(image, partStat);
        if (same)
        {
            DurableFile.Delete(open.PartOf(image));
        }
        else if (!DurableFile.RenameNoReplace(open.PartOf(image), open.At(image)))
        {
            open.DeleteOwnNote(image.FileName);
            return Foreign(name);
        }

        return null;
    }

    private SurfaceOutcome Confirm(OpenFolder open, StoredImage image, string name, Receipt staged)
    {
        _staged.Remove(image.Id);
        var stat = open.StatOf(image);

        // The rename itself moves ctime, so it is left out here; from now on it counts.
        if (!FolderLayout.Agrees(stat, staged, shared: true))
        {
            open.TakeAway(image, null);
            return new SurfaceOutcome.Refused(ReasonCode.FileChanged, $"{name} changed in the moment it was published; it was taken away.", Retryable: true);
        }

        return new SurfaceOutcome.Done(_published[image.Id] = FileIdentity.From(stat, image.Root));
    }

    /// <summary>A file of ours that is visible although nobody asked for it (a crash after the rename) goes back out of sight and is read again
    /// instead of copied again.</summary>
    private static void TakeBack(OpenFolder open, StoredImage image)
    {
        var note = open.OwnNote(image.FileName);
        if (note is not null && note.Image == image.Id && note.IsUntouched(open.StatOf(image)))
        {
            DurableFile.RenameNoReplace(open.At(image), open.PartOf(image));
        }
    }

    /// <summary>What need not be read: what lies there is another file than the published one, or has another size.</summary>
    private SurfaceOutcome.Refused? NotOurs(OpenFolder open, StoredImage image, Evidence published)
    {
        var name = _folder.NameOf(image);
        var stat = open.StatOf(image);
        return stat.Kind == FileKind.Missing ? new(ReasonCode.FileMissing, $"{name} is missing.", Retryable: false)
            : stat.Kind != FileKind.Regular || stat.Inode != FileIdentity.In(published).Inode || open.OwnNote(image.FileName)?.IsAnother(stat) == true
                ? new(ReasonCode.FileMissing, $"{name} is missing; something else lies in its place.", Retryable: false)
            : stat.Size != image.Size ? new(ReasonCode.HashMismatch, $"{name} has {stat.Size:N0} bytes instead of {image.Size:N0}.", Retryable: false)
            : null;
    }

    private SurfaceOutcome ReadInPlace(OpenFolder open, StoredImage image, Evidence published, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var name = _folder.NameOf(image);
        _staging.MendMode(open.At(image), image);
        var (before, after) = ReadBack.Of(open.At(image), bytesDone, cancellationToken);
        var stat = open.StatOf(image);
        if (!(IsSame(before, after) && stat.Kind == FileKind.Regular && IsSame(after, FileIdentity.From(stat, after.Root))))
        {
            return new SurfaceOutcome.Refused(ReasonCode.FileChanged, $"{name} changed while it was read. It is read again until it comes to rest.", Retryable: true);
        }

        return after.Root == image.Root
            ? new SurfaceOutcome.Done(FileIdentity.From(stat, image.Root))
            : new SurfaceOutcome.Refused(
                ReasonCode.HashMismatch,
                $"{name} does not match its hash any more{(IsSame(before, FileIdentity.In(published) with { Root = before.Root }) ? ", though nobody changed it: check that disk." : ".")}",
                Retryable: false);

        // Other links move the ctime of an inode that is shared with the store.
        bool IsSame(Receipt one, Receipt other) =>
            _staging.IsShared(one.Inode, image) ? FileIdentity.SameContent(one with { Device = other.Device }, other) : one with { Device = other.Device } == other;
    }

    private SurfaceOutcome.Refused? Doubt(OpenFolder open, StoredImage image, Evidence published, out FileStat stat)
    {
        var name = _folder.NameOf(image);
        return Agrees(open.At(image), FileIdentity.In(published), image, out stat) ? null
            : stat.Kind == FileKind.Missing
                ? new(ReasonCode.FileMissing, $"{name} is missing.", Retryable: false)
                : new(ReasonCode.FileChanged, $"{name} is not as it was when its hash was verified.", Retryable: false);
    }

    private bool Agrees(string path, Receipt receipt, StoredImage image, out FileStat stat) =>
        FolderLayout.Agrees(stat = FileStat.Of(path), receipt, _staging.IsShared(stat.Inode, image));

    private static SurfaceOutcome.Refused Foreign(string name) => new(
        ReasonCode.ForeignFile,
        $"{name} is there already and is not ours. It is left alone; move it away, and the image will be published.",
        Retryable: true);

    private Task<SurfaceOutcome> Do(string doing, Func<OpenFolder, SurfaceOutcome> work, CancellationToken cancellationToken) => Guarded(
        doing,
        async () =>
        {
            var (open, outcome) = await BeginAsync(work, cancellationToken);
            open?.Dispose();
            return outcome!;
        },
        cancellationToken);

    /// <summary>For what takes long: <paramref name="begin"/> (which may already have the answer) and <paramref name="end"/> run in turn with all other
    /// calls, <paramref name="work"/> beside them. <paramref name="end"/> always runs once work began; null stands for an exception.</summary>
    private Task<SurfaceOutcome> DoBeside(
        string doing, Func<OpenFolder, SurfaceOutcome?> begin, Func<OpenFolder, SurfaceOutcome> work, Action<SurfaceOutcome?> end, CancellationToken cancellationToken) => Guarded(
        doing,
        async () =>
        {
            var (open, early) = await BeginAsync(begin, cancellationToken);
            using var held = open;
            if (early is not null)
            {
                return early;
            }

            SurfaceOutcome? outcome = null;
            try
            {
                return outcome = work(open!);
            }
            finally
            {
                await _turn.WaitAsync(CancellationToken.None);
                end(outcome);
                _turn.Release();
            }
        },
        cancellationToken);

    /// <returns>What the work came to, and the folder as it was opened for it, which the caller disposes. It is opened in turn: one that waited would go on in a
    /// folder that was replaced meanwhile.</returns>
    private async Task<(OpenFolder? Open, SurfaceOutcome? Outcome)> BeginAsync(Func<OpenFolder, SurfaceOutcome?> work, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        OpenFolder? open = null;
        try
        {
            open = _folder.Open();
            return (open, await _absence(open, cancellationToken) is { } absent ? absent
                : work(open ?? throw new DirectoryNotFoundException($"{_folder.Path} is missing.")));
        }
        catch
        {
            open?.Dispose();
            throw;
        }
        finally
        {
            _turn.Release();
        }
    }

    private Task<SurfaceOutcome> Guarded(string doing, Func<Task<SurfaceOutcome>> work, CancellationToken cancellationToken) => Task.Run(
        async () =>
        {
            try
            {
                return await work();
            }
            catch (Exception exception) when (DiskFault.IsOutside(exception))
            {
                return Refusal(doing, exception);
            }
        },
        cancellationToken);

    private SurfaceOutcome.Refused Refusal(string doing, Exception exception)
    {
        var code = DiskFault.IsFull(exception) ? ReasonCode.NoSpace
            : DiskFault.IsReadOnly(exception) ? ReasonCode.SurfaceReadOnly
            : DiskFault.IsUnreachable(exception) ? ReasonCode.SurfaceUnreachable
            : exception is StrangeFolderException ? ReasonCode.ForeignFile
            : doing is "read from" or "look into" ? ReasonCode.ReadError
            : ReasonCode.WriteError;
        return new(code, $"Cannot {doing} {_folder.Path}: {exception.Message}", Retryable: code != ReasonCode.ReadError || DiskFault.SaysNothing(exception));
    }
}
