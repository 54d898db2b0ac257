using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Wire;

/// <summary>The 68 bytes with which each side starts (BEP 3), and what their reserved bits offer (BEP 6, 10, 52).</summary>
/// <param name="InfoHash">The v1 info hash, or the first 20 bytes of the v2 one.</param>
/// <param name="PeerId">20 bytes.</param>
/// <param name="SpeaksV2">Beside a v1 info hash: the v2 protocol may be answered.</param>
internal sealed record Handshake(Sha1Digest InfoHash, Sha1Digest PeerId, bool Fast, bool Extensions, bool SpeaksV2)
{
    public const int Length = 68;

    private static ReadOnlySpan<byte> Protocol => "\u0013BitTorrent protocol"u8;

    public void WriteTo(Span<byte> bytes)
    {
        bytes[..Length].Clear();
        Protocol.CopyTo(bytes);
        bytes[25] = (byte)(Extensions ? 0x10 : 0);
        bytes[27] = (byte)((Fast ? 0x04 : 0) | (SpeaksV2 ? 0x10 : 0));
        InfoHash.CopyTo(bytes[28..]);
        PeerId.CopyTo(bytes[48..]);
    }

    /// <summary>Null when the bytes are no handshake of this protocol.</summary>
    public static Handshake? Read(ReadOnlySpan<byte> bytes) =>
        bytes.Length != Length || !bytes.StartsWith(Protocol)
            ? null
            : new Handshake(
                new Sha1Digest(bytes.Slice(28, Sha1Digest.Length)),
                new Sha1Digest(bytes.Slice(48, Sha1Digest.Length)),
                (bytes[27] & 0x04) != 0,
                (bytes[25] & 0x10) != 0,
                (bytes[27] & 0x10) != 0);
}
