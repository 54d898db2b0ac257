using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>A document that cannot be admitted yet and is tried again; it is never refused for that.</summary>
/// <param name="Chunks">Bytes that came with it, by their hash.</param>
public sealed record PendingDocument(
    string Site, DocumentRef Ref, ReadOnlyMemory<byte> Envelope, PendingReason Reason, ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>> Chunks);

/// <summary>Why a document waits.</summary>
public abstract record PendingReason
{
    private PendingReason()
    {
    }

    /// <summary>Chunks that are not here: to be fetched by their hash and offered with the document again.</summary>
    public sealed record MissingChunks(IReadOnlyList<ChunkRef> Chunks) : PendingReason;

    /// <summary>It was signed under a trust version that is not known here yet.</summary>
    public sealed record UnknownTrust(long Version) : PendingReason;

    /// <summary>Its clock is further ahead than the bound; it can be admitted when the reference clock says <paramref name="NotBefore"/>.</summary>
    public sealed record Future(DateTimeOffset NotBefore) : PendingReason;

    /// <summary>It needs what this version of IsoCatalog does not know: passed on, not read.</summary>
    /// <param name="Chunks">All that it lists: they are passed on with it.</param>
    public sealed record NeedsNewerVersion(IReadOnlyList<string> Critical, IReadOnlyList<ChunkRef> Chunks) : PendingReason;
}
