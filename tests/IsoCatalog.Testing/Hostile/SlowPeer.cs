using IsoCatalog.Testing.Standard;

namespace IsoCatalog.Testing.Hostile;

public enum Slowness
{
    /// <summary>Connects and says nothing.</summary>
    Mute,

    /// <summary>A handshake, byte by byte.</summary>
    InHandshake,

    /// <summary>A sound handshake and then nothing at all.</summary>
    AfterHandshake,

    /// <summary>A long message, byte by byte.</summary>
    InMessage,

    /// <summary>Asks for the whole image again and again, and takes none of it.</summary>
    NeverReads,
}

/// <summary>Holds a connection and gives next to nothing for it.</summary>
public sealed class SlowPeer(SeededImage image, Slowness slowness) : RawSeed(image)
{
    private const long MoreThanTheNetworkHolds = 64 * 1024 * 1024;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>A byte each tenth of a second.</summary>
    public static async Task DripAsync(RawConnection connection, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Pause);
        for (var i = 0; i < bytes.Length && await timer.WaitForNextTickAsync(cancellationToken); i++)
        {
            await connection.SendAsync(bytes.Slice(i, 1), cancellationToken);
        }
    }

    protected override async Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        switch (slowness)
        {
            case Slowness.Mute:
                return;
            case Slowness.InHandshake:
                var drip = DripAsync(connection, RawConnection.Handshake(Image.WireHash(TorrentKind.Hybrid)), cancellationToken);
                await await Task.WhenAny(drip, connection.DrainAsync(cancellationToken));
                return;
            default:
                await GreetAsync(connection, calling, cancellationToken);
                break;
        }

        if (slowness == Slowness.InMessage)
        {
            var drip = DripAsync(connection, RawConnection.Message(PeerMessage.Extended, new byte[1000]), cancellationToken);
            await await Task.WhenAny(drip, connection.DrainAsync(cancellationToken));
        }
        else if (slowness == Slowness.NeverReads)
        {
            await connection.SendAsync(PeerMessage.Interested, [], cancellationToken);
            while ((await connection.MessageAsync(cancellationToken)).Id != PeerMessage.Unchoke)
            {
            }

            var pieceLength = (uint)Image.Digests.PieceLength;
            for (long total = 0; total < MoreThanTheNetworkHolds; total += 16 * 1024)
            {
                var offset = (uint)(total % (Image.Digests.Size / (16 * 1024) * (16 * 1024)));
                await connection.SendAsync(
                    PeerMessage.Request, RawConnection.Words(offset / pieceLength, offset % pieceLength, 16 * 1024), cancellationToken);
            }

            // A write finds out that the engine has gone; a read would take what it sent.
            using var timer = new PeriodicTimer(Pause);
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                await connection.SendAsync(RawConnection.Words(0), cancellationToken);
            }
        }
    }
}
