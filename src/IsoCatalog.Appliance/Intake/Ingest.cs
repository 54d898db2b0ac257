using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Images;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Swarm.Metainfo;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Appliance.Intake;

/// <summary>
/// The way of a file into the catalog: one read copies and hashes it, the copy is read back past the page cache, and only then is it the site's own and
/// signed. Whatever goes wrong, the source is as it was and nothing of the copy is left.
/// </summary>
internal sealed class Ingest(
    SiteFolders folders, ImageStore store, SiteLedger ledger, CatalogBook catalog, DiskRoom room, TimeProvider time, IngestMetrics metrics, OsinfoDatabase osinfo, Task maySign, ILogger<Ingest> log)
{
    private const int BlockSize = 2 << 20;

    /// <param name="place">Among those that copy, read and hash. What comes from elsewhere needs none before it is here.</param>
    public async Task<Outcome<CatalogImage>> AddAsync(
        IngestRequest request, IngestProgress progress, IngestPlace place, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var staging = folders.NewStagingFile();
        Outcome<CatalogImage> outcome;
        try
        {
            outcome = await AddAsync(request, staging, progress, place, cancellationToken);
        }
        catch (Exception e) when (DiskFault.IsFull(e))
        {
            outcome = new Refusal(
                RefusalCode.NoSpace,
                $"The disk of {folders.Staging} is full; {request.Label} needs {Bytes(request.Length ?? 0)}. Free some room, then add it again. "
                + "Nothing of it was kept.");
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            outcome = new Refusal(
                RefusalCode.WriteError, $"{request.Label} could not be written to {folders.Staging}: {e.Message} Nothing of it was kept.");
        }
        finally
        {
            DurableFile.Delete(staging);
        }

        switch (outcome)
        {
            case Outcome<CatalogImage>.Done { Value: var image }:
                metrics.Added(image.Value.Size, time.GetElapsedTime(started));
                Log.Added(log, image.FileName, image.Id, image.Value.Size, time.GetElapsedTime(started).TotalSeconds);
                break;
            case Outcome<CatalogImage>.Refused { Refusal: var refusal }:
                metrics.NotAdded(refusal.Code);
                Log.NotAdded(log, request.Label, refusal.Code, refusal.InFull);
                break;
        }

        return outcome;
    }

    private async Task<Outcome<CatalogImage>> AddAsync(
        IngestRequest request, string staging, IngestProgress progress, IngestPlace place, CancellationToken cancellationToken)
    {
        if (!ImageFileName.TryDerive(request.Name, out var fileName, out var problem))
        {
            return new Refusal(
                RefusalCode.NameInvalid,
                InboxName.Instead(request.Name) is { } instead
                    ? $"{request.Label} is no image by its name: {instead}. If it is one all the same, give it an image's name, such as {request.Named(InboxName.ImageOf(request.Name) is null ? "NAME.iso" : fileName)}."
                    : $"{request.Label}: {problem}. Names are letters, digits and . _ + - and end with .iso; give it one, such as {request.Named(fileName)}.");
        }

        if (request is IngestRequest.FromFile)
        {
            await place.TakeAsync(cancellationToken);
        }

        await ledger.AskClocksAsync(cancellationToken);
        if (ledger.Clock.Doubt is { } doubt)
        {
            return new Refusal(RefusalCode.ClockImplausible, doubt);
        }

        progress.Begin("copying", request.Length ?? 0);
        ImageDigests digests;
        var firstHole = long.MaxValue;
        using (var target = DurableFile.CreateNew(staging))
        {
            var copied = request switch
            {
                IngestRequest.FromFile file => CopyFile(file, target, staging, progress, out firstHole, cancellationToken),
                IngestRequest.FromStream stream => await CopyStreamAsync(stream, target, staging, progress, place, cancellationToken),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
            if (copied is Outcome<ImageDigests>.Refused refused)
            {
                return refused.Refusal;
            }

            digests = ((Outcome<ImageDigests>.Done)copied).Value;
            File.SetUnixFileMode(target, ImageStore.ReadOnlyForAll);
            DurableFile.Sync(target);
        }

        var id = new ImageId(digests.Sha256);
        if (request.ExpectedSha256 is { } expected && expected != digests.Sha256)
        {
            return new Refusal(
                RefusalCode.Sha256Mismatch,
                $"{request.Label} has the SHA-256 {digests.Sha256}, not the expected {expected}{(request.ExpectedBy is { } by ? $" ({by})" : "")}. "
                + "Fetch it again from its publisher, or correct the expected value.");
        }

        var hashBy = HashBy(request, id);
        if (Inspect(staging, request.Label, vouched: hashBy is not null) is var inspected && inspected is Outcome<IsoInspection.Recognized>.Refused notIso)
        {
            return notIso.Refusal;
        }

        var recognized = ((Outcome<IsoInspection.Recognized>.Done)inspected).Value;

        if (CatalogRules.MayAdd(ledger.View, id, fileName, request.Replace, request.Named) is { } taken)
        {
            return taken;
        }

        progress.Begin("reading back", digests.Size);
        if (ImageStore.Read(staging, digests.Root, progress, cancellationToken) is not StoreRead.Right right)
        {
            return new Refusal(
                RefusalCode.ReadError,
                $"{request.Label} was copied, but the disk of {folders.Staging} gives back other bytes than were written. "
                + "Look at the disk (dmesg, smartctl) before you add it again. Nothing of it was kept.");
        }

        var description = new AddedDescription(request.Title, request.Kind, osinfo.Recognize(recognized.Metadata, fileName));
        progress.Begin("signing", digests.Size);
        progress.Report(digests.Size);
        var metainfo = ImageMetainfo.Build(digests);
        var value = new ImageValue
        {
            Size = digests.Size,
            Sha256 = digests.Sha256,
            Root = digests.Root,
            PieceLength = digests.PieceLength,
            InfoV1 = metainfo.InfoV1,
            InfoV2 = metainfo.InfoV2,
            FileName = fileName,
            AddedAt = time.GetUtcNow(),
            Iso = Facts(recognized, request.ExpectedSha256 is null ? firstHole : long.MaxValue),
        };
        value = recognized.Faults > 0 ? value.WithFaults(recognized.Faults, hashBy!) : value;
        await maySign.WaitAsync(cancellationToken);

        // Copying may have taken an hour.
        await ledger.AskClocksAsync(cancellationToken);
        var outcome = catalog.Put(
            value, description, request.Replace, () => store.Place(staging, right.Receipt, metainfo.TorrentFile), () => store.TakeBack(ledger.View, staging, digests.Root), request.By);
        if (outcome is Outcome<CatalogImage>.Done)
        {
            ImageStore.Placed(staging, digests.Root);
        }

        return outcome;
    }

    private Outcome<ImageDigests> CopyFile(
        IngestRequest.FromFile request, SafeFileHandle target, string staging, IngestProgress progress, out long firstHole, CancellationToken cancellationToken)
    {
        firstHole = long.MaxValue;
        SafeFileHandle source;
        try
        {
            if (request.NotAFile(FileIdentity.KindOf(request.Path)) is { } other)
            {
                return other;
            }

            source = DurableFile.OpenRead(request.Path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return request.ForbiddenToLookUp() ?? new Refusal(RefusalCode.SourceMissing, $"{request.Path} is not there. Check the path; it is looked up on the appliance's machine.");
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return request.ForbiddenToLookUp() ?? new Refusal(
                RefusalCode.SourceUnreadable,
                IsLink(request.Path)
                    ? $"{request.Path} is a link, and a site follows none. Name the file that it leads to, if there is one."
                    : $"{request.Path} cannot be opened: {e.Message} Make it readable for the user that runs the site.");
        }

        using (source)
        {
            if (request.Forbidden(source) is { } forbidden)
            {
                return forbidden;
            }

            if (request.NotAFile(FileIdentity.KindOf(source)) is { } replaced)
            {
                return replaced;
            }

            var before = FileIdentity.Of(source, default);
            if (request.Seen is { } seen && before != seen)
            {
                return new Refusal(RefusalCode.SourceChanged, $"{request.Path} changed, or was replaced, before it was read.");
            }

            firstHole = SparseFile.FirstHole(source, before.Size) is var hole && hole < before.Size ? hole : long.MaxValue;
            var (claim, shortage) = room.TryClaim(staging, before.Size);
            if (shortage is not null)
            {
                return ShortOf(request.Path, before.Size, shortage);
            }

            using var claimed = claim;

            progress.Begin("copying", before.Size);
            var cloned = DurableFile.TryClone(source, target);
            using var hasher = new ImageHasher(before.Size);
            var buffer = GC.AllocateUninitializedArray<byte>(BlockSize);
            for (var offset = 0L; offset < before.Size;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int read;
                try
                {
                    read = RandomAccess.Read(cloned ? target : source, buffer.AsSpan(0, (int)Math.Min(BlockSize, before.Size - offset)), offset);
                }
                catch (Exception e) when (DiskFault.IsOutside(e))
                {
                    return new Refusal(
                        RefusalCode.ReadError,
                        $"{request.Path} cannot be read at byte {offset}: {e.Message} Look at the disk it lies on (dmesg, smartctl). Nothing of it was kept.");
                }

                if (read == 0)
                {
                    break;
                }

                if (!cloned)
                {
                    RandomAccess.Write(target, buffer.AsSpan(0, read), offset);
                    PageCache.BeginWriteBack(target, offset, read);
                }

                hasher.Append(buffer.AsSpan(0, read));
                offset += read;
                progress.Report(offset);
            }

            if (FileIdentity.Of(source, default) != before || FileIdentity.Of(ResolvedPath(request.Path), default) != before)
            {
                return new Refusal(
                    RefusalCode.SourceChanged,
                    $"{request.Path} changed, or was renamed or replaced, while it was read. Wait until whoever writes it is done, then add it again.");
            }

            request.Read = before;
            return hasher.Complete();
        }
    }

    /// <summary>False too where it may not even be looked at.</summary>
    private static bool IsLink(string path)
    {
        try
        {
            return FileIdentity.KindOf(path) == FileKind.Link;
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return false;
        }
    }

    private async Task<Outcome<ImageDigests>> CopyStreamAsync(
        IngestRequest.FromStream request, SafeFileHandle target, string staging, IngestProgress progress, IngestPlace place, CancellationToken cancellationToken)
    {
        var (claim, shortage) = room.TryClaim(staging, request.Length ?? 0);
        if (shortage is not null)
        {
            return ShortOf(request.Label, request.Length ?? 0, shortage);
        }

        using var claimed = claim!;

        using var hasher = request.Length is { } length ? new ImageHasher(length) : null;
        var buffer = GC.AllocateUninitializedArray<byte>(BlockSize);
        var offset = 0L;
        while (true)
        {
            int read;
            try
            {
                read = await request.Body.ReadAtLeastAsync(buffer, BlockSize, throwOnEndOfStream: false, cancellationToken);
            }
            catch (IOException e)
            {
                return new Refusal(
                    RefusalCode.UploadIncomplete, $"The upload of {request.Label} broke off after {Bytes(offset)}: {e.Message} Send it again.");
            }

            if (read == 0)
            {
                break;
            }

            if (request.Length is { } announced && offset + read > announced)
            {
                return new Refusal(RefusalCode.InvalidRequest, $"More bytes arrived for {request.Label} than its Content-Length of {announced}.");
            }

            if (request.Length is null && claimed.Grow(offset + read) is { } full)
            {
                return ShortOf(request.Label, offset + read, full);
            }

            RandomAccess.Write(target, buffer.AsSpan(0, read), offset);
            PageCache.BeginWriteBack(target, offset, read);
            hasher?.Append(buffer.AsSpan(0, read));
            offset += read;
            progress.Report(offset);
        }

        if (request.Length is { } expected && offset != expected)
        {
            return new Refusal(
                RefusalCode.UploadIncomplete, $"The upload of {request.Label} ended after {offset} of {expected} bytes. Send it again.");
        }

        await place.TakeAsync(cancellationToken);
        return hasher?.Complete() ?? Rehash(staging, offset, cancellationToken);
    }

    /// <summary>An upload of unknown length: the piece length follows from the size, so the hashes need a second read.</summary>
    private static ImageDigests Rehash(string path, long size, CancellationToken cancellationToken)
    {
        using var reader = new UncachedReader(path);
        using var hasher = new ImageHasher(size);
        reader.ReadAll(hasher.Append, cancellationToken);
        return hasher.Complete();
    }

    /// <summary>Who knows these bytes: whoever named their hash, which was right, or the catalog, when a lost copy comes back. Null for nobody.</summary>
    private string? HashBy(IngestRequest request, ImageId id) =>
        request.ExpectedSha256 is not null ? request.ExpectedBy ?? request.By
        : ledger.View.Catalog.Images.GetValueOrDefault(id) is { Deleted: false } ? "the catalog"
        : null;

    /// <param name="vouched">These bytes are known to be those of the publisher: faults of their structure are no more than warnings.</param>
    private static Outcome<IsoInspection.Recognized> Inspect(string staging, string label, bool vouched)
    {
        using var stream = new FileStream(staging, FileMode.Open, FileAccess.Read, FileShare.Read, 4096);
        return IsoReader.Read(stream) switch
        {
            IsoInspection.Recognized found => found,
            IsoInspection.Refused { Vouched: { } found } when vouched => found,
            IsoInspection.Refused { Vouched: not null, Refusal: var refusal } => new Refusal(
                refusal.Code == IsoRefusal.Truncated ? RefusalCode.TruncatedImage : RefusalCode.CorruptImage,
                $"{label}: {refusal.Message}") { Remedy = "If the publisher's own file is so, add it with the SHA-256 that the publisher names (--sha256)." },
            IsoInspection.Refused { Refusal: var refusal } => new Refusal(
                refusal.Code == IsoRefusal.Empty ? RefusalCode.EmptyImage : RefusalCode.NotAnIso, $"{label}: {refusal.Message}"),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    /// <param name="firstHole">Where the source has one; in what is mounted or started it is worth a warning.</param>
    private static ImageFacts Facts(IsoInspection.Recognized found, long firstHole) => new ImageFacts
    {
        VolumeId = found.Metadata.VolumeId,
        PublisherId = found.Metadata.PublisherId,
        ApplicationId = found.Metadata.ApplicationId,
        CreatedAt = found.Metadata.CreatedAt,
        Bios = found.Metadata.Boot.Bios,
        Uefi = found.Metadata.Boot.Uefi,
        Hybrid = found.Metadata.Hybrid,
        Udf = found.Metadata.Udf,
        Arch = found.Metadata.Arch,
        Warnings = firstHole < found.Metadata.UsedSize ? [.. found.Warnings, HoleWarning(firstHole)] : found.Warnings,
    }.WithEfiImageFile(found.Metadata.EfiImageIsFile);

    private static string HoleWarning(long firstHole) =>
        $"Nothing was ever written to some of the file that was added, from byte {firstHole:N0} on: compare its SHA-256 with its publisher's, if it is no sparse copy.";

    private Refusal ShortOf(string label, long size, Shortage shortage) => new(
        RefusalCode.NoSpace,
        $"{label} needs {Bytes(size)}, and {shortage.Describe(folders.Staging)} Free {Bytes(shortage.Missing)} more, then add it again.");

    private static string ResolvedPath(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path;

    private static string Bytes(long count) => count < 1 << 20 ? $"{count:N0} bytes" : $"{count / 1048576.0:N1} MiB";
}
