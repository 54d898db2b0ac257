using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Hashing;
using IsoCatalog.IntegrationTests.Interop;
using IsoCatalog.Swarm;
using IsoCatalog.Testing.Hostile;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.HostilePeers;

/// <summary>The listener for pinned peers: whoever has no known key gets no byte of an image, and no word of the protocol.</summary>
[Collection(typeof(WholeMachine))]
public sealed class UnknownKeyTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Another_key_is_cut_as_untrusted()
    {
        using var stranger = Certificate("stranger");
        await RefusedAsync(stranger, CutReason.Untrusted);
    }

    [Fact]
    public Task No_certificate_at_all_is_cut() => RefusedAsync(null, CutReason.Untrusted, CutReason.BadHandshake);

    [Fact]
    public async Task Plain_text_on_the_encrypted_port_is_cut()
    {
        using var own = Certificate("victim");
        await using var siege = Listening(own, static _ => null);
        await using var caller = new SlowPeer(Siege.Image, Slowness.AfterHandshake);
        var ending = await caller.CallAsync(siege.Victim.Engine.Endpoint!, Cancelled);
        Assert.InRange(ending.Received, 0, 64);
        await siege.Victim.CutAsync(CutReason.BadHandshake, Cancelled);
    }

    [Fact]
    public async Task One_that_connects_and_says_nothing_is_cut()
    {
        using var own = Certificate("victim");
        await using var siege = Listening(own, static _ => null);
        await using var caller = new SlowPeer(Siege.Image, Slowness.Mute);
        Assert.True((await caller.CallAsync(siege.Victim.Engine.Endpoint!, Cancelled)).After < Siege.Bound);
        await siege.Victim.CutAsync(CutReason.HandshakeTimeout, Cancelled);
    }

    [Fact]
    public async Task A_known_key_is_served_while_strangers_are_refused()
    {
        using var own = Certificate("victim");
        using var friend = Certificate("friend");
        using var stranger = Certificate("stranger");
        var known = KeyOf(friend);
        await using var siege = Listening(own, key => key == known ? "friend" : null);
        var strangers = Enumerable.Range(0, 8).Select(_ => GreetAsync(siege.Victim.Engine.Endpoint!, stranger)).ToArray();
        await using var sound = new PlainEngine(options => options with { Certificate = friend, PeerName = _ => "victim" });
        sound.Engine.SetPeers([new SwarmPeer("victim", siege.Victim.Engine.Endpoint!, KeyOf(own))]);
        await sound.WholeAsync(sound.Fetch(Siege.Image), Siege.Image, Cancelled);
        Assert.All(await Task.WhenAll(strangers), static received => Assert.Equal(0, received));
    }

    private static async Task RefusedAsync(X509Certificate2? shown, params CutReason[] reasons)
    {
        using var own = Certificate("victim");
        await using var siege = Listening(own, static _ => null);
        Assert.Equal(0, await GreetAsync(siege.Victim.Engine.Endpoint!, shown));
        var counters = siege.Victim.Engine;
        await siege.Victim.UntilAsync(
            () => reasons.Any(reason => counters.Counters.Cuts.GetValueOrDefault(reason) > 0), $"a cut for {string.Join(" or ", reasons)}", Cancelled);
    }

    private static Siege Listening(X509Certificate2 own, Func<Sha256Digest, string?> names) => new Siege(options => options with
    {
        Listen = new IPEndPoint(IPAddress.Loopback, 0),
        Certificate = own,
        PeerName = names,
    }).Seeding();

    /// <summary>TLS and then the handshake of BitTorrent; returns how many bytes came back inside the encryption.</summary>
    private static async Task<int> GreetAsync(IPEndPoint engine, X509Certificate2? shown)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(Loopback.Next(), 0));
        await socket.ConnectAsync(engine, Cancelled);
        var total = 0;
        try
        {
            await using var tls = new SslStream(new NetworkStream(socket));
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = "victim",
                    EnabledSslProtocols = SslProtocols.Tls13,
                    ClientCertificates = shown is null ? null : [shown],
#pragma warning disable CA5359 // An attacker trusts anybody.
                    RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
                },
                Cancelled);
            await tls.WriteAsync(RawConnection.Handshake(Siege.Image.WireHash(TorrentKind.Hybrid)), Cancelled);
            var buffer = new byte[4096];
            int count;
            while ((count = await tls.ReadAsync(buffer, Cancelled)) > 0)
            {
                total += count;
            }
        }
        catch (Exception error) when (error is IOException or AuthenticationException or SocketException)
        {
            // Refused in the TLS handshake, or by an alert after it.
        }

        return total;
    }

    private static X509Certificate2 Certificate(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
    }

    private static Sha256Digest KeyOf(X509Certificate2 certificate) => new(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
}
