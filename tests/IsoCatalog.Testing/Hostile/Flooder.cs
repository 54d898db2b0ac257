using System.Security.Cryptography;
using IsoCatalog.Testing.Standard;

namespace IsoCatalog.Testing.Hostile;

public enum Flood
{
    Requests,
    Haves,
    Cancels,
    Extensions,
    UnknownMessages,
    HashRequests,
    Interest,
}

/// <summary>Sends one kind of sound message as fast as the engine takes it, reading the answers, until it is cut.</summary>
public sealed class Flooder(SeededImage image, Flood flood) : RawSeed(image)
{
    private const int MessagesAtOnce = 256;

    protected override async Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        await GreetAsync(connection, calling, cancellationToken);
        await connection.SendAsync(PeerMessage.Interested, [], cancellationToken);
        byte[] batch = [.. Enumerable.Range(0, MessagesAtOnce).SelectMany(One)];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = SendForeverAsync(connection, batch, stop.Token);
        var draining = connection.DrainAsync(stop.Token);
        try
        {
            await await Task.WhenAny(sending, draining);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(sending, draining).ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private static async Task SendForeverAsync(RawConnection connection, byte[] batch, CancellationToken cancellationToken)
    {
        while (true)
        {
            await connection.SendAsync(batch, cancellationToken);
        }
    }

    private byte[] One(int number)
    {
        var pieces = (uint)((Image.Digests.Size + Image.Digests.PieceLength - 1) / Image.Digests.PieceLength);
        var piece = (uint)number % (pieces - 1);
        return flood switch
        {
            Flood.Requests => RawConnection.Message(PeerMessage.Request, RawConnection.Words(piece, 0, 16 * 1024)),
            Flood.Haves => RawConnection.Message(PeerMessage.Have, RawConnection.Words(piece)),
            Flood.Cancels => RawConnection.Message(PeerMessage.Cancel, RawConnection.Words(piece, 0, 16 * 1024)),
            Flood.Extensions => RawConnection.Message(PeerMessage.Extended, [0, .. "d1:md6:ut_pexi1eee"u8]),
            Flood.UnknownMessages => RawConnection.Message((PeerMessage)99, RandomNumberGenerator.GetBytes(16)),
            Flood.HashRequests => RawConnection.Message(
                PeerMessage.HashRequest, [.. Image.Digests.Root.ToArray(), .. RawConnection.Words(0, 0, 2, 0)]),
            _ => RawConnection.Message(number % 2 == 0 ? PeerMessage.Interested : PeerMessage.NotInterested),
        };
    }
}
