using System.Buffers.Binary;
using IsoCatalog.Swarm.Pieces;

namespace IsoCatalog.Swarm.Wire;

/// <summary>Messages that wait to be sent, all but pieces. Grows to what one burst needs, and gives that back once it is sent. Not thread-safe.</summary>
internal sealed class OutboundMessages
{
    /// <summary>Length prefix, kind, piece and begin in front of a block.</summary>
    public const int PieceHeader = 13;

    private const int Small = 1024;
    private const int WorthKeeping = 64 * 1024;

    private byte[] _bytes = new byte[Small];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Takes away what was sent already.</summary>
    public void Drop(int sent)
    {
        _bytes.AsSpan(sent, Length - sent).CopyTo(_bytes);
        Length -= sent;
        if (Length == 0 && _bytes.Length > WorthKeeping)
        {
            _bytes = new byte[Small];
        }
    }

    public void KeepAlive() => Room(4).Clear();

    public void Simple(MessageKind kind) => Start(kind, 0);

    public void Number(MessageKind kind, int number) => BinaryPrimitives.WriteInt32BigEndian(Start(kind, 4), number);

    /// <summary>A request, cancel or reject.</summary>
    public void Block(MessageKind kind, int piece, int begin, int length)
    {
        var body = Start(kind, 12);
        BinaryPrimitives.WriteInt32BigEndian(body, piece);
        BinaryPrimitives.WriteInt32BigEndian(body[4..], begin);
        BinaryPrimitives.WriteInt32BigEndian(body[8..], length);
    }

    public void Bitfield(Bitfield field) => field.CopyTo(Start(MessageKind.Bitfield, field.ByteLength));

    public void Extended(byte id, ReadOnlySpan<byte> payload)
    {
        var body = Start(MessageKind.Extended, 1 + payload.Length);
        body[0] = id;
        payload.CopyTo(body[1..]);
    }

    /// <summary>A hash request, hash reject, or with hashes their message.</summary>
    public void Hashes(MessageKind kind, HashRequest request, ReadOnlySpan<byte> hashes = default)
    {
        var body = Start(kind, HashRequest.Length + hashes.Length);
        request.WriteTo(body);
        hashes.CopyTo(body[HashRequest.Length..]);
    }

    public static void WritePieceHeader(Span<byte> bytes, int piece, int begin, int length)
    {
        BinaryPrimitives.WriteInt32BigEndian(bytes, 9 + length);
        bytes[4] = (byte)MessageKind.Piece;
        BinaryPrimitives.WriteInt32BigEndian(bytes[5..], piece);
        BinaryPrimitives.WriteInt32BigEndian(bytes[9..], begin);
    }

    private Span<byte> Start(MessageKind kind, int body)
    {
        var bytes = Room(5 + body);
        BinaryPrimitives.WriteInt32BigEndian(bytes, 1 + body);
        bytes[4] = (byte)kind;
        return bytes[5..];
    }

    private Span<byte> Room(int length)
    {
        if (Length + length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + length));
        }

        Length += length;
        return _bytes.AsSpan(Length - length, length);
    }
}
