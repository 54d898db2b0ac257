using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces;

/// <summary>
/// A place where images are offered. The appliance decides what should be there; a surface does it and says honestly what came of it.
/// Every method may be called again after a crash at any instruction and then ends in the same state. Calls about different images may
/// overlap, and calls about the surface as a whole may overlap those: staging takes minutes, and withdrawing must not wait for it. For one
/// image the caller has one call under way at a time. <see cref="MountOf"/> is pure and may be called from any thread.
/// </summary>
/// <remarks>Expected failures are <see cref="SurfaceOutcome.Refused"/>; an exception is a bug, or cancellation.</remarks>
public interface ISurface : IAsyncDisposable
{
    SurfaceDescription Description { get; }

    /// <summary>Is the place there and usable at all? Publishes nothing and repairs nothing (it may create the surface's own staging folder).</summary>
    Task<SurfaceOutcome> CheckAsync(CancellationToken cancellationToken);

    /// <summary>Brings the bytes to where they will be served, not yet visible there, reads all of them back past the page cache and
    /// compares the root.</summary>
    Task<SurfaceOutcome> StageAsync(StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken);

    /// <summary>Makes a staged image visible, atomically, and reads it back by the way a client takes. After success the image may be advertised.
    /// Never replaces what is not this image's own.</summary>
    Task<SurfaceOutcome> AdvertiseAsync(StoredImage image, CancellationToken cancellationToken);

    /// <summary>Takes the image out of sight. Not being there is success. Touches only what this surface published
    /// (<paramref name="published"/>, null if it never was): what is foreign and has the same name stays.</summary>
    Task<SurfaceOutcome> WithdrawAsync(StoredImage image, Evidence? published, CancellationToken cancellationToken);

    /// <summary>After a restart: makes an image that was advertised visible again if what is there still agrees with the evidence. Reads no image bytes.</summary>
    Task<SurfaceOutcome> ResumeAsync(StoredImage image, Evidence published, CancellationToken cancellationToken);

    /// <summary>Reads the whole published image back past the page cache, by the surface's own path, and compares the root. Where clients see files, it may have been
    /// touched: what counts is that it is the same file and that its bytes are right, and the evidence is of it as it is now. Moves nothing. Refused and retryable:
    /// it changed while it was read, or could not be reached, and nothing is known of its bytes.</summary>
    Task<SurfaceOutcome> VerifyAsync(StoredImage image, Evidence published, IProgress<long>? bytesDone, CancellationToken cancellationToken);

    /// <summary>Looks at everything that should be there, and at what else is: cheap, no bytes read.</summary>
    Task<IReadOnlyList<SurfaceFinding>> ObserveAsync(IReadOnlyCollection<PublishedImage> expected, CancellationToken cancellationToken);

    /// <summary>The parts of the place that can be ready by themselves, as of the last check; empty where there is one place only.</summary>
    IReadOnlyList<DataCenter> DataCenters => [];

    /// <summary>What a client needs to mount the image here: the standing way, or null if there is none without a lease.</summary>
    /// <param name="image">Which image.</param>
    /// <param name="published">As it is shown now; null when it is not. A surface whose clients go by names needs none.</param>
    SurfaceMount? MountOf(StoredImage image, Evidence? published);
}

/// <param name="Name">Unique at its site.</param>
/// <param name="Kind">ipmi, volume, ovirt-iso-domain or ovirt-disks.</param>
/// <param name="Group">What a panel asks for: ipmi, console or ovirt.</param>
/// <param name="ServesStoreInode">True when clients read the store's own inode (no copy): doubt about the one is doubt about the other.</param>
/// <param name="Folder">Where published files lie under their file names, to be watched; null where there is no folder.</param>
/// <param name="WaitsForOthers">Showing an image takes until somebody else, such as an engine, has seen it: many are shown at once, and wait together.</param>
public sealed record SurfaceDescription(
    string Name, string Kind, string Group, bool ServesStoreInode, string? Folder = null, bool WaitsForOthers = false);

/// <summary>A verified image as it lies in the store.</summary>
/// <param name="Id">Flat SHA-256.</param>
/// <param name="Root">BitTorrent v2 root; what a read-back must give.</param>
/// <param name="Size">Bytes.</param>
/// <param name="FileName">The one name on every surface, already checked against the rule for names.</param>
/// <param name="StorePath">Absolute path of the store's file.</param>
/// <param name="StoreReceipt">The store file as last verified.</param>
/// <param name="ModifiedAt">The Last-Modified that clients see: when the image was added.</param>
public sealed record StoredImage(
    ImageId Id, Sha256Digest Root, long Size, string FileName, string StorePath, Receipt StoreReceipt, DateTimeOffset ModifiedAt);

public sealed record PublishedImage(StoredImage Image, Evidence Evidence);

/// <summary>What came of a call.</summary>
public abstract record SurfaceOutcome
{
    private SurfaceOutcome()
    {
    }

    /// <param name="Evidence">Of what is served, or will be, after the call; null where the call leaves nothing.</param>
    public sealed record Done(Evidence? Evidence = null) : SurfaceOutcome;

    /// <param name="Code">One of <see cref="ReasonCode"/>.</param>
    /// <param name="Reason">For an operator: what, where, and what to do.</param>
    /// <param name="Retryable">Whether trying again without anybody doing anything may help.</param>
    public sealed record Refused(string Code, string Reason, bool Retryable) : SurfaceOutcome;
}

/// <summary>Something that is not as it should be.</summary>
/// <param name="Image">The image concerned; null for a foreign file or the surface as a whole.</param>
/// <param name="Code">One of <see cref="ReasonCode"/>.</param>
/// <param name="Reason">For an operator, with the path.</param>
/// <param name="Subject">What it is about, where the reason does not stay the same while it lasts; null: the reason tells it from others.</param>
public sealed record SurfaceFinding(ImageId? Image, string Code, string Reason, string? Subject = null);
