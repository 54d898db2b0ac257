using System.Reflection;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Readiness;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.Tests.Api;

/// <summary>Whatever a site's own reasons say, a panel gets the code in words.</summary>
public sealed class PanelViewsTests
{
    private const string Words = "/var/lib/isocatalog/x is gone; run `isocatalog confirm` (System.IO)";

    private static readonly Caller Panel = new("panel", Role.Panel, null);
    private static readonly Caller Operator = new("operator", Role.Operator, null);

    public static TheoryData<string> Codes =>
        [.. typeof(ReasonCode).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!).Append("of-a-newer-version")];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Of_any_code(string code)
    {
        var image = ImageViews.Of(SomeSite.View, SomeSite.View.Catalog.Images[SomeSite.Image], new ViewPoint("ams", true, new FakeTimeProvider(SomeSite.Now)));
        var cell = new CellView(CellState.Withdrawn, code is ReasonCode.Blocked or ReasonCode.WaitingForSites ? "It is so." : Words, code, SomeSite.Now, null);
        image = image with
        {
            Store = new StoreView("doubted", code, Words),
            Ready = new Dictionary<string, IReadOnlyDictionary<string, CellView>> { ["ams"] = new Dictionary<string, CellView> { ["bmc"] = cell } },
        };
        var alias = new AliasView("latest", image.Id, "x.iso", null, null, [], "alice", "ams", SomeSite.Now, new AliasWait(
            image.Id, "x.iso", null, "alice", SomeSite.Now, "job", [new AliasWaitsFor("ams", "bmc", code, Words)]));
        SiteEvent[] events =
        [
            .. new[] { "drift", "surface", "fleet" }.Select(type => new SiteEvent(1, SomeSite.Now, type, Words, image.Id, "bmc", code)),
            new SiteEvent(1, SomeSite.Now, "fleet", Words, null, null, null), new SiteEvent(1, SomeSite.Now, "drift", Words, null, null, null),
        ];

        Assert.Same(image, PanelViews.For(Operator, image, "ams"));
        Assert.Same(alias, PanelViews.For(Operator, alias));
        Assert.All(events, e => Assert.Same(e, PanelViews.For(Operator, e)));
        var shown = PanelViews.For(Panel, image, "ams");
        Assert.DoesNotContain(Words, (string?[])
        [
            shown.Store.Reason, shown.Ready["ams"]["bmc"].Reason, PanelViews.For(Panel, alias).Waiting!.WaitsFor[0].Reason, .. events.Select(e => PanelViews.For(Panel, e).Text),
        ]);
        Assert.Equal((CellState.Withdrawn, code), (shown.Ready["ams"]["bmc"].State, shown.Ready["ams"]["bmc"].Code));
    }
}
