using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>Which files are read again, and which first.</summary>
public sealed class ScrubPlanTests
{
    private static readonly SiteView Everywhere =
        SomeSite.View.WithCell("bmc", CellState.Advertised, SomeSite.Receipt).WithCell("console", CellState.Advertised, SomeSite.Receipt);

    private static readonly TimeSpan Week = TimeSpan.FromDays(7);

    [Fact]
    public void What_was_not_read_longest_comes_first_and_what_was_read_lately_not_at_all()
    {
        var view = Everywhere;
        var console = new CellKey(SomeSite.Image, "console");
        var root = SomeSite.Receipt.Root;

        Assert.Equal([new(root, null), new(root, console)], Due(ReadTimes.None.With(root, Ago(9)).With(console, Ago(8))));
        Assert.Equal([new(root, console), new(root, null)], Due(ReadTimes.None.With(root, Ago(8)).With(console, Ago(9))));
        Assert.Equal([new(root, console)], Due(ReadTimes.None.With(root, Ago(6)).With(console, Ago(7))));
        Assert.Empty(Due(ReadTimes.None.With(root, Ago(6)).With(console, Ago(0))));

        List<ScrubStep> Due(ReadTimes times) => [.. ScrubPlan.Due(view with { ReadTimes = times }, Week, SomeSite.Now)];
    }

    [Fact]
    public void What_nobody_remembers_to_have_read_is_due_and_so_is_what_a_wrong_clock_read_in_the_future()
    {
        var times = ReadTimes.None.With(SomeSite.Receipt.Root, Ago(-3650));

        Assert.Equal(2, ScrubPlan.Due(Everywhere with { ReadTimes = times }, Week, SomeSite.Now).Count());
        Assert.Equal(2, ScrubPlan.Due(Everywhere, Week, SomeSite.Now).Count());
    }

    [Fact]
    public void A_file_that_is_not_trusted_and_a_name_of_the_stores_own_inode_are_not_read_for_themselves()
    {
        Assert.DoesNotContain(ScrubPlan.Due(Everywhere, Week, SomeSite.Now), s => s.Cell is { Surface: "bmc" });
        Assert.DoesNotContain(
            ScrubPlan.Due(Everywhere.WithStore(new StoreFile.Doubted(SomeSite.Receipt, "touched", SomeSite.Now)), Week, SomeSite.Now), s => s.Cell is null);
    }

    /// <summary>Where it could not be linked, a surface that else serves the store's inode has a copy.</summary>
    [Fact]
    public void A_copy_is_read_for_itself_whatever_its_surface_is_like()
    {
        var copy = Everywhere.WithCell("bmc", CellState.Advertised, SomeSite.Receipt with { Inode = 99 });

        Assert.Contains(ScrubPlan.Due(copy, Week, SomeSite.Now), s => s.Cell is { Surface: "bmc" });
    }

    private static DateTimeOffset Ago(int days) => SomeSite.Now - TimeSpan.FromDays(days);
}
