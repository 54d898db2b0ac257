using System.Buffers.Binary;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Wire;

internal enum FrameStatus
{
    Complete,

    /// <summary>The bytes end before the message does; nothing is wrong so far.</summary>
    NeedsMore,

    /// <summary>The length is none that this kind of message can have here.</summary>
    BadLength,
}

/// <summary>A message whose length fits its kind; it points into the bytes it was read from.</summary>
internal readonly ref struct PeerMessage(MessageKind kind, ReadOnlySpan<byte> body)
{
    public MessageKind Kind { get; } = kind;

    /// <summary>What follows the byte that says the kind.</summary>
    public ReadOnlySpan<byte> Body { get; } = body;

    /// <summary>The piece. Like the other numbers it may be anything, also negative: numbers above 2^31 are.</summary>
    public int Index => BinaryPrimitives.ReadInt32BigEndian(Body);

    public int Begin => BinaryPrimitives.ReadInt32BigEndian(Body[4..]);

    /// <summary>Of a request, cancel or reject.</summary>
    public int Length => BinaryPrimitives.ReadInt32BigEndian(Body[8..]);

    /// <summary>The bytes of a piece message.</summary>
    public ReadOnlySpan<byte> Block => Body[8..];
}

/// <summary>Cuts what a peer sends into messages. A length that its kind cannot have is refused before the message has arrived.</summary>
internal static class MessageReader
{
    /// <summary>The longest block that we ask for, so the longest that may come.</summary>
    public const int MaxBlock = MerkleTree.LeafLength;

    /// <summary>We ask for 512 hashes at most, and no proof is longer than the tree is high.</summary>
    public const int MaxHashes = 512 + 50;

    public const int MaxExtended = 64 * 1024;

    /// <param name="pieces">How many the torrent has: a bitfield has exactly so many bits.</param>
    /// <param name="length">Bytes that the message takes, its length prefix included.</param>
    public static FrameStatus TryRead(ReadOnlySpan<byte> bytes, int pieces, out PeerMessage message, out int length)
    {
        message = default;
        length = 4;
        if (bytes.Length < 4)
        {
            return FrameStatus.NeedsMore;
        }

        var size = BinaryPrimitives.ReadUInt32BigEndian(bytes);
        if (size == 0)
        {
            message = new PeerMessage(MessageKind.KeepAlive, default);
            return FrameStatus.Complete;
        }

        if (size > MaxSize(pieces))
        {
            return FrameStatus.BadLength;
        }

        length = 4 + (int)size;
        if (bytes.Length < 5)
        {
            return FrameStatus.NeedsMore;
        }

        var kind = (MessageKind)bytes[4];
        if (!Fits(kind, (int)size - 1, pieces))
        {
            return FrameStatus.BadLength;
        }

        if (bytes.Length < length)
        {
            return FrameStatus.NeedsMore;
        }

        message = new PeerMessage(kind, bytes[5..length]);
        return FrameStatus.Complete;
    }

    /// <summary>The longest message after its length prefix, so what a buffer must hold.</summary>
    public static int MaxSize(int pieces) => 1 + Math.Max(MaxExtended, (pieces + 7) / 8);

    private static bool Fits(MessageKind kind, int body, int pieces) => kind switch
    {
        MessageKind.Choke or MessageKind.Unchoke or MessageKind.Interested or MessageKind.NotInterested
            or MessageKind.HaveAll or MessageKind.HaveNone => body == 0,
        MessageKind.Have or MessageKind.Suggest or MessageKind.AllowedFast => body == 4,
        MessageKind.Bitfield => body == (pieces + 7) / 8,
        MessageKind.Request or MessageKind.Cancel or MessageKind.Reject => body == 12,
        MessageKind.Piece => body is > 8 and <= 8 + MaxBlock,
        MessageKind.Port => body == 2,
        MessageKind.Extended => body is >= 1 and <= MaxExtended,
        MessageKind.HashRequest or MessageKind.HashReject => body == HashRequest.Length,
        MessageKind.Hashes => body is > HashRequest.Length and <= HashRequest.Length + MaxHashes * Sha256Digest.Length
            && (body - HashRequest.Length) % Sha256Digest.Length == 0,

        // Nobody may be asked to know every extension; what is unknown is skipped.
        _ => body < MaxExtended,
    };
}
