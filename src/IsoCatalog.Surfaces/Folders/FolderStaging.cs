using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Folders;

/// <summary>Brings one image's bytes into the hidden folder, by the cheapest way that is safe there, and reads all of them back.</summary>
internal sealed class FolderStaging(StagingRules rules, FolderLayout folder, ILogger? logger)
{
    private const int CopyBlock = 1 << 20;
    private int _ownerTold;

    /// <returns><see cref="SurfaceOutcome.Done"/> with the receipt of the part. After anything else, also an exception, no part is left.</returns>
    public SurfaceOutcome Stage(OpenFolder open, StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var part = open.PartOf(image);
        var kept = false;
        try
        {
            SurfaceOutcome outcome = StoreRefusal(image) is { } doubt ? doubt : Fill(open, part, image, bytesDone, cancellationToken);
            kept = outcome is SurfaceOutcome.Done;
            return outcome;
        }
        catch (Exception exception) when (DiskFault.IsFull(exception))
        {
            // First give back what was written, so that the figure is right.
            DurableFile.Delete(part);
            return NoSpace(image, FreeSpace.Of(folder.Path).AvailableBytes);
        }
        finally
        {
            if (!kept)
            {
                DurableFile.Delete(part);
            }
        }
    }

    /// <summary>Whether the part, or the published file, is the store's own inode.</summary>
    public bool IsShared(ulong inode, StoredImage image) => rules.Links && inode == image.StoreReceipt.Inode;

    /// <summary>Gives a published copy the mode again that it was given; one that belongs to somebody else keeps its own.</summary>
    public void MendMode(string name, StoredImage image)
    {
        var stat = FileStat.Of(name);
        if (stat.Mode == rules.Mode || IsShared(stat.Inode, image))
        {
            return;
        }

        try
        {
            using var file = DurableFile.OpenRead(name);
            DurableFile.SetMode(file, rules.Mode);
        }
        catch (Exception e) when (DiskFault.MayNot(e))
        {
            // What it may be then is for the reading to say.
        }
    }

    private static SurfaceOutcome.Refused? StoreRefusal(StoredImage image) =>
        FileIdentity.Of(image.StorePath, image.Root, out var kind) is { } store
            ? FileIdentity.SameContent(store, image.StoreReceipt)
                ? null
                : new(ReasonCode.StoreDamaged, $"The store's file {image.StorePath} changed since it was verified; it is not published.", Retryable: false)
            : new(ReasonCode.StoreMissing, $"The store's file {image.StorePath} is {(kind == FileKind.Missing ? "missing" : "not a regular file")}.", Retryable: false);

    private SurfaceOutcome Fill(OpenFolder open, string part, StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var copied = false;
        if (FileStat.Of(part) is { Kind: not FileKind.Missing } left && !IsByUs(open, left, image))
        {
            DurableFile.Delete(part);
        }

        if (FileIdentity.KindOf(part) == FileKind.Missing)
        {
            if (!(rules.Links && DurableFile.TryHardLink(image.StorePath, part)))
            {
                using var source = DurableFile.OpenRead(image.StorePath);
                using var target = DurableFile.CreateNew(part);
                copied = !DurableFile.TryClone(source, target);
                if (copied && Copy(source, target, image, bytesDone, cancellationToken) is { } refusal)
                {
                    return refusal;
                }

                File.SetLastWriteTimeUtc(target, image.ModifiedAt.UtcDateTime);
                SetOwner(target);
                DurableFile.SetMode(target, rules.Mode);
                DurableFile.Sync(target);
                PageCache.Drop(target);
            }

            open.SyncHidden();
        }

        return Judge(part, image, copied, bytesDone, cancellationToken);
    }

    /// <summary>What is read again instead of being copied again must be a file that we made: whoever owns it could write to it at any time.</summary>
    private bool IsByUs(OpenFolder open, in FileStat part, StoredImage image) =>
        part.Kind == FileKind.Regular
        && (IsShared(part.Inode, image) || (part.Links == 1 && (open.MapsOwners || part.User == Libc.EffectiveUser() || part.User == rules.Owner?.User)));

