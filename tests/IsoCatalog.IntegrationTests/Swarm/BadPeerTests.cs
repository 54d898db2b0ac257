using System.Net.Sockets;
using IsoCatalog.Swarm;
using IsoCatalog.Swarm.Wire;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Swarm;

[Collection(typeof(WholeMachine))]
public sealed class BadPeerTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task A_peer_with_wrong_blocks_is_caught_and_the_others_finish()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 64 * MiB);
        var a = sites.Start("a", options => options with { UploadLimit = 24 * MiB });
        var (bad, b) = (sites.Start("bad"), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        bad.Seed(image.Torrent, image.Damage(sites.Combine("bad.iso"), [.. Enumerable.Range(0, 4096 / 16).Select(i => i * 16)]));
        b.SetPeers([sites.Peer("a", a), sites.Peer("bad", bad)]);

        await sites.Completed(b.Fetch(image.Torrent, sites.Combine("b.iso")));

        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
        Assert.Equal("bad", Assert.Single(b.Counters.CorruptLeaves.Keys));
        Assert.True(b.Counters.Bans.GetValueOrDefault(CutReason.Corrupt) > 0);
        await SwarmSites.Until(() => b.Counters.Cuts.GetValueOrDefault(CutReason.Corrupt) > 0, "the connection has ended");

        // Each wrong piece has one wrong block, and only that was thrown away.
        Assert.InRange(b.Counters.BytesWasted, b.Counters.CorruptLeaves["bad"] * 16384, b.Counters.CorruptLeaves["bad"] * 2 * 16384);
    }

    [Fact]
    public async Task A_peer_whose_file_is_damaged_learns_of_it_and_the_next_one_finishes()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 64 * MiB);
        var (bad, a, b) = (sites.Start("bad"), sites.Start("a"), sites.Start("b"));
        bad.Seed(image.Torrent, image.Damage(sites.Combine("bad.iso"), 2003));
        b.SetPeers([sites.Peer("bad", bad)]);

        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => b.Counters.CorruptLeaves.Count > 0, "the wrong piece is noticed");
        Assert.Contains(sites.Events, e => e.Kind == SwarmEventKind.Storage && e.Message.Contains("bad.iso is damaged", StringComparison.Ordinal));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a), sites.Peer("bad", bad)]);
        await sites.Completed(transfer);

        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
        Assert.Equal(1, b.Counters.CorruptLeaves["bad"]);
    }

    [Theory]
    [InlineData("oversized", CutReason.BadMessage)]
    [InlineData("wrong bitfield", CutReason.BadMessage)]
    [InlineData("spare bits", CutReason.BrokenRule)]
    [InlineData("twice", CutReason.BrokenRule)]
    [InlineData("no such piece", CutReason.BrokenRule)]
    [InlineData("beyond the end", CutReason.BrokenRule)]
    [InlineData("unasked", CutReason.BrokenRule)]
    [InlineData("unasked hashes", CutReason.BrokenRule)]
    [InlineData("flood", CutReason.Flood)]
    [InlineData("requests", CutReason.Flood)]
    public async Task Who_breaks_the_protocol_is_cut_and_counted(string how, CutReason reason)
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB + 1);
        var a = sites.Start("a", options => options with { UploadLimit = 1 });
        a.Seed(image.Torrent, image.Path);

        using var peer = new RawPeer(a.PlainEndpoint!, image);
        switch (how)
        {
            case "oversized":
                peer.Send([0x7F, 0xFF, 0xFF, 0xFF, 7]);
                break;
            case "wrong bitfield":
                peer.Send([0, 0, 0, 5, 5, 0, 0, 0, 0]);
                break;
            case "spare bits":
                peer.Send([0, 0, 0, 10, 5, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
                break;
            case "twice":
                peer.Send([0, 0, 0, 1, 14, 0, 0, 0, 1, 14]);
                break;
            case "no such piece":
                peer.Send(m => m.Number(MessageKind.Have, 65));
                break;
            case "beyond the end":
                peer.Send(m => m.Block(MessageKind.Request, 64, 1, 16384));
                break;
            case "unasked":
                peer.Send([0, 0, 0, 10, 7, 0, 0, 0, 0, 0, 0, 0, 0, 42]);
                break;
            case "unasked hashes":
                peer.Send(m => m.Hashes(MessageKind.Hashes, new HashRequest(image.Torrent.Root, 0, 0, 2, 0), new byte[64]));
                break;
            case "flood":
                peer.Send(m => Enumerable.Range(0, 100_000).ToList().ForEach(_ => m.Simple(MessageKind.Interested)));
                break;
            case "requests":
                peer.Send(m => m.Simple(MessageKind.Interested));
                await SwarmSites.Until(() => peer.IsUnchoked(), "we are served");
                peer.Send(m => Enumerable.Range(0, 20_000).ToList().ForEach(i => m.Block(MessageKind.Request, i % 64, 0, 16384)));
                break;
        }

        await SwarmSites.Until(() => a.Counters.Cuts.GetValueOrDefault(reason) == 1, $"{how}: {reason}; {string.Join(',', a.Counters.Cuts)}");
        await SwarmSites.Until(() => a.Counters.Bans.GetValueOrDefault(reason) == 1, "it is banned");
        using var again = new RawPeer(a.PlainEndpoint!, image);
        await SwarmSites.Until(() => a.Counters.Cuts.GetValueOrDefault(CutReason.Refused) == 1, "it is not let in again");
    }

    [Fact]
    public async Task Who_asks_for_hashes_and_never_reads_them_is_cut_and_banned_before_they_fill_the_memory()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 64 * MiB);
        var a = sites.Start("a");
        a.Seed(image.Torrent, image.Path);
        var request = new HashRequest(image.Torrent.Root, 0, 0, Math.Min(1024, image.Torrent.Geometry.LeavesUnder(0) * 4), 0);

        using var peer = new RawPeer(a.PlainEndpoint!, image);
        await SwarmSites.Until(
            () =>
            {
                // Fewer at once than are answered, and slower than what counts as a flood of messages.
                peer.Send(m => Enumerable.Range(0, 8).ToList().ForEach(_ => m.Hashes(MessageKind.HashRequest, request)));
                return a.Counters.Bans.GetValueOrDefault(CutReason.Flood) == 1;
            },
            "it is banned",
            seconds: 60);

        Assert.Contains(sites.Events, e => e.Message.Contains("does not take the answers", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Half_open_handshakes_of_nine_addresses_leave_a_known_peer_its_place()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 4 * MiB);
        var a = sites.Start("a", options => options with { HandshakeTimeout = TimeSpan.FromMinutes(10) });
        var b = sites.Start("b");
        a.Seed(image.Torrent, image.Path);
        using var held = await HeldSockets.OpenAsync(a.Endpoint!, addresses: 9, each: 32, TestContext.Current.CancellationToken);
        b.SetPeers([sites.Peer("a", a)]);

        await sites.Completed(b.Fetch(image.Torrent, sites.Combine("b.iso")));
    }

    [Fact]
    public async Task Who_says_nothing_is_cut_after_the_handshake_time()
    {
        await using var sites = new SwarmSites();
        var a = sites.Start("a", options => options with { HandshakeTimeout = TimeSpan.FromMilliseconds(300) });
        using var tls = new TcpClient();
        using var plain = new TcpClient();
        await tls.ConnectAsync(a.Endpoint!, TestContext.Current.CancellationToken);
        await plain.ConnectAsync(a.PlainEndpoint!, TestContext.Current.CancellationToken);

        await SwarmSites.Until(() => a.Counters.Cuts.GetValueOrDefault(CutReason.HandshakeTimeout) == 2, "both are cut", seconds: 5);
    }

    [Fact]
    public async Task A_source_that_stops_to_answer_does_not_hold_up_the_end()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 16 * MiB);
        var (a, slow, b) = (sites.Start("a"), sites.Start("slow", options => options with { UploadLimit = 2000 }), sites.Start("b"));
        slow.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("slow", slow)]);
        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => transfer.Progress.RequestsInFlight > 100, "the slow one is asked for much");

        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("slow", slow), sites.Peer("a", a)]);
        await sites.Completed(transfer, seconds: 20);

        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
    }
}
