using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>
/// What a surface keeps of an image that it read back and shows, and by which it knows its own again later, also after a restart. Everybody else stores
/// it, compares it as a whole, and hands it back. A surface that is handed evidence of a kind that is not its own (its name belonged to another kind of
/// surface before) takes it for none of its own.
/// </summary>
public abstract record Evidence
{
    private Evidence()
    {
    }

    /// <summary>The BitTorrent v2 root (BEP 52) that the bytes had.</summary>
    public abstract Sha256Digest Root { get; }

    /// <summary>How many bytes they were.</summary>
    public abstract long Size { get; }

    /// <summary>The file as it was then; null where the evidence is no file.</summary>
    public Receipt? FileReceipt => (this as File)?.Receipt;

    public static implicit operator Evidence(Receipt receipt) => new File(receipt);

    /// <summary>A file, which may be the store's own inode or a copy.</summary>
    public sealed record File(Receipt Receipt) : Evidence
    {
        public override Sha256Digest Root => Receipt.Root;

        public override long Size => Receipt.Size;
    }

    /// <summary>What only the surface itself can read.</summary>
    /// <param name="Text">Such as the id of a disk and the checksum that a host computed of it.</param>
    public sealed record Own(Sha256Digest Root, long Size, string Text) : Evidence
    {
        public override Sha256Digest Root { get; } = Root;

        public override long Size { get; } = Size;
    }
}
