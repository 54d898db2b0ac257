using IsoCatalog.IntegrationTests.Interop;
using IsoCatalog.Swarm;
using IsoCatalog.Testing.Hostile;
using Xunit;

namespace IsoCatalog.IntegrationTests.HostilePeers;

/// <summary>Peers that offer an image and do not give it as they should.</summary>
[Collection(typeof(WholeMachine))]
public sealed class BadSeedTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<BitfieldFault> BitfieldFaults => [.. Enum.GetValues<BitfieldFault>()];

    [Fact]
    public async Task One_that_corrupts_every_block_is_banned_after_the_first()
    {
        await using var siege = new Siege();
        await using var bad = new CorruptingSeed(Siege.Image);
        await siege.FetchesInSpiteOfAsync(bad, victim => victim.BannedAsync(CutReason.Corrupt, Cancelled), Cancelled);
        Assert.True((await bad.CutAsync(Cancelled)).After < Siege.Bound);
        Assert.True(siege.Victim.Engine.Counters.CorruptLeaves.Values.Sum() > 0, siege.Victim.Said);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    public async Task One_that_stops_answering_is_cut_and_what_it_owed_is_asked_of_another(int blocks)
    {
        await using var siege = new Siege();
        await using var bad = new StallingSeed(Siege.Image, blocks);
        await siege.FetchesInSpiteOfAsync(bad, async _ => Assert.True((await bad.CutAsync(Cancelled)).After < Siege.Bound), Cancelled);
    }

    [Fact]
    public async Task One_that_stops_answering_does_not_hold_up_another_that_is_there_from_the_start()
    {
        await using var siege = new Siege();
        await using var bad = new StallingSeed(Siege.Image, 20);
        await using var good = new RawSeed(Siege.Image);
        siege.Victim.Name("bad", bad.Listen());
        siege.Victim.Name("good", good.Listen());
        await siege.Victim.WholeAsync(siege.Victim.Fetch(Siege.Image), Siege.Image, Cancelled);
    }

    [Fact]
    public async Task One_that_refuses_every_block_is_not_asked_without_end()
    {
        await using var siege = new Siege();
        await using var bad = new RefusingSeed(Siege.Image);
        await using var good = new RawSeed(Siege.Image);
        siege.Victim.Name("bad", bad.Listen());
        var transfer = siege.Victim.Fetch(Siege.Image);
        await siege.Victim.UntilAsync(() => bad.Requests > 0, "a request to the one that refuses", Cancelled);
        siege.Victim.Name("good", good.Listen());
        await siege.Victim.WholeAsync(transfer, Siege.Image, Cancelled);
        Assert.InRange(bad.Requests, 1, 20_000);
    }

    [Fact]
    public async Task One_that_sends_a_block_that_nobody_asked_for_is_banned()
    {
        await using var siege = new Siege();
        await using var bad = new UnaskedSeed(Siege.Image);
        await siege.FetchesInSpiteOfAsync(bad, victim => victim.BannedAsync(CutReason.BrokenRule, Cancelled), Cancelled);
    }

    [Fact]
    public async Task One_that_sends_half_of_each_block_is_banned()
    {
        await using var siege = new Siege();
        await using var bad = new ShortBlockSeed(Siege.Image);
        await siege.FetchesInSpiteOfAsync(bad, victim => JudgedAsync(victim, CutReason.BrokenRule, CutReason.BadMessage), Cancelled);
    }

    [Fact]
    public async Task One_that_closes_in_the_middle_of_a_message_is_no_more_than_a_closed_connection()
    {
        await using var siege = new Siege();
        await using var bad = new BreakingSeed(Siege.Image);
        await siege.FetchesInSpiteOfAsync(bad, victim => victim.CutAsync(CutReason.Closed, Cancelled), Cancelled);
        Assert.Equal(0, siege.Victim.Engine.Counters.Bans.Values.Sum());
    }

    [Fact]
    public async Task One_that_sends_a_block_byte_by_byte_is_cut()
    {
        await using var siege = new Siege();
        await using var bad = new DrippingSeed(Siege.Image);
        await siege.FetchesInSpiteOfAsync(bad, async _ => Assert.True((await bad.CutAsync(Cancelled)).After < Siege.Bound), Cancelled);
    }

    [Theory]
    [MemberData(nameof(BitfieldFaults))]
    public async Task One_whose_bitfield_fits_no_such_torrent_is_banned(BitfieldFault fault)
    {
        await using var siege = new Siege();
        await using var bad = new BadBitfieldPeer(Siege.Image, fault);
        await siege.FetchesInSpiteOfAsync(bad, victim => JudgedAsync(victim, CutReason.BadMessage, CutReason.BrokenRule), Cancelled);
    }

    [Theory]
    [InlineData(HashesFault.Unasked)]
    [InlineData(HashesFault.TooShort)]
    public async Task One_that_sends_hashes_that_nobody_asked_for_is_banned(HashesFault fault)
    {
        await using var siege = new Siege();
        await using var bad = new FalseHashSeed(Siege.Image, fault);
        await siege.FetchesInSpiteOfAsync(bad, victim => JudgedAsync(victim, CutReason.BadMessage, CutReason.BrokenRule), Cancelled);
    }

    [Theory]
    [InlineData(HashesFault.FalseProof)]
    [InlineData(HashesFault.WrongIndex)]
    public async Task One_that_lies_in_its_hashes_too_is_banned_all_the_same(HashesFault fault)
    {
        await using var siege = new Siege();
        await using var bad = new FalseHashSeed(Siege.Image, fault);
        await siege.FetchesInSpiteOfAsync(
            bad, victim => JudgedAsync(victim, CutReason.Corrupt, CutReason.BadMessage, CutReason.BrokenRule), Cancelled);
    }

    [Fact]
    public async Task A_banned_one_is_not_called_again_while_its_ban_lasts()
    {
        await using var siege = new Siege();
        await using var bad = new CorruptingSeed(Siege.Image);
        await siege.FetchesInSpiteOfAsync(bad, victim => victim.BannedAsync(CutReason.Corrupt, Cancelled), Cancelled);
        var asked = bad.Requests;
        var ending = await new SlowPeerAt(bad.Address).CallAsync(siege.Victim.Address, Cancelled);
        Assert.Equal(0, ending);
        Assert.Equal(asked, bad.Requests);
    }

    private static Task JudgedAsync(PlainEngine victim, params CutReason[] reasons) => victim.UntilAsync(
        () => reasons.Sum(reason => victim.Engine.Counters.Bans.GetValueOrDefault(reason)) > 0, $"a ban for {string.Join(" or ", reasons)}", Cancelled);
}
