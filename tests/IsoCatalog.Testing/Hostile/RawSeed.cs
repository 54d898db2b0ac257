using System.Buffers.Binary;
using IsoCatalog.Testing.Standard;

namespace IsoCatalog.Testing.Hostile;

/// <summary>
/// A peer that says it has the whole image and unchokes. What it answers is for the kinds below to say; by itself it is honest, and with a
/// gate it answers nothing before the gate is open.
/// </summary>
public class RawSeed(SeededImage image, Task? gate = null) : HostilePeer
{
    private int _requests;

    /// <summary>Requests that reached it, over all connections.</summary>
    public int Requests => _requests;

    protected SeededImage Image => image;

    protected override async Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        await GreetAsync(connection, calling, cancellationToken);
        await connection.SendAsync(PeerMessage.Bitfield, Bitfield(), cancellationToken);
        await connection.SendAsync(PeerMessage.Unchoke, [], cancellationToken);
        while (true)
        {
            var (id, payload) = await connection.MessageAsync(cancellationToken);
            switch (id)
            {
                case PeerMessage.Request:
                    Interlocked.Increment(ref _requests);
                    await (gate ?? Task.CompletedTask).WaitAsync(cancellationToken);
                    await AnswerAsync(connection, Word(payload, 0), Word(payload, 1), Word(payload, 2), cancellationToken);
                    break;
                case PeerMessage.HashRequest:
                    await AnswerHashRequestAsync(connection, payload, cancellationToken);
                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>The handshake in both directions; as the called side with the info hash that the engine asked for.</summary>
    protected async Task GreetAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        if (calling)
        {
            await connection.SendAsync(RawConnection.Handshake(image.WireHash(TorrentKind.Hybrid)), cancellationToken);
            await connection.ReceiveAsync(RawConnection.HandshakeLength, cancellationToken);
        }
        else
        {
            var theirs = await connection.ReceiveAsync(RawConnection.HandshakeLength, cancellationToken);
            await connection.SendAsync(RawConnection.Handshake(Convert.ToHexString(theirs.AsSpan(28, 20))), cancellationToken);
        }
    }

    protected virtual Task AnswerAsync(RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken) =>
        connection.SendAsync(PeerMessage.Piece, [.. RawConnection.Words(piece, offset), .. Block(piece, offset, length)], cancellationToken);

    /// <summary>BEP 52: a peer that cannot or will not says so.</summary>
    protected virtual Task AnswerHashRequestAsync(RawConnection connection, byte[] request, CancellationToken cancellationToken) =>
        connection.SendAsync(PeerMessage.HashReject, request, cancellationToken);

    /// <summary>A bit for each piece, the first in the highest bit, spare bits zero.</summary>
    protected byte[] Bitfield()
    {
        var pieces = (int)((image.Digests.Size + image.Digests.PieceLength - 1) / image.Digests.PieceLength);
        var field = new byte[(pieces + 7) / 8];
        for (var piece = 0; piece < pieces; piece++)
        {
            field[piece / 8] |= (byte)(0x80 >> (piece % 8));
        }

        return field;
    }

    protected byte[] Block(uint piece, uint offset, uint length) =>
        image.Bytes.AsSpan((int)(piece * image.Digests.PieceLength + offset), (int)length).ToArray();

    protected static uint Word(byte[] payload, int index) => BinaryPrimitives.ReadUInt32BigEndian(payload.AsSpan(4 * index));
}
