using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Peers;

/// <summary>Connects to the peers that may have what is being fetched, and runs those connections. Thread-safe.</summary>
internal sealed class PeerDialer(SwarmContext context, Action wake, CancellationToken ending)
{
    private const int StreamsWithoutBbr = 8;

    // On a long path every connection needs many round trips to come up to speed: several get there sooner together.
    private const int StreamsOnLongPath = 6;
    private static readonly TimeSpan LongPath = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<Task, byte> _running = new();
    private readonly ConcurrentDictionary<string, TimeSpan> _roundTrips = new(StringComparer.Ordinal);

    /// <summary>Connections to one peer for one image: with BBR one fills any path in the end, and a second one another core.</summary>
    public int Streams { get; } = context.Options.Streams > 0 ? context.Options.Streams
        : !PeerSocket.OffersBbr ? StreamsWithoutBbr
        : Environment.ProcessorCount >= 4 ? 2 : 1;

    /// <summary>Begins what connections an image needs now.</summary>
    public void Dial(ImageSwarm swarm, IReadOnlyList<SwarmPeer> peers)
    {
        if (swarm.IsStopped || ending.IsCancellationRequested || swarm.Download is not { State: TransferState.Fetching })
        {
            return;
        }

        foreach (var peer in peers)
        {
            if ((context.Ledger.BanOf(peer.Name) ?? context.Ledger.BanOf(swarm.BanKey(peer.Name)) ?? BanOfAddress(peer)) is { } ban)
            {
                swarm.Dials.Banned(peer.Name, string.Create(CultureInfo.InvariantCulture, $"not spoken to until {ban.Until:HH:mm:ss}Z ({ban.Reason})."));
                continue;
            }

            // A standard client takes a second connection from the same host for a mistake.
            for (var i = swarm.Dials.Begin(peer.Name, peer.Spki is null ? 1 : StreamsTo(peer), context.Clock.GetUtcNow()); i > 0; i--)
            {
                var dialing = DialAsync(swarm, peer);
                _running.TryAdd(dialing, 0);
                _ = dialing.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    private int StreamsTo(SwarmPeer peer) =>
        context.Options.Streams == 0 && peer.Spki is not null && _roundTrips.GetValueOrDefault(peer.Name) >= LongPath
            ? Math.Max(Streams, StreamsOnLongPath)
            : Streams;

    /// <summary>All connections have ended, once the engine is ending.</summary>
    public Task EndedAsync() => Task.WhenAll(_running.Keys);

    private (CutReason Reason, DateTimeOffset Until)? BanOfAddress(SwarmPeer peer) =>
        peer is { Spki: null, EndPoint: IPEndPoint at } ? context.Ledger.BanOf(PeerSocket.AddressOf(at).ToString()) : null;

    private async Task DialAsync(ImageSwarm swarm, SwarmPeer peer)
    {
        await Task.Yield();
        string? trouble = null;
        try
        {
            using var connection = await ConnectAsync(swarm, peer);
            if (swarm.Dials.Established(peer.Name))
            {
                wake();
            }

            var (reason, message) = await PeerLife.RunAsync(context, connection, ending);
            trouble = reason is CutReason.Finished or CutReason.Stopped ? null : message ?? "the connection was closed.";
        }
        catch (PeerRefusedException e)
        {
            context.Ledger.Cut(e.Reason);
            trouble = e.Message;
        }
        catch (OperationCanceledException)
        {
            context.Ledger.Cut(ending.IsCancellationRequested ? CutReason.Stopped : CutReason.HandshakeTimeout);
            trouble = "no answer in time.";
        }
        catch (AuthenticationException e)
        {
            context.Ledger.Cut(CutReason.Untrusted);
            trouble = $"the keys do not agree ({e.Message})";
        }
        catch (EndOfStreamException)
        {
            context.Ledger.Cut(CutReason.Closed);
            trouble = "it closed the connection: it does not have the image, or does not know our key.";
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            context.Ledger.Cut(CutReason.Closed);
            trouble = e.Message;
        }

        swarm.Dials.Ended(peer.Name, trouble, context.Clock.GetUtcNow());
    }

    private async Task<PeerConnection> ConnectAsync(ImageSwarm swarm, SwarmPeer peer)
    {
        using var deadline = new CancellationTokenSource(context.Options.HandshakeTimeout, context.Clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ending);
        var names = NamesFor(peer, swarm.Torrent);
        for (var i = 0; ; i++)
        {
            try
            {
                return await ConnectAsync(swarm, peer, names[i], limit.Token);
            }
            catch (IOException) when (i < names.Length - 1)
            {
                // It hung up on a name that it does not know; it may know the image by another.
            }
        }
    }

    // A peer of ours speaks v2. A standard client knows the torrent by its v1 name, and may answer to the v2 one; one that reads no hybrid torrent
    // knows the same bytes by the name of the v1 half alone.
    private static Sha1Digest[] NamesFor(SwarmPeer peer, Torrent torrent) => (peer.Spki, torrent.InfoV1, torrent.InfoV1Alone) switch
    {
        (null, { } hybrid, { } alone) => [hybrid, alone],
        _ => [ImageSwarms.Short(torrent.InfoV2)],
    };

    private async Task<PeerConnection> ConnectAsync(ImageSwarm swarm, SwarmPeer peer, Sha1Digest asked, CancellationToken cancellationToken)
    {
        var socket = peer.EndPoint is IPEndPoint at
            ? new Socket(at.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            PeerSocket.Tune(socket);
            var began = context.Clock.GetTimestamp();
            await socket.ConnectAsync(peer.EndPoint, cancellationToken);
            var trip = context.Clock.GetElapsedTime(began);
            _roundTrips.AddOrUpdate(peer.Name, trip, (_, shortest) => trip < shortest ? trip : shortest);
            if (StreamsTo(peer) > Streams && swarm.Dials.Answered(peer.Name))
            {
                wake();
            }

            return await GreetAsync(swarm, peer, asked, socket, cancellationToken);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<PeerConnection> GreetAsync(
        ImageSwarm swarm, SwarmPeer peer, Sha1Digest asked, Socket socket, CancellationToken cancellationToken)
    {
        Stream stream = new NetworkStream(socket, ownsSocket: false);
        if (peer.Spki is { } pin)
        {
            var own = context.Shown ?? throw new PeerRefusedException(CutReason.Untrusted, "we have no certificate to show.");
            stream = await PeerTls.AsClientAsync(socket, own, key => key == pin && context.Options.PeerName(key) == peer.Name, cancellationToken);
            context.Seen.Add(peer.Name, PeerSocket.AddressOf(socket.RemoteEndPoint));
        }

        var shortV2 = ImageSwarms.Short(swarm.Torrent.InfoV2);
        var bytes = new byte[Handshake.Length];
        new Handshake(asked, context.PeerId, Fast: true, Extensions: true, SpeaksV2: asked != swarm.Torrent.InfoV1Alone).WriteTo(bytes);
        await stream.WriteAsync(bytes, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        var theirs = Handshake.Read(bytes) ?? throw new PeerRefusedException(CutReason.BadHandshake, "it does not speak BitTorrent.");
        if (theirs.PeerId == context.PeerId)
        {
            throw new PeerRefusedException(CutReason.Finished, "this is our own address.");
        }

        var mayUpgrade = asked == swarm.Torrent.InfoV1;
        if (theirs.InfoHash != asked && !(mayUpgrade && theirs.InfoHash == shortV2))
        {
            throw new PeerRefusedException(CutReason.BadHandshake, "it answered for another torrent.");
        }

        var address = socket.RemoteEndPoint?.ToString() ?? "";
        return new PeerConnection(
            context, swarm, socket, stream, new PeerIdentity(peer.Name, address, peer.Spki), theirs,
            speaksV2: theirs.InfoHash == shortV2, outgoing: true);
    }
}
