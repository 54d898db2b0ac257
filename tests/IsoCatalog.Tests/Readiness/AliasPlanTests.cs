using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>When an alias moves, and which images it takes out of the catalog.</summary>
public sealed class AliasPlanTests
{
    private static readonly SiteView Shown = SomeSite.View.WithCell("bmc", CellState.Advertised).WithCell("console", CellState.Advertised);

    private static readonly AliasMove Move = new("job", "latest", SomeSite.Image, null, "tests", SomeSite.Now, Asked: 100);

    [Theory]
    [InlineData(null)]
    [InlineData(CellState.Verifying)]
    [InlineData(CellState.Staged)]
    [InlineData(CellState.Withdrawn)]
    public void Waits_for_every_surface_of_this_site(CellState? state)
    {
        var view = SomeSite.View.WithCell("bmc", CellState.Advertised).WithCell("console", state);

        Assert.Equal(AliasStep.Wait, Next(view));
        var hindrance = Assert.Single(AliasPlan.WaitsFor(view, "ams", SomeSite.Image, SomeSite.Now));
        Assert.Equal(("ams", "console"), (hindrance.Site, hindrance.Surface));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(CellState.Fetching)]
    [InlineData(CellState.Staged)]
    [InlineData(CellState.Withdrawn)]
    public void Waits_for_every_surface_of_every_other_site_also_where_it_was_offered_before(CellState? state)
    {
        var view = With(Shown, Other("nyc", CellState.Advertised), Other("msk", state) with { Offered = [SomeSite.Image] });

        Assert.Equal(AliasStep.Wait, Next(view));
        Assert.Equal("msk", Assert.Single(AliasPlan.WaitsFor(view, "ams", SomeSite.Image, SomeSite.Now)).Site);
    }

    [Fact]
    public void Moves_once_the_image_can_be_picked_everywhere()
    {
        Assert.Equal(AliasStep.Move, Next(Shown));
        Assert.Equal(AliasStep.Move, Next(With(Shown, Other("nyc", CellState.Advertised))));
    }

