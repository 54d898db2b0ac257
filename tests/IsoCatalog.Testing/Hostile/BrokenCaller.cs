using System.Security.Cryptography;
using IsoCatalog.Testing.Standard;

namespace IsoCatalog.Testing.Hostile;

public enum Nonsense
{
    Http,
    TlsHello,
    RandomBytes,
    Zeros,
    AnotherProtocolName,
    UnknownTorrent,
    Claims4GiB,
    Claims64MiB,
    RequestBeyondLastPiece,
    RequestBeyondPiece,
    RequestTooLong,
    RequestOfNothing,
    RequestOfWrongShape,
    HaveBeyondLastPiece,
    HashRequestOfWrongShape,
    HaveAllTwice,
}

/// <summary>Calls and says one thing that no sound peer says.</summary>
public sealed class BrokenCaller(SeededImage image, Nonsense nonsense) : RawSeed(image)
{
    protected override async Task ActAsync(RawConnection connection, bool calling, CancellationToken cancellationToken)
    {
        if (InsteadOfHandshake() is { } opening)
        {
            await connection.SendAsync(opening, cancellationToken);
            return;
        }

        await GreetAsync(connection, calling, cancellationToken);
        await connection.SendAsync(PeerMessage.Interested, [], cancellationToken);
        await connection.SendAsync(AfterHandshake(), cancellationToken);
        if (nonsense is Nonsense.Claims4GiB or Nonsense.Claims64MiB)
        {
            var junk = new byte[64 * 1024];
            for (var i = 0; i < 1024; i++)
            {
                await connection.SendAsync(junk, cancellationToken);
            }
        }
    }

    private byte[]? InsteadOfHandshake() => nonsense switch
    {
        Nonsense.Http => "GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: something long enough for a whole handshake\r\n\r\n"u8.ToArray(),
        Nonsense.TlsHello => [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03, .. RandomNumberGenerator.GetBytes(506)],
        Nonsense.RandomBytes => RandomNumberGenerator.GetBytes(4096),
        Nonsense.Zeros => new byte[4096],
        Nonsense.AnotherProtocolName => [19, .. "BitTorrent protocoL"u8, .. RawConnection.Handshake(Image.WireHash(TorrentKind.Hybrid))[20..]],
        Nonsense.UnknownTorrent => RawConnection.Handshake(Convert.ToHexString(RandomNumberGenerator.GetBytes(20))),
        _ => null,
    };

    private byte[] AfterHandshake()
    {
        var (size, pieceLength) = (Image.Digests.Size, (uint)Image.Digests.PieceLength);
        var pieces = (uint)((size + pieceLength - 1) / pieceLength);
        return nonsense switch
        {
            Nonsense.Claims4GiB => [.. RawConnection.Words(uint.MaxValue), (byte)PeerMessage.Piece],
            Nonsense.Claims64MiB => [.. RawConnection.Words(64 << 20), (byte)PeerMessage.Piece],
            Nonsense.RequestBeyondLastPiece => Request(pieces, 0, 16 * 1024),
            Nonsense.RequestBeyondPiece => Request(0, pieceLength, 16 * 1024),
            Nonsense.RequestTooLong => Request(0, 0, 1 << 20),
            Nonsense.RequestOfNothing => Request(0, 0, 0),
            Nonsense.RequestOfWrongShape => RawConnection.Message(PeerMessage.Request, RawConnection.Words(0, 0)),
            Nonsense.HaveBeyondLastPiece => RawConnection.Message(PeerMessage.Have, RawConnection.Words(pieces)),
            Nonsense.HashRequestOfWrongShape => RawConnection.Message(PeerMessage.HashRequest, RawConnection.Words(0, 0)),
            Nonsense.HaveAllTwice => [.. RawConnection.Message(PeerMessage.HaveAll), .. RawConnection.Message(PeerMessage.HaveAll)],
            _ => throw new InvalidOperationException($"{nonsense} comes instead of a handshake."),
        };

        static byte[] Request(uint piece, uint offset, uint length) =>
            RawConnection.Message(PeerMessage.Request, RawConnection.Words(piece, offset, length));
    }
}