    /// <summary>Who is not root may not give files away; that matters only where the mode lets nobody else read.</summary>
    private void SetOwner(SafeFileHandle target)
    {
        if (rules.Owner is { } owner && !DurableFile.TrySetOwner(target, owner.User, owner.Group)
            && logger is not null && Interlocked.Exchange(ref _ownerTold, 1) == 0)
        {
            Log.OwnerKept(
                logger,
                $"Files in {folder.Path} keep the owner of this process: it may not give them to {owner.User}:{owner.Group}. Their mode lets everybody "
                + "read them, so that does no harm; run as that user, or with CAP_CHOWN, to have it otherwise.");
        }
    }

    private SurfaceOutcome.Refused? Copy(
        SafeFileHandle source, SafeFileHandle target, StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var available = FreeSpace.Of(folder.Path).AvailableBytes;
        if (available - rules.Reserve < image.Size)
        {
            return NoSpace(image, available);
        }

        var buffer = GC.AllocateUninitializedArray<byte>(CopyBlock);
        for (var done = 0L; done < image.Size;)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var count = RandomAccess.Read(source, buffer.AsSpan(0, (int)Math.Min(CopyBlock, image.Size - done)), done);
            if (count == 0)
            {
                break;
            }

            RandomAccess.Write(target, buffer.AsSpan(0, count), done);
            PageCache.BeginWriteBack(target, done, count);
            done += count;
            bytesDone?.Report(done / 2);
        }

        return null;
    }

    private SurfaceOutcome.Refused NoSpace(StoredImage image, long available) => new(
        ReasonCode.NoSpace,
        $"{folder.Path} has {available:N0} bytes free and {image.FileName} needs {image.Size:N0}: "
        + (available - rules.Reserve < image.Size
            ? $"{image.Size + rules.Reserve - available:N0} are missing{(rules.Reserve > 0 ? $", with the {rules.Reserve:N0} that are left free" : "")}. "
            : "a quota, or somebody else's files, stood in the way. ")
        + "Make room there or remove images.",
        Retryable: true);

    private SurfaceOutcome Judge(string part, StoredImage image, bool copied, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var read = ReadBack.Of(part, copied ? new SecondHalf(bytesDone, image.Size) : bytesDone, cancellationToken);
        var shared = IsShared(read.After.Inode, image);
        if (shared ? !FileIdentity.SameContent(read.Before, read.After) : read.Before != read.After)
        {
            return new SurfaceOutcome.Refused(ReasonCode.FileChanged, $"{folder.PartOf(image)} changed while it was read back: something else writes there.", Retryable: true);
        }

        if (read.After.Root == image.Root && read.After.Size == image.Size)
        {
            return new SurfaceOutcome.Done(read.After);
        }

        // Which of the two is wrong decides what is to be repaired.
        return shared || ReadBack.Of(image.StorePath, null, cancellationToken).After.Root != image.Root
            ? new SurfaceOutcome.Refused(
                ReasonCode.StoreDamaged, $"The store's file {image.StorePath} no longer has the bytes that were verified.", Retryable: false)
            : new SurfaceOutcome.Refused(
                ReasonCode.HashMismatch,
                $"{image.FileName}, written to {folder.Path} and read back, does not match its hash. The copy was deleted; check that disk.",
                Retryable: true);
    }

    /// <summary>A copy is read back after it was written: both count half.</summary>
    private sealed class SecondHalf(IProgress<long>? whole, long size) : IProgress<long>
    {
        public void Report(long value) => whole?.Report((size / 2) + (value / 2));
    }
}

/// <summary>How files come to be in a folder.</summary>
/// <param name="Mode">Of a copy.</param>
/// <param name="Links">Nobody else can write there: a file may be a hard link to the store's own inode.</param>
/// <param name="Owner">Numbers of the user and group that a copy is given to, where this process may; null leaves its own.</param>
/// <param name="Reserve">Bytes that a copy leaves free.</param>
internal sealed record StagingRules(UnixFileMode Mode, bool Links = false, (uint User, uint Group)? Owner = null, long Reserve = 0);
