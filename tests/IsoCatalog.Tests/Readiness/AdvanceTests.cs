using System.Collections.Immutable;
using FsCheck.Fluent;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>A site that answers and comes no further with an image is waited for as long as a silent one, and no longer.</summary>
public sealed class AdvanceTests
{
    private static readonly SiteView ReadyHere = SomeSite.View.WithCell("console", CellState.Staged, SomeSite.Receipt).WithCell("bmc", CellState.Staged, SomeSite.Receipt);

    /// <summary>By age: the first is the oldest.</summary>
    private static readonly CatalogImage[] Images = [.. Enumerable.Range(0, 4).Select(n => Aged(n, SomeSite.Now.AddDays(n)))];

    [Fact]
    public void A_site_that_comes_no_further_for_a_quarter_of_an_hour_holds_an_image_back_no_longer()
    {
        var nyc = Heard(Heard(null, 0, Fetching(0, 0.3)), 1, Fetching(0, 0.4));
        var (almost, over) = (SomeSite.Now.AddMinutes(15.9), SomeSite.Now.AddMinutes(16));
        nyc = Heard(nyc, 15.8, Fetching(0, 0.4));
        var view = View(nyc);

        Assert.False(CellPlan.MayShow(view, Images[0].Id, together: true, almost));
        Assert.Equal(["nyc"], CellPlan.HeldBackBy(view, Images[0].Id, together: true, almost));
        Assert.Equal(over, CellPlan.PatienceEnds(view, almost));
        Assert.True(CellPlan.MayShow(view, Images[0].Id, together: true, over));
        Assert.Empty(CellPlan.WaitsFor(view, Images[0].Id, over));
        Assert.False(CellPlan.MayShow(View(Heard(nyc, 15.9, Fetching(0, 0.41))), Images[0].Id, together: true, over), "it moved");
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(2, false)]
    public void What_is_brought_before_it_is_progress_and_what_comes_after_it_is_none(int other, bool held)
    {
        var nyc = Heard(null, 0, Fetching(1, 0), Fetching(other, 0));
        nyc = Heard(nyc, 14, Fetching(1, 0), Fetching(other, 0.5));

        Assert.Equal(held, nyc.HoldsBack(Images[1].Id, SomeSite.Now.AddMinutes(16)));
        Assert.True(Heard(nyc, 14.5, Ready(0), Fetching(1, 0)).HoldsBack(Images[1].Id, SomeSite.Now.AddMinutes(20)) || !held, "that it became ready is progress too");
    }

    [Fact]
    public void An_attempt_that_begins_anew_each_time_comes_no_further()
    {
        OtherSite? nyc = null;
        for (var minute = 0; minute < 16; minute++)
        {
            nyc = Heard(nyc, minute, Fetching(0, minute == 0 ? 0.5 : minute % 2 * 0.5));
        }

        Assert.True(nyc!.IsStuck(Images[0].Id, SomeSite.Now.AddMinutes(15)));
    }

    [Fact]
    public void The_way_from_the_last_byte_to_the_last_surface_is_progress()
    {
        OtherSite? nyc = null;
        HeldImage[] way = [Fetching(0, 1), Fetching(0, 0.1, ReasonCode.Verifying), Fetching(0, 1, ReasonCode.Verifying), On("verifying", 0), On("verifying", 500), On("verifying", 999)];
        foreach (var (step, minutes) in way.Select((w, i) => (w, i * 14)))
        {
            nyc = Heard(nyc, minutes, step);
            Assert.False(nyc.IsStuck(Images[0].Id, SomeSite.Now.AddMinutes(minutes + 14)), $"{minutes} minutes");
        }

        Assert.False(Heard(nyc, 99, Ready(0)).Incomplete.ContainsKey(Images[0].Id));

        static HeldImage On(string state, int progress) => new(
            Images[0].Id, Stored: true, Sha256Confirmed: false, new Dictionary<string, HeldCell> { ["bmc"] = new(state, SomeSite.Now, Progress: progress) });
    }

    /// <summary>What the site says nothing of, it may not know of yet.</summary>
    [Fact]
    public void An_image_that_it_says_nothing_of_is_waited_for_from_when_it_was_first_missed_there()
    {
        var nyc = Heard(Heard(null, 0), 10);

        Assert.True(nyc.HoldsBack(Images[0].Id, SomeSite.Now.AddMinutes(14)));
        Assert.False(nyc.HoldsBack(Images[0].Id, SomeSite.Now.AddMinutes(15)));
    }

