using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>What a site makes of a document or a statement of its own that somebody else has.</summary>
public sealed class OwnPastTests
{
    private static readonly DateTimeOffset Started = new(2026, 11, 21, 6, 0, 0, TimeSpan.Zero);
    private static readonly RandomId Own = RandomId.New();
    private static readonly OwnPast Past = new(5, new DocumentRef(4, 7, default(Sha256Digest)), Started);

    [Theory]
    [InlineData(4, 7, true, OwnFinding.Known)]
    [InlineData(3, 99, true, OwnFinding.Known)]
    [InlineData(4, 8, true, OwnFinding.RolledBack)]
    [InlineData(5, 1, true, OwnFinding.RolledBack)]
    [InlineData(6, 1, true, OwnFinding.RolledBack)]
    [InlineData(5, 80, false, OwnFinding.Known)]
    [InlineData(6, 1, false, OwnFinding.RolledBack)]
    public void What_is_newer_than_all_that_is_here_was_forgotten_here(long epoch, long seq, bool document, OwnFinding finding) =>
        Assert.Equal(finding, Past.Weigh(new OwnWord(epoch, seq, RandomId.New(), Started.AddSeconds(-1)), document, Own));

    [Theory]
    [InlineData(4, 8, true, OwnFinding.Cloned)]
    [InlineData(6, 1, true, OwnFinding.Cloned)]
    [InlineData(6, 1, false, OwnFinding.Cloned)]
    [InlineData(4, 7, true, OwnFinding.Known)]
    [InlineData(5, 80, false, OwnFinding.Known)]
    public void What_was_signed_after_the_start_and_not_here_was_signed_by_another_machine(long epoch, long seq, bool document, OwnFinding finding)
    {
        Assert.Equal(finding, Past.Weigh(new OwnWord(epoch, seq, RandomId.New(), Started.AddSeconds(1)), document, Own));
        Assert.Equal(finding, Past.Weigh(new OwnWord(epoch, seq, RandomId.New(), Started.AddSeconds(1)), document, null));
    }

    [Fact]
    public void A_machine_that_was_set_back_while_it_ran_has_forgotten_what_this_very_process_signed() =>
        Assert.Equal(OwnFinding.RolledBack, Past.Weigh(new OwnWord(6, 9, Own, Started.AddMinutes(5)), document: true, Own));

    [Fact]
    public void Of_a_site_that_has_nothing_of_its_own_everything_was_forgotten() =>
        Assert.Equal(OwnFinding.RolledBack, new OwnPast(0, null, Started).Weigh(new OwnWord(1, 1, null, Started.AddDays(-1)), document: true, null));
}
