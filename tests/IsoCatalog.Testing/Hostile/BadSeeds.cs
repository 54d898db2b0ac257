using System.Security.Cryptography;
using IsoCatalog.Testing.Standard;

namespace IsoCatalog.Testing.Hostile;

/// <summary>Sends every block with one bit wrong.</summary>
public sealed class CorruptingSeed(SeededImage image) : RawSeed(image)
{
    protected override Task AnswerAsync(RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken)
    {
        var block = Block(piece, offset, length);
        block[^1] ^= 0x01;
        return connection.SendAsync(PeerMessage.Piece, [.. RawConnection.Words(piece, offset), .. block], cancellationToken);
    }
}

/// <summary>Has everything, and answers this many blocks and then nothing.</summary>
public sealed class StallingSeed(SeededImage image, int blocks) : RawSeed(image)
{
    private int _answered;

    protected override Task AnswerAsync(RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken) =>
        Interlocked.Increment(ref _answered) <= blocks
            ? base.AnswerAsync(connection, piece, offset, length, cancellationToken)
            : Task.CompletedTask;
}

/// <summary>Has everything, and refuses each block (BEP 6).</summary>
public sealed class RefusingSeed(SeededImage image) : RawSeed(image)
{
    protected override Task AnswerAsync(RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken) =>
        connection.SendAsync(PeerMessage.RejectRequest, RawConnection.Words(piece, offset, length), cancellationToken);
}

/// <summary>Answers with the right bytes of the piece after the one that was asked for, which nobody asked for.</summary>
public sealed class UnaskedSeed(SeededImage image) : RawSeed(image)
{
    protected override async Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        await GreetAsync(connection, calling, cancellationToken);
        await connection.SendAsync(PeerMessage.Bitfield, Bitfield(), cancellationToken);
        var length = (uint)Math.Min(16 * 1024, Image.Digests.Size);
        await connection.SendAsync(PeerMessage.Piece, [.. RawConnection.Words(0, 0), .. Block(0, 0, length)], cancellationToken);
    }
}

/// <summary>Answers with blocks of half the length.</summary>
public sealed class ShortBlockSeed(SeededImage image) : RawSeed(image)
{
    protected override Task AnswerAsync(RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken) =>
        connection.SendAsync(PeerMessage.Piece, [.. RawConnection.Words(piece, offset), .. Block(piece, offset, length / 2)], cancellationToken);
}

/// <summary>Sends the first half of a message and closes.</summary>
public sealed class BreakingSeed(SeededImage image) : RawSeed(image)
{
    protected override async Task AnswerAsync(
        RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken)
    {
        var message = RawConnection.Message(PeerMessage.Piece, [.. RawConnection.Words(piece, offset), .. Block(piece, offset, length)]);
        await connection.SendAsync(message.AsMemory(0, message.Length / 2), cancellationToken);
        throw new CutException(null);
    }
}

/// <summary>Sends its blocks so slowly that each would take minutes.</summary>
public sealed class DrippingSeed(SeededImage image) : RawSeed(image)
{
    protected override async Task AnswerAsync(
        RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken) => await SlowPeer.DripAsync(
            connection,
            RawConnection.Message(PeerMessage.Piece, [.. RawConnection.Words(piece, offset), .. Block(piece, offset, length)]),
            cancellationToken);
}

public enum BitfieldFault
{
    TooShort,
    TooLong,
    SpareBitsSet,
    Empty,
}

/// <summary>Says what it has in a bitfield that no torrent of this size has.</summary>
public sealed class BadBitfieldPeer(SeededImage image, BitfieldFault fault) : RawSeed(image)
{
    protected override async Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        await GreetAsync(connection, calling, cancellationToken);
        var field = Bitfield();
        await connection.SendAsync(
            PeerMessage.Bitfield,
            fault switch
            {
                BitfieldFault.TooShort => field[..^1],
                BitfieldFault.TooLong => [.. field, 0],
                BitfieldFault.SpareBitsSet => [.. field[..^1], 0xFF],
                _ => [],
            },
            cancellationToken);
    }
}

public enum HashesFault
{
    /// <summary>A well-formed answer to no question.</summary>
    Unasked,

    /// <summary>A header that promises more hashes than follow.</summary>
    TooShort,

    /// <summary>Every answer has the right shape and random hashes.</summary>
    FalseProof,

    /// <summary>Every answer is about the place after the one that was asked for.</summary>
    WrongIndex,
}

/// <summary>Lies in BEP 52 hashes messages; its blocks are corrupt too, so that the engine has a reason to ask for hashes.</summary>
public sealed class FalseHashSeed(SeededImage image, HashesFault fault) : RawSeed(image)
{
    /// <summary>Hash requests that reached it.</summary>
    public int HashRequests { get; private set; }

    protected override async Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        if (fault is HashesFault.FalseProof or HashesFault.WrongIndex)
        {
            await base.ActAsync(connection, calling, cancellationToken);
            return;
        }

        await GreetAsync(connection, calling, cancellationToken);
        await connection.SendAsync(PeerMessage.Bitfield, Bitfield(), cancellationToken);
        byte[] header = [.. Image.Digests.Root.ToArray(), .. RawConnection.Words(0, 0, 2, 0)];
        await connection.SendAsync(
            PeerMessage.Hashes, [.. header, .. RandomNumberGenerator.GetBytes(fault == HashesFault.Unasked ? 64 : 33)], cancellationToken);
    }

    protected override Task AnswerAsync(RawConnection connection, uint piece, uint offset, uint length, CancellationToken cancellationToken)
    {
        var block = Block(piece, offset, length);
        block[0] ^= 0x80;
        return connection.SendAsync(PeerMessage.Piece, [.. RawConnection.Words(piece, offset), .. block], cancellationToken);
    }

    protected override Task AnswerHashRequestAsync(RawConnection connection, byte[] request, CancellationToken cancellationToken)
    {
        HashRequests++;
        var (layer, index, length, proofs) = (Word(request, 8), Word(request, 9), Word(request, 10), Word(request, 11));
        byte[] header = [.. request.AsSpan(0, 32), .. RawConnection.Words(layer, fault == HashesFault.WrongIndex ? index + length : index, length, proofs)];
        return connection.SendAsync(
            PeerMessage.Hashes, [.. header, .. RandomNumberGenerator.GetBytes((int)(length + proofs) * 32)], cancellationToken);
    }
}
