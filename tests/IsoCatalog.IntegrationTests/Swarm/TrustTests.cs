using System.Diagnostics;
using IsoCatalog.Swarm;
using Xunit;

namespace IsoCatalog.IntegrationTests.Swarm;

[Collection(typeof(WholeMachine))]
public sealed class TrustTests
{
    private const int MiB = 1024 * 1024;

    [Fact]
    public async Task A_key_that_is_not_known_is_not_let_in()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB);
        var (a, b) = (sites.Start("a"), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        sites.Distrust("b");
        b.SetPeers([sites.Peer("a", a)]);

        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => a.Counters.Cuts.GetValueOrDefault(CutReason.Untrusted) > 0, "a refuses b");

        Assert.Empty(a.Peers);
        Assert.Equal(0, a.Counters.BytesSent);
        Assert.Equal(0, transfer.Progress.Fetched);
    }

    [Fact]
    public async Task A_peer_with_another_key_than_its_pin_is_not_spoken_to()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB);
        var (a, b) = (sites.Start("a"), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a) with { Spki = sites.Peer("b", b).Spki }]);

        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => b.Counters.Cuts.GetValueOrDefault(CutReason.Untrusted) > 0, "b refuses a");

        Assert.Empty(b.Peers);
        Assert.Equal(0, transfer.Progress.Fetched);
    }

    [Fact]
    public async Task When_a_key_is_no_longer_known_its_connections_are_closed_within_five_seconds()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 32 * MiB);
        var (a, b) = (sites.Start("a", options => options with { UploadLimit = 2 * MiB }), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a)]);
        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => transfer.Progress.Fetched > 0, "something arrives");

        var start = Stopwatch.GetTimestamp();
        sites.Distrust("b");
        await SwarmSites.Until(() => a.Peers.Count == 0, "the connection is closed", seconds: 5);

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 0, 5);
        await SwarmSites.Until(() => a.Counters.Cuts.GetValueOrDefault(CutReason.Untrusted) > 0, "it is counted");
        Assert.Equal(TransferState.Fetching, transfer.Progress.State);
    }

    [Fact]
    public async Task Standard_clients_come_in_from_listed_addresses_only()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB);
        var (a, b) = (sites.Start("a", options => options with { PlainAllow = [System.Net.IPNetwork.Parse("10.0.0.0/8")] }), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a, plain: true)]);

        b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => a.Counters.Cuts.GetValueOrDefault(CutReason.Refused) > 0, "a refuses the address");
        Assert.Empty(a.Peers);
    }

    [Fact]
    public async Task A_standard_client_whose_address_leaves_the_list_is_cut_and_comes_in_again_once_it_is_back()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB);
        var (a, b) = (sites.Start("a", options => options with { UploadLimit = 20_000 }), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a, plain: true)]);
        b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => a.Peers.Count > 0, "it is connected");

        a.PlainAllow = [System.Net.IPNetwork.Parse("10.0.0.0/8")];
        await SwarmSites.Until(() => a.Peers.Count == 0, "it is cut");
        Assert.True(a.Counters.Cuts.GetValueOrDefault(CutReason.Refused) > 0);

        a.PlainAllow = [System.Net.IPNetwork.Parse("127.0.0.0/8")];
        await SwarmSites.Until(() => a.Peers.Count > 0, "it is back", seconds: 60);
    }
}
