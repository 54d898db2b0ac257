using System.Buffers.Binary;
using System.Net.Sockets;

namespace IsoCatalog.Testing.Hostile;

/// <summary>The other side closed or reset the connection.</summary>
public sealed class CutException(Exception? inner) : Exception("The other side ended the connection.", inner);

/// <summary>
/// A TCP connection that speaks BitTorrent byte by byte, written from BEP 3, 6, 10 and 52 and from nothing of ours, so that it shares no
/// misunderstanding with the engine. Whatever is done on it ends with a <see cref="CutException"/> once the other side has gone.
/// </summary>
public sealed class RawConnection(Stream stream) : IAsyncDisposable
{
    public const int HandshakeLength = 68;

    /// <summary>Longest message that this side takes: a block with its header, a bitfield, or an extension message.</summary>
    private const int MaxMessage = 1024 * 1024;

    public long Sent { get; private set; }

    public long Received { get; private set; }

    /// <summary>BEP 3 handshake with the bits of BEP 6 (0x04), 10 (0x10 in the sixth byte) and 52 (0x10 in the last) set.</summary>
    /// <param name="infoHash">40 hex digits.</param>
    public static byte[] Handshake(string infoHash)
    {
        var peerId = new byte[20];
        "-XX0000-"u8.CopyTo(peerId);
        Random.Shared.NextBytes(peerId.AsSpan(8));
        return [19, .. "BitTorrent protocol"u8, 0, 0, 0, 0, 0, 0x10, 0, 0x14, .. Convert.FromHexString(infoHash), .. peerId];
    }

    /// <summary>A message of BEP 3: its length, its number, what it says.</summary>
    public static byte[] Message(PeerMessage id, params ReadOnlySpan<byte> payload)
    {
        var message = new byte[5 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(message, 1 + payload.Length);
        message[4] = (byte)id;
        payload.CopyTo(message.AsSpan(5));
        return message;
    }

    /// <summary>Big-endian words one after another, as requests and their like are made of.</summary>
    public static byte[] Words(params ReadOnlySpan<uint> words)
    {
        var bytes = new byte[4 * words.Length];
        for (var i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), words[i]);
        }

        return bytes;
    }

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            await stream.WriteAsync(bytes, cancellationToken);
            Sent += bytes.Length;
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            throw new CutException(error);
        }
    }

    public Task SendAsync(PeerMessage id, byte[] payload, CancellationToken cancellationToken) => SendAsync(Message(id, payload), cancellationToken);

    public async Task<byte[]> ReceiveAsync(int count, CancellationToken cancellationToken)
    {
        var bytes = new byte[count];
        try
        {
            await stream.ReadExactlyAsync(bytes, cancellationToken);
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
        {
            throw new CutException(error);
        }

        Received += count;
        return bytes;
    }

    /// <summary>The next message that is no keep-alive.</summary>
    public async Task<(PeerMessage Id, byte[] Payload)> MessageAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = BinaryPrimitives.ReadInt32BigEndian(await ReceiveAsync(4, cancellationToken));
            if (length is < 0 or > MaxMessage)
            {
                throw new InvalidDataException($"The engine sent a message of {length} bytes.");
            }

            if (length > 0)
            {
                var message = await ReceiveAsync(length, cancellationToken);
                return ((PeerMessage)message[0], message[1..]);
            }
        }
    }

    /// <summary>Takes whatever comes until the other side ends the connection; never returns otherwise.</summary>
    public async Task DrainAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            int count;
            try
            {
                count = await stream.ReadAsync(buffer, cancellationToken);
            }
            catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException)
            {
                throw new CutException(error);
            }

            if (count == 0)
            {
                throw new CutException(null);
            }

            Received += count;
        }
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();
}