    /// <summary>The problem of the surface is as old as the wait: from then on the site is ready without it, and what lacks the image goes on being named.</summary>
    [Fact]
    public void A_surface_that_is_not_waited_for_any_more_is_no_progress()
    {
        var broken = new HeldSurface("bmc", "ipmi", "ipmi", Problem: ReasonCode.NoSpace, ProblemSince: SomeSite.Now.AddSeconds(5));
        var nyc = Heard(null, 0, [broken]);
        nyc = Heard(nyc, 16, [broken]);

        Assert.True(nyc.IsReady(Images[0].Id, SomeSite.Now.AddMinutes(16)));
        Assert.True(nyc.IsStuck(Images[0].Id, SomeSite.Now.AddMinutes(16)));
        var drift = WaitDrift.HeldBack(View(nyc) with { Catalog = CatalogView.Empty.With(SomeImages.Put(1, 1)) }, usual: true, SomeSite.Now.AddMinutes(16));
        Assert.Equal((ReasonCode.WaitingForSites, SomeSite.Now), Assert.Single(drift.Select(d => (d.Code, d.Since))));
    }

    /// <summary>Against the rule in other words: nothing up to the image, in their order, has reached a new height since.</summary>
    [Fact]
    public void It_is_stuck_when_neither_it_nor_an_older_image_has_reached_more_for_that_long()
    {
        var script = Gen.Choose(0, 10).ArrayOf(Images.Length).ListOf(40);
        FsCheck.Check.One(FsCheck.Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(script.ToArbitrary(), statements =>
        {
            OtherSite? nyc = null;
            var highest = new int?[Images.Length];
            var moved = new DateTimeOffset[Images.Length];
            for (var minute = 0; minute < statements.Count; minute++)
            {
                nyc = Heard(nyc, minute, [.. statements[minute].Select((tenths, n) => tenths == 10 ? Ready(n) : Fetching(n, tenths / 10.0))]);
                var now = SomeSite.Now.AddMinutes(minute);
                for (var (n, grew) = (0, false); n < Images.Length; n++)
                {
                    var tenths = statements[minute][n];
                    grew |= highest[n] is { } before && tenths > before;
                    moved[n] = highest[n] is null || grew ? now : moved[n];
                    highest[n] = tenths == 10 ? null : Math.Max(tenths, highest[n] ?? 0);
                    Assert.Equal(tenths != 10, nyc.HoldsBack(Images[n].Id, moved[n].AddMinutes(14.99)));
                    Assert.Equal(tenths != 10, nyc.IsStuck(Images[n].Id, moved[n].AddMinutes(15)));
                }
            }
        }));
    }

    [Fact]
    public void Progress_is_told_exactly_and_is_a_reason_to_tell_only_in_steps()
    {
        var (said, little, much) = (Told(0.301), Told(0.349), Told(0.351));

        Assert.Equal(301, said.Cells["bmc"].Progress);
        Assert.True(Same(said, little));
        Assert.False(Same(said, much));

        static HeldImage Told(double progress) => Assert.Single(SiteHoldings.ImagesOf(SomeSite.View.WithStore(
            StoreFile.Fetching.After(new StoreFile.Fetching(SomeSite.Now, 0, "", ""), progress, ReasonCode.Fetching, "", SomeSite.Now))));

        static bool Same(HeldImage one, HeldImage other) => SiteHoldings.SaysTheSame(Said([one]), Said([]).Surfaces, [other], []);
    }

    private static CatalogImage Aged(int number, DateTimeOffset added)
    {
        var put = SomeImages.Put(number + 1, 1);
        return CatalogView.Empty.With(put with { Value = put.Value! with { AddedAt = added } }).Images[put.Image];
    }

    private static OtherSite Heard(OtherSite? before, double minutes, params HeldImage[] images) => Heard(before, minutes, [new HeldSurface("bmc", "ipmi", "ipmi")], images);

    private static OtherSite Heard(OtherSite? before, double minutes, IReadOnlyList<HeldSurface> surfaces, params HeldImage[] images)
    {
        var now = SomeSite.Now.AddMinutes(minutes);
        var site = SiteHoldings.Read(Said(images) with { Surfaces = surfaces }, now);
        return site with { Incomplete = Advance.After(before, site, Images, now) };
    }

    private static Holdings Said(IReadOnlyList<HeldImage> images) => new()
    {
        Fleet = default,
        Site = "nyc",
        Epoch = 1,
        Seq = 1,
        BootId = default,
        Issued = SomeSite.Now,
        Trust = new TrustRef(1, default),
        Catalog = new Dictionary<string, DocumentRef>(),
        Store = new HeldStore(0, 0),
        Surfaces = [new HeldSurface("bmc", "ipmi", "ipmi")],
        Images = images,
    };

    private static HeldImage Fetching(int number, double progress, string code = ReasonCode.WaitingForSource) => new(
        Images[number].Id, false, false, new Dictionary<string, HeldCell> { ["bmc"] = new("fetching", SomeSite.Now, code, Progress: (int)(progress * 1000)) });

    private static HeldImage Ready(int number) => new(
        Images[number].Id, true, false, new Dictionary<string, HeldCell> { ["bmc"] = new("staged", SomeSite.Now) });

    private static SiteView View(OtherSite other) => ReadyHere with { Others = ImmutableDictionary<string, OtherSite>.Empty.Add(other.Site, other) };
}