    [Theory]
    [InlineData(14.9, AliasStep.Wait)]
    [InlineData(15, AliasStep.Move)]
    public void Does_not_wait_for_what_nobody_waits_for(double minutes, AliasStep step)
    {
        var since = SomeSite.Now.AddMinutes(-minutes);

        Assert.Equal(step, Next(With(Shown, new OtherSite("nyc", since))));
        Assert.Equal(step, Next(With(Shown, Other("nyc", null) with { Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi", since)] })));
        Assert.Equal(step, Next(Shown.WithProblem(1, since)));
    }

    [Fact]
    public void An_image_that_is_hidden_is_waited_for_with_that_reason()
    {
        Assert.Equal(AliasStep.Wait, Next(Shown.Hidden()));
        Assert.All(AliasPlan.WaitsFor(Shown.Hidden(), "ams", SomeSite.Image, SomeSite.Now), h => Assert.Equal("The image is hidden.", h.Reason));
    }

    [Fact]
    public void Gives_up_an_image_that_left_the_catalog()
    {
        Assert.Equal(AliasStep.GiveUp, Next(Shown.Deleted()));
        Assert.Equal(AliasStep.GiveUp, Next(Shown with { Catalog = Shown.Catalog.With(new BlockEntry(SomeSite.Image, new Stamp(5, 0, "ams"), "tests", null, false)) }));
        Assert.Equal(AliasStep.GiveUp, AliasPlan.Next(Shown, "ams", Move with { Image = SomeImages.Id(9) }, SomeSite.Now));
    }

    [Theory]
    [InlineData(99, null, AliasStep.Move)]
    [InlineData(100, null, AliasStep.Move)]
    [InlineData(101, null, AliasStep.Overtaken)]
    [InlineData(500, 99L, AliasStep.Move)]
    [InlineData(500, 101L, AliasStep.Overtaken)]
    public void The_later_word_counts_whichever_was_carried_out_first(long stamp, long? asked, AliasStep step)
    {
        foreach (var deleted in new[] { false, true })
        {
            var entry = new AliasEntry("latest", SomeImages.Id(2), new Stamp(stamp, 0, "nyc"), "tests", null, deleted) { Asked = asked };
            Assert.Equal(step, Next(Shown with { Catalog = Shown.Catalog.With(entry) }));
        }
    }

    [Fact]
    public void Former_targets_are_remembered_newest_first_once_each_and_up_to_a_bound()
    {
        Assert.Empty(AliasPlan.FormerOf(null, SomeImages.Id(1)));
        Assert.Equal([SomeImages.Id(1)], AliasPlan.FormerOf(Alias(1), SomeImages.Id(2)));
        Assert.Equal([SomeImages.Id(3), SomeImages.Id(2)], AliasPlan.FormerOf(Alias(3, 2, 1), SomeImages.Id(1)));
        Assert.Equal([SomeImages.Id(2)], AliasPlan.FormerOf(Alias(1, 2), SomeImages.Id(1)));
        Assert.Empty(AliasPlan.FormerOf(Alias(1) with { Deleted = true }, SomeImages.Id(2)));
        Assert.Equal(AliasEntry.MaxFormer, AliasPlan.FormerOf(Alias(100, [.. Enumerable.Range(1, AliasEntry.MaxFormer)]), SomeImages.Id(200)).Count);
    }

    [Theory]
    [InlineData(null, new int[0])]
    [InlineData(0, new[] { 4, 3, 2 })]
    [InlineData(1, new[] { 3, 2 })]
    [InlineData(2, new[] { 2 })]
    [InlineData(3, new int[0])]
    public void Keeps_the_newest_former_targets_that_are_still_in_the_catalog(int? keep, int[] gone)
    {
        // 5 was removed by hand, and does not count as kept.
        var view = new SiteView
        {
            Catalog = CatalogView.Empty.With([.. Enumerable.Range(1, 6).Select(i => SomeImages.Put(i, i)), SomeImages.Delete(5, 10)]),
        };

        Assert.Equal(
            gone.Select(SomeImages.Id),
            AliasPlan.Superseded(view, "latest", SomeImages.Id(6), [.. new[] { 5, 4, 3, 2 }.Select(SomeImages.Id)], keep).Select(i => i.Id));
    }

    [Fact]
    public void Never_removes_what_is_protected_or_what_another_alias_names_or_waits_for()
    {
        var view = new SiteView
        {
            Catalog = CatalogView.Empty.With(
            [
                .. Enumerable.Range(1, 6).Select(i => (Entry)SomeImages.Put(i, i)),
                new MetaEntry(SomeImages.Id(1), new Stamp(10, 0, "ams"), "tests", null, new MetaValue { Protected = true }),
                new AliasEntry("stable", SomeImages.Id(2), new Stamp(11, 0, "ams"), "tests", null, false),
                new AliasEntry("latest", SomeImages.Id(3), new Stamp(12, 0, "ams"), "tests", null, false),
            ]),
            AliasMoves = ImmutableDictionary<string, AliasMove>.Empty.Add("next", Move with { Alias = "next", Image = SomeImages.Id(4) }),
        };

        Assert.Equal(
            [SomeImages.Id(3), SomeImages.Id(5)],
            AliasPlan.Superseded(view, "latest", SomeImages.Id(6), [.. Enumerable.Range(1, 5).Select(SomeImages.Id)], 0).Select(i => i.Id));
    }

    private static AliasStep Next(SiteView view) => AliasPlan.Next(view, "ams", Move, SomeSite.Now);

    private static AliasEntry Alias(int image, params int[] former) =>
        new("latest", SomeImages.Id(image), new Stamp(1, 0, "ams"), "tests", null, false) { Former = [.. former.Select(SomeImages.Id)] };

    private static OtherSite Other(string site, CellState? state) => new(site, SomeSite.Now)
    {
        Surfaces = [new OtherSurface("bmc", "ipmi", "ipmi")],
        Cells = state is { } s
            ? ImmutableDictionary<CellKey, Cell>.Empty.Add(new CellKey(SomeSite.Image, "bmc"), new Cell(s, SomeSite.Now))
            : ImmutableDictionary<CellKey, Cell>.Empty,
    };

    private static SiteView With(SiteView view, params OtherSite[] others) => view with { Others = others.ToImmutableDictionary(o => o.Site) };
}
