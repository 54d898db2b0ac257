using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Store;

/// <summary>The site's own copies: one file for each image, named by its root, 0444, with an inode of its own. Does files only; what may be done is the
/// ledger's to say.</summary>
/// <param name="folders">Where.</param>
/// <param name="owned">What says that the data folder is this process's own; null: it is, whatever happens to it.</param>
internal sealed class ImageStore(SiteFolders folders, FolderLock? owned = null)
{
    public const UnixFileMode ReadOnlyForAll = (UnixFileMode)0b100_100_100;

    private const int MostReads = 5;

    public SiteFolders Folders => folders;

    /// <summary>Why the data folder cannot be used now; null when it can. What is not there while it is away is not lost, and nothing is written in its place.</summary>
    public SurfaceOutcome.Refused? Absence() => owned is null || owned.IsInPlace
        ? null
        : new(
            ReasonCode.DataMissing,
            $"{folders.Data} is not the data folder that this site was started on: is its file system mounted? Nothing is offered, and nothing is written there. Mount it "
            + "again; if it was replaced by another one, restart the site.",
            Retryable: true);

    /// <summary>What surfaces are given; null while there is no trusted copy.</summary>
    public StoredImage? Stored(SiteView view, ImageId id) =>
        view.Catalog.Images.GetValueOrDefault(id) is { } image && view.FileOf(image) is StoreFile.Present present
            ? Stored(image, present.Receipt)
            : null;

    public StoredImage Stored(CatalogImage image, Receipt receipt) => new(
        image.Id, image.Value.Root, image.Value.Size, image.FileName, folders.StoreFile(image.Value.Root), receipt, image.Value.AddedAt);

    /// <summary>
    /// Gives the file of an add its place, and its metainfo. Until <see cref="Placed"/> there is a note in staging, by which a start knows that nobody was told of it.
    /// </summary>
    /// <exception cref="IOException">To be taken back.</exception>
    public Receipt Place(string staging, Receipt verified, ReadOnlySpan<byte> metainfo)
    {
        DurableFile.CreateNew(NoteOf(staging, verified.Root)).Dispose();
        DurableFile.SyncFolder(folders.Staging);
        DurableFile.WriteAtomically(folders.MetainfoFile(verified.Root), metainfo, ReadOnlyForAll);
        return Promote(staging, verified);
    }

    /// <summary>The add was signed, or there is nothing to be taken back.</summary>
    public static void Placed(string staging, Sha256Digest root)
    {
        try
        {
            File.Delete(NoteOf(staging, root));
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            // The next start finds that it was signed.
        }
    }

    /// <summary>Takes the file of an add out of the store again. Its metainfo stays with whoever else is said to be these bytes.</summary>
    public void TakeBack(SiteView view, string staging, Sha256Digest root)
    {
        try
        {
            TakeOut(view, root);
            File.Delete(NoteOf(staging, root));
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            // An orphan, which is drift until the next start takes it away: the note is still there.
        }
    }

    /// <summary>Gives a verified staging file its place. An older file there, which the ledger does not vouch for, makes way.</summary>
    /// <exception cref="IOException">The staging file is still where it was, or it is in its place already and that is not durable.</exception>
    public Receipt Promote(string staging, Receipt verified)
    {
        var path = folders.StoreFile(verified.Root);
        MakeWay(path);
        DurableFile.Rename(staging, path);
        return Unmoved(path, verified);
    }

    /// <summary>Is the file what the receipt says? Null: yes. Otherwise the reason. The device number may change with a boot or a mount, so it is not
    /// compared.</summary>
    public static string? Doubt(string path, Receipt receipt)
    {
        var now = FileIdentity.Of(path, receipt.Root, out var kind);
        return now is { } same && same with { Device = receipt.Device } == receipt ? null
            : kind == FileKind.Missing ? $"{path} is gone."
            : now is null ? $"{path} is no file any more ({kind})."
            : now.Value.Inode != receipt.Inode ? $"{path} was replaced by another file."
            : now.Value.Size != receipt.Size ? $"{path} has {now.Value.Size} bytes instead of {receipt.Size}."
            : now.Value.ModifiedNs != receipt.ModifiedNs ? $"{path} was written to."
            : $"{path} was touched (owner, mode, links or times).";
    }

    /// <summary>Reads the whole file back past the page cache; again if only its ctime moved meanwhile, as a link or chmod does. Only of what stood still can be
    /// said that it is right or wrong.</summary>
    /// <returns>The receipt if the bytes have the root, else why not.</returns>
    public static StoreRead Read(string path, Sha256Digest root, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        try
        {
            for (var reads = 1; ; reads++)
            {
                var (before, after) = ReadBack.Of(path, bytesDone, cancellationToken);
                if (before == after)
                {
                    return before.Root == root
                        ? new StoreRead.Right(before)
                        : new StoreRead.Wrong($"the bytes of {path} hash to {before.Root} instead of {root}");
                }

                if (!FileIdentity.SameContent(before, after) || reads == MostReads)
                {
                    return new StoreRead.Undecided($"{path} changed while it was read");
                }
            }
        }
        catch (FileNotFoundException)
        {
            return new StoreRead.Gone($"{path} is gone");
        }
        catch (DirectoryNotFoundException)
        {
            return new StoreRead.Gone($"{path} is gone");
        }
        catch (Exception e) when (DiskFault.SaysNothing(e))
        {
            return new StoreRead.Undecided($"{path} cannot be read now: {e.Message}");
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return new StoreRead.Wrong($"{path} cannot be read: {e.Message}");
        }
    }

