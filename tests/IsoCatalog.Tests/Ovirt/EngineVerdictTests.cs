using System.Collections.Frozen;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Ovirt;
using Xunit;

namespace IsoCatalog.Tests.Ovirt;

/// <summary>When images may be offered, by what was heard of the engine.</summary>
public sealed class EngineVerdictTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly EngineTiming Timing = new();

    [Fact]
    public void Nothing_is_offered_before_the_engine_was_heard() =>
        Assert.Equal(ReasonCode.SurfaceUnreachable, Code(EngineNews.None));

    [Fact]
    public void A_domain_that_is_active_and_was_listed_is_offered() => Assert.Null(Code(Good()));

    [Fact]
    public void A_silence_counts_after_a_minute()
    {
        var failure = new EngineFailure(Now, ReasonCode.SurfaceUnreachable, "no route");

        Assert.Null(Code(Good(lookAge: 60) with { LookFailure = failure }));
        Assert.Equal(ReasonCode.SurfaceUnreachable, Code(Good(lookAge: 61) with { LookFailure = failure }));
    }

    [Fact]
    public void A_domain_that_the_engine_does_not_have_any_more_is_missing_at_once() =>
        Assert.Equal(ReasonCode.SurfaceMissing, Code(Good() with { LookFailure = new EngineFailure(Now, ReasonCode.SurfaceMissing, "gone") }));

    [Theory]
    [InlineData("maintenance")]
    [InlineData("inactive")]
    [InlineData("unknown")]
    public void A_domain_that_is_active_nowhere_is_offered_nowhere(string status) =>
        Assert.Equal(ReasonCode.DomainInactive, Code(Good(status: status)));

    [Fact]
    public void A_list_counts_for_ten_minutes_whatever_fails_meanwhile()
    {
        var failing = new EngineFailure(Now, ReasonCode.EngineRefreshFailed, "code 329");

        Assert.Null(Code(Good(listAge: 600) with { RefreshFailure = failing }));
        Assert.Equal(ReasonCode.EngineRefreshFailed, Code(Good(listAge: 601) with { RefreshFailure = failing }));
        Assert.Contains(EngineVerdict.Warnings(Good() with { RefreshFailure = failing }), f => f.Code == ReasonCode.EngineRefreshFailed);
    }

    [Fact]
    public void A_data_center_is_ready_when_it_is_active_and_was_in_the_list()
    {
        Assert.True(Good().DataCenters[0].Ready);
        Assert.False(Good(status: "maintenance").DataCenters[0].Ready);
        Assert.False((Good() with { List = new EngineList(Now, FrozenSet<string>.Empty, FrozenSet.Create("other")) }).DataCenters[0].Ready);
    }

    [Fact]
    public void One_list_with_a_name_too_many_may_be_a_moment_and_two_are_not()
    {
        var list = new EngineList(Now, FrozenSet.Create("a.iso", "ghost.iso"), FrozenSet.Create("dc"));
        var here = new HashSet<string> { "a.iso" };

        Assert.Empty(EngineVerdict.TooMany(Good() with { List = list }, here, Timing.Floor));
        Assert.Empty(EngineVerdict.TooMany(Good() with { List = list, ListBefore = list with { Began = Now.AddSeconds(-2) } }, here, Timing.Floor));
        Assert.Equal(
            ["ghost.iso"], EngineVerdict.TooMany(Good() with { List = list, ListBefore = list with { Began = Now.AddSeconds(-15) } }, here, Timing.Floor));
    }

    private static string? Code(EngineNews news) => (EngineVerdict.Of(news, Timing, Now) as SurfaceOutcome.Refused)?.Code;

    private static EngineNews Good(int lookAge = 1, int listAge = 1, string status = "active") => new()
    {
        Look = new EngineLook(Now.AddSeconds(-lookAge), "iso", [new DataCenter("dc", "Default", status, Ready: false, [])]),
        List = new EngineList(Now.AddSeconds(-listAge), FrozenSet.Create("a.iso"), FrozenSet.Create("dc")),
    };
}
