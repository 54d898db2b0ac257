using System.Net.Sockets;
using IsoCatalog.Swarm;
using IsoCatalog.Testing.Hostile;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.HostilePeers;

/// <summary>Callers that speak wrongly, slowly, too much or not at all, while a sound peer fetches.</summary>
[Collection(typeof(WholeMachine))]
public sealed class BadCallerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<Flood> Floods => [.. Enum.GetValues<Flood>()];

    [Theory]
    [InlineData(Nonsense.Http, CutReason.BadHandshake)]
    [InlineData(Nonsense.TlsHello, CutReason.BadHandshake)]
    [InlineData(Nonsense.RandomBytes, CutReason.BadHandshake)]
    [InlineData(Nonsense.Zeros, CutReason.BadHandshake)]
    [InlineData(Nonsense.AnotherProtocolName, CutReason.BadHandshake)]
    [InlineData(Nonsense.UnknownTorrent, CutReason.UnknownTorrent)]
    [InlineData(Nonsense.Claims4GiB, CutReason.BadMessage)]
    [InlineData(Nonsense.Claims64MiB, CutReason.BadMessage)]
    [InlineData(Nonsense.RequestBeyondLastPiece, CutReason.BrokenRule)]
    [InlineData(Nonsense.RequestBeyondPiece, CutReason.BrokenRule)]
    [InlineData(Nonsense.RequestTooLong, CutReason.BrokenRule)]
    [InlineData(Nonsense.RequestOfNothing, CutReason.BrokenRule)]
    [InlineData(Nonsense.RequestOfWrongShape, CutReason.BadMessage)]
    [InlineData(Nonsense.HaveBeyondLastPiece, CutReason.BrokenRule)]
    [InlineData(Nonsense.HashRequestOfWrongShape, CutReason.BadMessage)]
    [InlineData(Nonsense.HaveAllTwice, CutReason.BrokenRule)]
    public async Task One_that_says_what_no_peer_says_is_cut_for_it(Nonsense nonsense, CutReason reason)
    {
        await using var siege = new Siege().Seeding();
        await using var caller = new BrokenCaller(Siege.Image, nonsense);
        var ending = await siege.AttackedByAsync(caller, Cancelled);
        await siege.Victim.CutAsync(reason, Cancelled);
        Assert.True(ending.Received < 1024 * 1024, $"It got {ending.Received} bytes.");
        Assert.Equal(reason >= CutReason.Corrupt ? 1 : 0, siege.Victim.Engine.Counters.Bans.Values.Sum());
    }

    /// <summary>aria2 does: it was banned when the first of its downloads was done, and those that had not begun got nothing.</summary>
    [Fact]
    public async Task One_that_says_that_it_has_all_once_it_is_done_is_not_cut_for_it()
    {
        await using var siege = new Siege().Seeding();
        using var client = new TcpClient();
        await client.ConnectAsync(siege.Victim.Address, Cancelled);
        await using var caller = new RawConnection(client.GetStream());
        await caller.SendAsync(RawConnection.Handshake(Siege.Image.WireHash(TorrentKind.Hybrid)), Cancelled);
        await caller.ReceiveAsync(RawConnection.HandshakeLength, Cancelled);
        await caller.SendAsync(PeerMessage.HaveNone, [], Cancelled);
        await caller.SendAsync(PeerMessage.Interested, [], Cancelled);
        while ((await caller.MessageAsync(Cancelled)).Id != PeerMessage.Unchoke)
        {
        }

        await caller.SendAsync(PeerMessage.HaveAll, [], Cancelled);
        await caller.SendAsync(PeerMessage.Request, RawConnection.Words(0, 0, 16 * 1024), Cancelled);
        while ((await caller.MessageAsync(Cancelled)).Id != PeerMessage.Piece)
        {
        }

        Assert.Empty(siege.Victim.Engine.Counters.Bans);
    }

    [Theory]
    [InlineData(Slowness.Mute, CutReason.HandshakeTimeout)]
    [InlineData(Slowness.InHandshake, CutReason.HandshakeTimeout)]
    [InlineData(Slowness.AfterHandshake, CutReason.Idle)]
    [InlineData(Slowness.InMessage, CutReason.Idle)]
    [InlineData(Slowness.NeverReads, CutReason.Idle)]
    public async Task One_that_gives_next_to_nothing_is_cut_within_the_time_for_it(Slowness slowness, CutReason reason)
    {
        await using var siege = new Siege().Seeding();
        await using var caller = new SlowPeer(Siege.Image, slowness);
        await siege.AttackedByAsync(caller, Cancelled);
        await siege.Victim.CutAsync(reason, Cancelled);
    }

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task One_that_floods_is_banned_and_the_other_goes_on(Flood flood)
    {
        await using var siege = new Siege().Seeding();
        await using var caller = new Flooder(Siege.Image, flood);
        await siege.AttackedByAsync(caller, Cancelled);
        await siege.Victim.BannedAsync(CutReason.Flood, Cancelled);
    }

    [Fact]
    public async Task A_banned_caller_gets_nothing_while_its_ban_lasts()
    {
        await using var siege = new Siege().Seeding();
        await using var caller = new BrokenCaller(Siege.Image, Nonsense.RequestTooLong);
        await siege.AttackedByAsync(caller, Cancelled);
        await siege.Victim.BannedAsync(CutReason.BrokenRule, Cancelled);
        Assert.Equal(0, await new SlowPeerAt(caller.Address).CallAsync(siege.Victim.Address, Cancelled));
        await siege.Victim.CutAsync(CutReason.Refused, Cancelled);
    }

    [Fact]
    public async Task One_that_never_says_a_handshake_is_banned_in_the_end()
    {
        await using var siege = new Siege().Seeding();
        await using var caller = new BrokenCaller(Siege.Image, Nonsense.Http);
        while (siege.Victim.Engine.Counters.Bans.GetValueOrDefault(CutReason.BadHandshake) == 0)
        {
            Assert.InRange(siege.Victim.Engine.Counters.Cuts.GetValueOrDefault(CutReason.BadHandshake), 0, 20);
            await caller.CallAsync(siege.Victim.Address, Cancelled);
        }

        Assert.Equal(0, await new SlowPeerAt(caller.Address).CallAsync(siege.Victim.Address, Cancelled));
    }

    [Fact]
    public async Task Many_from_one_address_that_say_nothing_keep_no_one_else_out()
    {
        await using var siege = new Siege(options => options with { HandshakeTimeout = TimeSpan.FromSeconds(4) }).Seeding();
        await using var caller = new SlowPeer(Siege.Image, Slowness.Mute);
        var calls = Enumerable.Range(0, 100).Select(_ => caller.CallAsync(siege.Victim.Address, Cancelled)).ToArray();
        await siege.Victim.CutAsync(CutReason.TooMany, Cancelled);
        await using var sound = new Interop.PlainEngine();
        sound.Name("victim", siege.Victim.Address);
        await sound.WholeAsync(sound.Fetch(Siege.Image), Siege.Image, Cancelled);
        Assert.Contains(calls, static call => !call.IsCompleted);
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task A_ban_ends()
    {
        await using var siege = new Siege(options => options with { BanTime = TimeSpan.FromMilliseconds(300) }).Seeding();
        await using var caller = new BrokenCaller(Siege.Image, Nonsense.RequestTooLong);
        await siege.AttackedByAsync(caller, Cancelled);
        await siege.Victim.BannedAsync(CutReason.BrokenRule, Cancelled);
        var again = new SlowPeerAt(caller.Address);
        while (await again.CallAsync(siege.Victim.Address, Cancelled) == 0)
        {
            Cancelled.ThrowIfCancellationRequested();
        }
    }

    [Fact]
    public async Task An_address_that_is_not_on_the_list_gets_nothing()
    {
        await using var siege = new Siege(options => options with { PlainAllow = [System.Net.IPNetwork.Parse("127.0.0.1/32")] }).Seeding();
        await using var caller = new SlowPeer(Siege.Image, Slowness.AfterHandshake);
        var ending = await siege.AttackedByAsync(caller, Cancelled);
        Assert.Equal(0, ending.Received);
        await siege.Victim.CutAsync(CutReason.Refused, Cancelled);
    }

    [Fact]
    public async Task Of_many_connections_from_one_address_only_as_many_are_kept_as_may_be()
    {
        await using var siege = new Siege(options => options with { MaxConnectionsPerPeer = 4 }).Seeding();
        await using var caller = new SlowPeer(Siege.Image, Slowness.AfterHandshake);
        var calls = Enumerable.Range(0, 40).Select(_ => caller.CallAsync(siege.Victim.Address, Cancelled)).ToArray();
        await siege.Victim.CutAsync(CutReason.TooMany, Cancelled, count: 36);
        await using var sound = new Interop.PlainEngine();
        sound.Name("victim", siege.Victim.Address);
        await sound.WholeAsync(sound.Fetch(Siege.Image), Siege.Image, Cancelled);
        await Task.WhenAll(calls);
    }
}
