using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>Which bytes come from other sites.</summary>
public sealed class FetchPlanTests
{
    private static readonly SiteView InFleet = SomeSite.View with
    {
        Others = ImmutableDictionary<string, OtherSite>.Empty.Add("nyc", new OtherSite("nyc", SomeSite.Now)),
    };

    public static TheoryData<string, FetchStep> States => new()
    {
        { "absent", FetchStep.None },
        { "wanted", FetchStep.Fetch },
        { "present", FetchStep.None },
        { "doubted", FetchStep.None },
        { "lost", FetchStep.Fetch },
        { "retired", FetchStep.None },
    };

    [Theory]
    [MemberData(nameof(States))]
    public void Fetched_is_what_was_looked_for_in_vain_and_what_was_lost(string state, FetchStep expected) =>
        Assert.Equal(expected, FetchPlan.Next(InFleet.WithStore(File(state)), SomeSite.Receipt.Root));

    [Theory]
    [InlineData("wanted")]
    [InlineData("lost")]
    public void A_site_that_is_alone_asks_nobody(string state) =>
        Assert.Equal(FetchStep.None, FetchPlan.Next(SomeSite.View.WithStore(File(state)), SomeSite.Receipt.Root));

    [Fact]
    public void What_is_on_its_way_is_given_up_once_it_is_removed_or_recalled()
    {
        var wanted = InFleet.WithStore(File("wanted"));

        Assert.Equal(FetchStep.GiveUp, FetchPlan.Next(wanted.Deleted(), SomeSite.Receipt.Root));
        Assert.Equal(FetchStep.GiveUp, FetchPlan.Next(wanted with { Catalog = CatalogView.Empty }, SomeSite.Receipt.Root));
        Assert.Equal(FetchStep.None, FetchPlan.Next(InFleet.WithStore(File("lost")).Deleted(), SomeSite.Receipt.Root));
    }

    [Fact]
    public void A_false_pair_is_not_fetched_however_often_it_is_said()
    {
        var wanted = InFleet.WithStore(File("lost"));
        var computed = wanted with { Computed = wanted.Computed.With(new ComputedPair(SomeImages.Id(3), SomeSite.Receipt.Root, SomeSite.Receipt.Size, SomeSite.Now)) };

        Assert.Equal(FetchStep.Fetch, FetchPlan.Next(wanted, SomeSite.Receipt.Root));
        Assert.Equal(FetchStep.None, FetchPlan.Next(computed, SomeSite.Receipt.Root));
    }

    [Fact]
    public void The_word_that_starts_a_fetch_is_seen_as_one_that_waits_for_a_source()
    {
        var wanted = FetchPlan.Wanted(SomeSite.Now);

        Assert.Equal((SomeSite.Now, 0, ReasonCode.WaitingForSource), (wanted.Since, wanted.Progress, wanted.Code));
    }

    private static StoreFile? File(string state) => state switch
    {
        "wanted" => FetchPlan.Wanted(SomeSite.Now),
        "present" => SomeSite.Present,
        "doubted" => new StoreFile.Doubted(SomeSite.Receipt, "", SomeSite.Now),
        "lost" => new StoreFile.Lost(ReasonCode.StoreMissing, "", SomeSite.Now),
        "retired" => new StoreFile.Retired(SomeSite.Receipt, SomeSite.Now),
        _ => null,
    };
}
