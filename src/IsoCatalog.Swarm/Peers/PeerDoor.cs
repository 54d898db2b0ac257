using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using IsoCatalog.Core.Connections;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Peers;

/// <summary>Lets peers in: listens, checks who they are and what they want, and runs their connections. Thread-safe.</summary>
internal sealed class PeerDoor(SwarmContext context, ImageSwarms swarms, CancellationToken ending)
{
    private readonly ConcurrentDictionary<Task, byte> _running = new();


    /// <summary>Accepts until the engine ends.</summary>
    /// <param name="plain">Standard clients on the list may come, in plain text; otherwise pinned peers over TLS.</param>
    public async Task AcceptAsync(Socket listener, bool plain)
    {
        // A handshake costs a signature, and whoever connects and says nothing must not keep the others out. A site has as many streams as it likes.
        var places = new ListenerPlaces(new PlaceLimits
        {
            OfAddress = context.Options.MaxConnections,
            NewOfKnownAddress = plain ? 32 : 128,
            NewOfStranger = 32,
            OfStranger = 32,
            NewOfStrangers = 128,
            OfStrangers = context.Options.MaxConnections,
            OfKnown = context.Options.MaxConnections,
        });
        while (!ending.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync(ending);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                break;
            }
            catch (SocketException)
            {
                // It went away before it was accepted, or descriptors ran out: the next may fare better, but not at once.
                await Task.Delay(TimeSpan.FromMilliseconds(20), context.Clock, CancellationToken.None);
                continue;
            }

            var address = PeerSocket.AddressOf(socket.RemoteEndPoint);
            var reason = Refusal(address, plain);
            var place = reason is not null ? null : places.TryEnter(address, plain || context.IsKnown(address), () => socket.Close(timeout: 0), out _);
            if (place is null)
            {
                context.Ledger.Cut(reason ?? CutReason.TooMany);
                socket.Close(timeout: 0);
                continue;
            }

            var serving = ServeAsync(socket, place, plain);
            _running.TryAdd(serving, 0);
            _ = serving.ContinueWith(done => _running.TryRemove(done, out _), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        await Task.WhenAll(_running.Keys);
    }

    private CutReason? Refusal(IPAddress address, bool plain)
    {
        if (plain && (!context.PlainAllow.Any(network => network.Contains(address)) || context.Ledger.BanOf(address.ToString()) is not null))
        {
            return CutReason.Refused;
        }

        return swarms.Connections >= context.Options.MaxConnections ? CutReason.TooMany : null;
    }

    private async Task ServeAsync(Socket socket, Place place, bool plain)
    {
        using var held = place;
        var remote = socket.RemoteEndPoint?.ToString() ?? "";
        var address = PeerSocket.AddressOf(socket.RemoteEndPoint).ToString();
        await Task.Yield();
        var connection = await GreetAsync(socket, place, plain, remote, address);
        if (connection is null)
        {
            socket.Dispose();
            return;
        }

        place.Settle(known: true);
        using (connection)
        {
            await PeerLife.RunAsync(context, connection, ending);
        }
    }

    private async Task<PeerConnection?> GreetAsync(Socket socket, Place place, bool plain, string remote, string address)
    {
        using var deadline = new CancellationTokenSource(context.Options.HandshakeTimeout, context.Clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, ending);
        try
        {
            return await GreetAsync(socket, plain, remote, address, limit.Token);
        }
        catch (PeerRefusedException e)
        {
            Refuse(e.Reason, remote, e.Message, plain ? address : null);
        }
        catch (Exception) when (place.IsLost)
        {
            Refuse(CutReason.TooMany, remote, "newer connections needed its place", null);
        }
        catch (OperationCanceledException)
        {
            Refuse(CutReason.HandshakeTimeout, remote, "the handshake took too long", null);
        }
        catch (Exception e) when (e is AuthenticationException or CryptographicException)
        {
            Refuse(CutReason.Untrusted, remote, e.Message, null);
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
        {
            Refuse(CutReason.Closed, remote, e.Message, null);
        }

        return null;
    }

    private async Task<PeerConnection> GreetAsync(Socket socket, bool plain, string remote, string address, CancellationToken cancellationToken)
    {
        PeerSocket.Tune(socket);
        Stream stream = new NetworkStream(socket, ownsSocket: false);
        var identity = new PeerIdentity(address, remote, Spki: null);
        if (!plain)
        {
            var own = context.Shown ?? throw new PeerRefusedException(CutReason.Untrusted, "we have no certificate");
            var (secured, shown) = await PeerTls.AsServerAsync(socket, own, key => context.Options.PeerName(key) is not null, cancellationToken);
            stream = secured;
            identity = new PeerIdentity(
                context.Options.PeerName(shown) ?? throw new PeerRefusedException(CutReason.Untrusted, "its key is not known"), remote, shown);
            context.Seen.Add(identity.Name, PeerSocket.AddressOf(socket.RemoteEndPoint));
        }

        var bytes = new byte[Handshake.Length];
        await stream.ReadExactlyAsync(bytes, cancellationToken);
        var theirs = Handshake.Read(bytes) ?? throw new PeerRefusedException(CutReason.BadHandshake, "it does not speak BitTorrent");
        context.Ledger.Greeted(address);
        if (theirs.PeerId == context.PeerId)
        {
            throw new PeerRefusedException(CutReason.Finished, "we connected to ourselves");
        }

        if (swarms.Find(theirs.InfoHash) is not { File: not null, IsStopped: false } swarm)
        {
            throw new PeerRefusedException(CutReason.UnknownTorrent, "it asks for an image that is not here");
        }

        if (context.Ledger.BanOf(identity.Name) is not null || context.Ledger.BanOf(swarm.BanKey(identity.Name)) is not null)
        {
            throw new PeerRefusedException(CutReason.Refused, "it is banned for a while");
        }

        if (swarm.Connections.Count(other => other.Identity.Name == identity.Name) >= context.Options.MaxConnectionsPerPeer)
        {
            throw new PeerRefusedException(CutReason.TooMany, "it has too many connections");
        }

        // Asked for by its v1 name with the bit of BEP 52, a hybrid torrent is answered by its v2 name.
        var shortV2 = ImageSwarms.Short(swarm.Torrent.InfoV2);
        var upgrade = theirs.SpeaksV2 && theirs.InfoHash == swarm.Torrent.InfoV1;
        var speaksV2 = upgrade || theirs.InfoHash == shortV2;

        // libtorrent takes the bit of BEP 52 beside the name of a torrent that has no v2 half for an error.
        new Handshake(
            upgrade ? shortV2 : theirs.InfoHash, context.PeerId, Fast: true, Extensions: true,
            SpeaksV2: theirs.InfoHash != swarm.Torrent.InfoV1Alone).WriteTo(bytes);
        await stream.WriteAsync(bytes, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        return new PeerConnection(context, swarm, socket, stream, identity, theirs, speaksV2, outgoing: false);
    }

    private void Refuse(CutReason reason, string remote, string message, string? banned)
    {
        if (ending.IsCancellationRequested)
        {
            return;
        }

        context.Ledger.Cut(reason);
        if (banned is not null && reason == CutReason.BadHandshake && context.Ledger.FailedGreeting(banned))
        {
            context.Ledger.Ban(banned, reason);
        }

        context.Report(SwarmEventKind.Cut, $"{remote} was not let in: {message}.", remote);
    }
}

/// <summary>A peer is not spoken to any further.</summary>
internal sealed class PeerRefusedException(CutReason reason, string message) : Exception(message)
{
    public CutReason Reason => reason;
}
