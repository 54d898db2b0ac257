using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm;
using Xunit;

namespace IsoCatalog.IntegrationTests.Swarm;

[Collection(typeof(WholeMachine))]
public sealed class TransferTests
{
    private const int MiB = 1024 * 1024;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5 * 1024)]
    [InlineData(MerkleTree.LeafLength)]
    [InlineData(MerkleTree.LeafLength + 1)]
    [InlineData(3 * MiB + 5)]
    [InlineData(40 * MiB + 12_345)]
    public async Task An_image_of_any_size_arrives_whole(int size)
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), size);
        var (a, b) = (sites.Start("a"), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a, plain: true)]);

        var outcome = await sites.Completed(b.Fetch(image.Torrent, sites.Combine("b.iso"), sites.Combine("b.progress")));

        Assert.Equal(size, outcome.Fetched);
        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
        Assert.False(File.Exists(sites.Combine("b.progress")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task An_image_arrives_over_TLS_on_one_connection_or_several(int streams)
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 48 * MiB);
        var (a, b) = (sites.Start("a"), sites.Start("b", options => options with { Streams = streams, ListenPlain = null }));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a)]);

        await sites.Completed(b.Fetch(image.Torrent, sites.Combine("b.iso")));

        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
        var letIn = sites.Events.Where(e => e.Message.StartsWith("Let in", StringComparison.Ordinal)).ToList();
        Assert.InRange(letIn.Count, 1, streams);
        Assert.All(letIn, e => Assert.Equal("b", e.Peer));
    }

    [Fact]
    public async Task A_site_passes_on_what_it_has_before_it_has_all()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 32 * MiB);
        var a = sites.Start("a", options => options with { UploadLimit = 16 * MiB });
        var (b, c) = (sites.Start("b"), sites.Start("c"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a)]);
        c.SetPeers([sites.Peer("b", b)]);

        var toB = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => toB.Progress.Verified > 0, "the first piece is at b");
        var toC = c.Fetch(image.Torrent, sites.Combine("c.iso"));
        await SwarmSites.Until(() => toC.Progress.Verified > 0, "a piece is at c");
        Assert.Equal(TransferState.Fetching, toB.Progress.State);
        await sites.Completed(toB);
        await sites.Completed(toC);

        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("c.iso"), TestContext.Current.CancellationToken));
        Assert.InRange(a.Counters.BytesSent, 32 * MiB, 33 * MiB);
    }

    [Fact]
    public async Task Two_sites_that_fetch_the_same_take_most_of_it_from_each_other()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 32 * MiB);
        var a = sites.Start("a", options => options with { UploadLimit = 6 * MiB });
        var (b, c) = (sites.Start("b"), sites.Start("c"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a), sites.Peer("c", c)]);
        c.SetPeers([sites.Peer("a", a), sites.Peer("b", b)]);

        await Task.WhenAll(
            sites.Completed(b.Fetch(image.Torrent, sites.Combine("b.iso"))),
            sites.Completed(c.Fetch(image.Torrent, sites.Combine("c.iso"))));

        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("c.iso"), TestContext.Current.CancellationToken));
        Assert.True(a.Counters.BytesSent < 48 * MiB, $"a sent {a.Counters.BytesSent}, b {b.Counters.BytesSent}, c {c.Counters.BytesSent}\n{string.Join('\n', sites.Events)}");
    }

    [Fact]
    public async Task What_was_committed_is_not_fetched_again()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 48 * MiB);
        var (a, b) = (sites.Start("a", options => options with { UploadLimit = 24 * MiB }), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a)]);
        var first = b.Fetch(image.Torrent, sites.Combine("b.iso"), sites.Combine("b.progress"));
        await SwarmSites.Until(() => first.Progress.Verified > 16 * MiB, "a third is there");
        Assert.True(await b.StopAsync(image.Torrent.Root));
        Assert.IsType<TransferOutcome.Stopped>(await first.Completion);
        var verified = first.Progress.Verified;

        a.UploadLimit = 0;
        var second = b.Fetch(image.Torrent, sites.Combine("b.iso"), sites.Combine("b.progress"));
        var outcome = await sites.Completed(second);

        Assert.Equal(48 * MiB - verified, outcome.Fetched);
        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Without_a_record_that_can_be_believed_the_file_is_hashed_and_only_what_is_wrong_is_fetched()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 40 * MiB);
        var (a, b) = (sites.Start("a"), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a)]);
        image.Damage(sites.Combine("b.iso"), 3, 1000);
        await File.WriteAllTextAsync(sites.Combine("b.progress"), "from another boot", TestContext.Current.CancellationToken);

        var outcome = await sites.Completed(b.Fetch(image.Torrent, sites.Combine("b.iso"), sites.Combine("b.progress")));

        Assert.Equal(2 * image.Torrent.PieceLength, outcome.Fetched);
        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_repair_fetches_the_bad_blocks_and_nothing_else()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), 192 * MiB);
        Assert.Equal(128 * 1024, image.Torrent.PieceLength);
        var (a, b) = (sites.Start("a"), sites.Start("b"));
        a.Seed(image.Torrent, image.Path);
        b.SetPeers([sites.Peer("a", a)]);
        var damaged = image.Damage(sites.Combine("damaged.iso"), 0, 9, 10, 5000);

        var outcome = await sites.Completed(b.Repair(image.Torrent, damaged, sites.Combine("b.iso")));

        Assert.Equal(4 * MerkleTree.LeafLength, outcome.Fetched);
        Assert.Equal(image.Bytes, await File.ReadAllBytesAsync(sites.Combine("b.iso"), TestContext.Current.CancellationToken));
        Assert.Empty(b.Counters.CorruptLeaves);
    }

    [Fact]
    public async Task A_transfer_says_why_nothing_arrives()
    {
        await using var sites = new SwarmSites();
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB);
        var (a, b) = (sites.Start("a"), sites.Start("b"));
        b.SetPeers([sites.Peer("a", a)]);

        var transfer = b.Fetch(image.Torrent, sites.Combine("b.iso"));
        await SwarmSites.Until(() => transfer.Progress.StallReason?.Contains("a: it closed the connection", StringComparison.Ordinal) == true, "the reason");

        a.Seed(image.Torrent, image.Path);
        await sites.Completed(transfer);
        Assert.Null(transfer.Progress.StallReason);
    }
}
