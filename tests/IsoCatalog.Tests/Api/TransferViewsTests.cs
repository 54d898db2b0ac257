using IsoCatalog.Appliance.Api;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Swarm;
using IsoCatalog.Tests.Catalog;
using IsoCatalog.Tests.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Api;

/// <summary>What is on its way between sites.</summary>
public sealed class TransferViewsTests
{
    private static readonly Sha256Digest Root = SomeImages.Value(1).Root;

    private static readonly SiteView Fetching = SomeSite.View.WithStore(
        new StoreFile.Fetching(SomeSite.Now, 0.25, ReasonCode.WaitingForSource, "Nobody has it."));

    [Fact]
    public void A_transfer_has_its_name_its_rest_of_time_and_its_peers_the_fastest_first()
    {
        var transfer = Assert.Single(TransferViews.Of(Fetching, Running(TransferState.Fetching, rate: 100, Peer("msk", 30), Peer("nyc", 70)), []).Transfers);

        Assert.Equal(("image-1.iso", "fetching", 400L, 6.0, 3), (transfer.Name, transfer.State, transfer.Done, transfer.SecondsLeft!.Value, transfer.RequestsInFlight));
        Assert.Equal(["nyc", "msk"], transfer.Peers.Select(p => p.Name));
        Assert.Null(transfer.Peers[0].RoundTrip);
        Assert.Equal(SomeSite.Now, transfer.Since);
    }

    [Fact]
    public void A_stalled_transfer_says_why_and_promises_no_time()
    {
        var stalled = Running(TransferState.Fetching, rate: 0) is var running
            ? running.ToDictionary(r => r.Key, r => r.Value with { StallReason = "No peer has what is missing." })
            : null;
        var transfer = Assert.Single(TransferViews.Of(Fetching, stalled!, []).Transfers);

        Assert.Equal((ReasonCode.WaitingForSource, "No peer has what is missing.", null), (transfer.Code, transfer.Reason, transfer.SecondsLeft));
    }

    [Theory]
    [InlineData(TransferState.Completed)]
    [InlineData(TransferState.Failed)]
    public void What_waits_without_a_transfer_is_shown_as_waiting(TransferState ended)
    {
        var transfer = Assert.Single(TransferViews.Of(Fetching, Running(ended, rate: 0), []).Transfers);

        Assert.Equal(("waiting", SomeImages.Value(1).Size / 4, "Nobody has it."), (transfer.State, transfer.Done, transfer.Reason));
    }

    [Fact]
    public void What_is_read_back_has_all_its_bytes()
    {
        var view = SomeSite.View.WithStore(new StoreFile.Fetching(SomeSite.Now, 1, ReasonCode.Verifying, "Read back."));
        var transfer = Assert.Single(TransferViews.Of(view, Running(TransferState.Completed, rate: 0), []).Transfers);

        Assert.Equal(("verifying", SomeImages.Value(1).Size), (transfer.State, transfer.Done));
    }

    [Fact]
    public void Only_connections_that_are_sent_to_are_uploads()
    {
        var list = TransferViews.Of(SomeSite.View, new Dictionary<Sha256Digest, TransferProgress>(), [Peer("nyc", 5), Peer("msk", 5) with { UploadRate = 9 }]);

        Assert.Empty(list.Transfers);
        var upload = Assert.Single(list.Uploads);
        Assert.Equal(("msk", "image-1.iso", 9.0), (upload.Peer, upload.Name, upload.Rate));
    }

    private static Dictionary<Sha256Digest, TransferProgress> Running(TransferState state, double rate, params PeerSnapshot[] peers) =>
        new() { [Root] = new TransferProgress(state, 1000, 400, 450, rate, 3, peers, null) };

    private static PeerSnapshot Peer(string name, double rate) =>
        new(name, "127.0.0.1:1", Root, true, true, rate, 0, 0, 0, 0, 0, TimeSpan.Zero, 1);
}