    public Receipt Retire(CatalogImage image, Receipt receipt)
    {
        var (source, target) = (folders.StoreFile(image.Value.Root), folders.RetiredFile(image.Value.Root));
        try
        {
            DurableFile.Rename(source, target);
        }
        catch (IOException) when (FileIdentity.KindOf(source) == FileKind.Missing && FileIdentity.KindOf(target) == FileKind.Regular)
        {
            // It is there, and only not surely so after a power cut: then it is looked for in either place.
        }

        return Unmoved(target, receipt);
    }

    public Receipt Return(CatalogImage image, Receipt receipt)
    {
        var target = folders.StoreFile(image.Value.Root);
        MakeWay(target);
        DurableFile.Rename(folders.RetiredFile(image.Value.Root), target);
        return Unmoved(target, receipt);
    }

    /// <summary>The newest damaged copy: most of it may be right. Whoever put a link or a folder in the place of the file left none.</summary>
    public string? LastSetAside(CatalogImage image) =>
        Directory.EnumerateFiles(folders.Quarantine, image.Id.Sha256.ToString()[..16] + "-*")
            .Where(f => FileIdentity.KindOf(f) == FileKind.Regular).Max(StringComparer.Ordinal);

    /// <param name="image">Whose bytes they are, or were meant to be.</param>
    public string? SetAside(Sha256Digest root, ImageId image, DateTimeOffset now)
    {
        var path = folders.StoreFile(root);
        if (FileIdentity.KindOf(path) == FileKind.Missing)
        {
            return null;
        }

        var target = folders.QuarantineFile(image, now);
        DurableFile.Rename(path, target);
        return target;
    }

    /// <summary>At the start nothing is being added, so whatever lies in staging, or beside its target under a temporary name, was cut off; and so was what a note
    /// tells of, unless it was signed.</summary>
    public void CleanStaging(SiteView view, ILogger log)
    {
        foreach (var note in Directory.GetFiles(folders.Staging, "add-*.*"))
        {
            if (Sha256Digest.TryParse(note[(note.LastIndexOf('.') + 1)..], out var root)
                && view.Store.GetValueOrDefault(root) is not (StoreFile.Present or StoreFile.Doubted) && !view.ImagesOf(root).Any(i => !i.Deleted))
            {
                TakeOut(view, root);
            }
        }

        string[] left =
        [
            .. Directory.GetFiles(folders.Staging),
            .. new[] { folders.Store, folders.Catalog, folders.Keys }.SelectMany(f => OwnTree.Files(f, ".*.tmp")),
        ];
        foreach (var file in left)
        {
            File.Delete(file);
        }

        if (left.Length > 0)
        {
            Log.StagingCleaned(log, left.Length);
        }
    }

    private void TakeOut(SiteView view, Sha256Digest root)
    {
        DurableFile.Delete(folders.StoreFile(root));
        if (!view.Catalog.IsNamed(root))
        {
            DurableFile.Delete(folders.MetainfoFile(root));
        }
    }

    private static string NoteOf(string staging, Sha256Digest root) => $"{staging}.{root}";

    /// <summary>A file replaces a file or a link, but not a folder that somebody put there.</summary>
    private void MakeWay(string path)
    {
        if (FileIdentity.KindOf(path) == FileKind.Folder)
        {
            DurableFile.Rename(path, Path.Combine(folders.Quarantine, $"{Path.GetFileName(path)}-{Guid.CreateVersion7():N}"));
        }
    }

    /// <summary>Files that no entry and no add in progress accounts for.</summary>
    public IEnumerable<string> Orphans(SiteView view) =>
        StillOrphans(view, OwnTree.Files(folders.Store));

    /// <summary>Those of the files that no entry accounts for by now.</summary>
    public static IEnumerable<string> StillOrphans(SiteView view, IEnumerable<string> files)
    {
        var known = view.Catalog.Images.Values.Select(i => i.Value.Root.ToString()).ToHashSet(StringComparer.Ordinal);
        return files.Where(f => !known.Contains(Path.GetFileName(f).Replace(".torrent", "", StringComparison.Ordinal)));
    }

    /// <summary>A rename changes ctime and nothing else; anything more is somebody else's doing, and the old receipt then says so.</summary>
    private static Receipt Unmoved(string path, Receipt verified)
    {
        var moved = FileIdentity.Of(path, verified.Root);
        return moved is { } now && FileIdentity.SameContent(now, verified) ? now : verified;
    }
}

internal abstract record StoreRead
{
    private StoreRead()
    {
    }

    public sealed record Right(Receipt Receipt) : StoreRead;

    /// <summary>It stood still, and its bytes are others, or the disk does not give them.</summary>
    public sealed record Wrong(string Reason) : StoreRead;

    /// <summary>Nothing is known of its bytes: it changed while it was read, or this process may not read it. To be read again.</summary>
    public sealed record Undecided(string Reason) : StoreRead;

    public sealed record Gone(string Reason) : StoreRead;
}
