using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Trust;

/// <summary>Which document of a site: its place in the site's own count, and the SHA-256 of its payload, which alone is its identity.</summary>
/// <param name="Epoch">Grows with each start of the site.</param>
/// <param name="Seq">Counts from 1 in each epoch.</param>
public sealed record DocumentRef(long Epoch, long Seq, Sha256Digest Sha256) : IComparable<DocumentRef>
{
    public int CompareTo(DocumentRef? other) =>
        other is null ? 1 : (Epoch, Seq, Sha256).CompareTo((other.Epoch, other.Seq, other.Sha256));

    public static bool operator <(DocumentRef? left, DocumentRef? right) => Comparer<DocumentRef>.Default.Compare(left, right) < 0;

    public static bool operator >(DocumentRef? left, DocumentRef? right) => Comparer<DocumentRef>.Default.Compare(left, right) > 0;

    public static bool operator <=(DocumentRef? left, DocumentRef? right) => Comparer<DocumentRef>.Default.Compare(left, right) <= 0;

    public static bool operator >=(DocumentRef? left, DocumentRef? right) => Comparer<DocumentRef>.Default.Compare(left, right) >= 0;
}

/// <summary>Which trust document the writer had when it signed.</summary>
public sealed record TrustRef(long Version, Sha256Digest Sha256);
