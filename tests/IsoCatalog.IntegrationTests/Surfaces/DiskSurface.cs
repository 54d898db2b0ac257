using System.Collections.Concurrent;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>
/// Offers images as disks of a <see cref="DiskDomain"/>. No client sees a file, and the id that a client mounts by is known only from the evidence: a
/// disk's id and its checksum, both told by the domain.
/// </summary>
internal sealed class DiskSurface(string name, DiskDomain domain) : ISurface
{
    private const int Block = 1 << 20;

    // Disks whose bytes this process read back.
    private readonly ConcurrentDictionary<ImageId, Guid> _disks = new();

    public SurfaceDescription Description { get; } = new(name, "ovirt-disks", "ovirt", ServesStoreInode: false);

    public Task<SurfaceOutcome> CheckAsync(CancellationToken cancellationToken) => Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Done());

    public async Task<SurfaceOutcome> StageAsync(StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        if (_disks.TryGetValue(image.Id, out var staged) && domain.ChecksumOf(staged) == Checksum(image))
        {
            return Kept(image, staged);
        }

        RemoveDisksOf(image);
        if (!File.Exists(image.StorePath))
        {
            return new SurfaceOutcome.Refused(ReasonCode.StoreMissing, $"The store's file {image.StorePath} is missing.", Retryable: false);
        }

        var bytes = await File.ReadAllBytesAsync(image.StorePath, cancellationToken);
        if (RootOf(bytes) != image.Root)
        {
            return new SurfaceOutcome.Refused(ReasonCode.StoreDamaged, $"The store's file {image.StorePath} has other bytes.", Retryable: false);
        }

        var disk = domain.Create(image.FileName, image.Id.ToString(), bytes);
        try
        {
            if (ReadBack(disk, bytesDone, cancellationToken) != image.Root)
            {
                domain.Remove(disk);
                return new SurfaceOutcome.Refused(ReasonCode.HashMismatch, $"The disk {disk} does not match its hash.", Retryable: true);
            }
        }
        catch (OperationCanceledException)
        {
            domain.Remove(disk);
            throw;
        }

        _disks[image.Id] = disk;
        return Kept(image, disk);
    }

    public Task<SurfaceOutcome> AdvertiseAsync(StoredImage image, CancellationToken cancellationToken)
    {
        if (!_disks.TryGetValue(image.Id, out var disk) || domain.ChecksumOf(disk) != Checksum(image))
        {
            return Refused(ReasonCode.NotYetPublished, $"{image.FileName} is not read back yet.");
        }

        domain.Offer(disk);
        return Task.FromResult<SurfaceOutcome>(Kept(image, disk));
    }

    public Task<SurfaceOutcome> WithdrawAsync(StoredImage image, Evidence? published, CancellationToken cancellationToken)
    {
        RemoveDisksOf(image);
        if (IdIn(published) is { } disk)
        {
            domain.Remove(disk);
        }

        return Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Done());
    }

    public Task<SurfaceOutcome> ResumeAsync(StoredImage image, Evidence published, CancellationToken cancellationToken)
    {
        if (Doubt(image, published, out var disk) is { } doubt)
        {
            return Refused(doubt.Code, doubt.Reason);
        }

        _disks[image.Id] = disk;
        return Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Done(published));
    }

    public Task<SurfaceOutcome> VerifyAsync(StoredImage image, Evidence published, IProgress<long>? bytesDone, CancellationToken cancellationToken) =>
        Doubt(image, published, out var disk) is { } doubt ? Refused(doubt.Code, doubt.Reason)
        : ReadBack(disk, bytesDone, cancellationToken) != image.Root ? Refused(ReasonCode.HashMismatch, $"The disk {disk} does not match its hash.")
        : Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Done(published));

    public Task<IReadOnlyList<SurfaceFinding>> ObserveAsync(IReadOnlyCollection<PublishedImage> expected, CancellationToken cancellationToken)
    {
        var known = expected.Select(e => IdIn(e.Evidence)).ToHashSet();
        return Task.FromResult<IReadOnlyList<SurfaceFinding>>(
        [
            .. expected.Select(e => Doubt(e.Image, e.Evidence, out _)).OfType<SurfaceFinding>(),
            .. domain.All().Where(d => d.Offered && !known.Contains(d.Id) && expected.All(e => e.Image.Id.ToString() != d.Description)).Select(d => new SurfaceFinding(
                ImageId.TryParse(d.Description, out var image) ? image : null, ReasonCode.NotYetPublished, $"The disk {d.Id} is offered though it should not be.")),
        ]);
    }

    public SurfaceMount? MountOf(StoredImage image, Evidence? published) =>
        IdIn(published) is { } disk ? new SurfaceMount(DomainId: domain.Id.ToString("D"), FileId: disk.ToString("D")) : null;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static Guid? IdIn(Evidence? evidence) =>
        evidence is Evidence.Own { Text: var text } && Guid.TryParse(text.Split(' ')[0], out var disk) ? disk : null;

    private static Task<SurfaceOutcome> Refused(string code, string reason) =>
        Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Refused(code, reason, Retryable: true));

    private static Sha256Digest RootOf(byte[] bytes)
    {
        using var hasher = new RootHasher();
        hasher.Append(bytes);
        return hasher.Complete();
    }

    /// <summary>The one that this domain's hosts compute is the flat SHA-256, which is an image's id.</summary>
    private static string Checksum(StoredImage image) => image.Id.Sha256.ToString();

    private SurfaceOutcome.Done Kept(StoredImage image, Guid disk) =>
        new(new Evidence.Own(image.Root, image.Size, $"{disk:D} {domain.ChecksumOf(disk)}"));

    private SurfaceFinding? Doubt(StoredImage image, Evidence published, out Guid disk)
    {
        disk = IdIn(published) ?? default;
        return domain.ChecksumOf(disk) is not { } checksum ? new SurfaceFinding(image.Id, ReasonCode.FileMissing, $"The disk of {image.FileName} is gone.")
            : published != Kept(image, disk).Evidence || checksum != Checksum(image)
                ? new SurfaceFinding(image.Id, ReasonCode.FileChanged, $"The disk {disk} of {image.FileName} is not as it was when it was read back.")
            : null;
    }

    private Sha256Digest? ReadBack(Guid disk, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        if (domain.Read(disk) is not { } bytes)
        {
            return null;
        }

        for (var done = Block; done < bytes.Length; done += Block)
        {
            bytesDone?.Report(done);
            cancellationToken.ThrowIfCancellationRequested();
        }

        bytesDone?.Report(bytes.Length);
        cancellationToken.ThrowIfCancellationRequested();
        return RootOf(bytes);
    }

    private void RemoveDisksOf(StoredImage image)
    {
        _disks.TryRemove(image.Id, out _);
        foreach (var disk in domain.All().Where(d => d.Description == image.Id.ToString()))
        {
            domain.Remove(disk.Id);
        }
    }
}
