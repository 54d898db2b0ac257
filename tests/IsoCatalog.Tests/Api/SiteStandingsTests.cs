using System.Collections.Immutable;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Readiness;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Api;

/// <summary>How it stands with each site.</summary>
public sealed class SiteStandingsTests
{
    private static readonly SomeFleet Fleet = new("ams", "nyc");

    private static readonly SiteView View = SomeSite.View.WithCell("bmc", CellState.Advertised, SomeSite.Receipt);

    [Fact]
    public void The_site_itself_comes_first_with_what_it_knows()
    {
        var own = Standings(View, null, [])[0];

        Assert.Equal(("ams", true, "ok", 500L, 1, 0), (own.Id, own.Self, own.State, own.FreeBytes!.Value, own.Images!.Value, own.Missing!.Value));
        Assert.Equal([1, 0], own.Surfaces.Select(s => s.Available));
        Assert.Equal([1, 1], own.Surfaces.Select(s => s.Wanted));
        Assert.Null(own.Link);
    }

    [Theory]
    [InlineData(0, "ok")]
    [InlineData(59.9, "ok")]
    [InlineData(60, "late")]
    public void A_site_is_late_a_minute_after_its_last_word(double seconds, string state)
    {
        var said = Said([new HeldSurface("bmc", "ipmi", "ipmi")], new HeldImage(SomeSite.Image, true, true, new Dictionary<string, HeldCell>
        {
            ["bmc"] = new("advertised", SomeSite.Now),
        }));
        var other = Standings(View, said, [], SomeSite.Now.AddSeconds(-seconds))[1];

        Assert.Equal((state, seconds, 1L, 7L, 1, 0), (other.State, other.Age!.Value, other.Trust!.Value, other.FreeBytes!.Value, other.Images!.Value, other.Missing!.Value));
        Assert.Equal((1, 1), (other.Surfaces[0].Available, other.Surfaces[0].Wanted));
    }

    [Fact]
    public void A_site_that_was_never_heard_is_unknown_and_nothing_is_claimed_of_it()
    {
        var other = Standings(View, null, [])[1];

        Assert.Equal(("nyc", "unknown"), (other.Id, other.State));
        Assert.Empty(other.Surfaces);
        Assert.Null(other.Heard);
        Assert.Null(other.Images);
    }

    [Fact]
    public void A_site_that_lacks_bytes_and_documents_is_behind()
    {
        var said = Said([new HeldSurface("bmc", "ipmi", "ipmi", Problem: "surface-missing", ProblemSince: SomeSite.Now)]) with
        {
            Catalog = new Dictionary<string, DocumentRef> { ["ams"] = new(3, 4, default), ["nyc"] = new(9, 9, default) },
        };
        var standings = Standings(View, said, []);

        Assert.Equal((1, 1), (standings[1].Missing, standings[1].Behind));
        Assert.Equal("surface-missing", standings[1].Surfaces[0].Problem);
        Assert.Equal(1, standings[0].Behind);
        Assert.Equal((3, 5), (standings[0].Catalog!.Epoch, standings[0].Catalog!.Seq));
    }

    [Fact]
    public void The_link_says_in_words_what_is_wrong()
    {
        var broken = new PeerStatus("nyc", "nyc.example.com:58888") { Error = "Connection refused.", ErrorCode = "unreachable", ErrorSince = SomeSite.Now };

        var link = Standings(View, null, [broken])[1].Link!;
        Assert.Equal(("nyc.example.com:58888", "Connection refused.", "unreachable"), (link.Address, link.Error, link.ErrorCode));
        Assert.Contains("listen.fleet", Standings(View, null, null)[1].Link!.Error, StringComparison.Ordinal);
        Assert.Contains("nyc", Standings(View, null, [])[1].Link!.Error, StringComparison.Ordinal);
    }

    private static IReadOnlyList<SiteStanding> Standings(SiteView view, Holdings? said, IReadOnlyList<PeerStatus>? links, DateTimeOffset? heard = null)
    {
        var sites = ImmutableSortedDictionary<string, SiteStatements>.Empty
            .Add("ams", new SiteStatements([], Head: new DocumentHead(new DocumentRef(3, 5, default), SomeSite.Now)))
            .Add("nyc", new SiteStatements([], said is null ? null : new Statement(1, 1, default, [], SomeSite.Now, said)));
        var snapshot = new FleetSnapshot
        {
            Site = "ams",
            Trust = Fleet.Chain,
            ActiveSites = ImmutableSortedDictionary<string, SiteAddress?>.Empty.Add("ams", null).Add("nyc", null),
            Sites = sites,
        };
        var other = said is null ? new OtherSite("nyc", SomeSite.Now) : SiteHoldings.Read(said, heard ?? SomeSite.Now);
        return SiteStandings.Of(view with { Others = view.Others.Add("nyc", other) }, snapshot, links, 500, SomeSite.Now);
    }

    private static Holdings Said(IReadOnlyList<HeldSurface> surfaces, params HeldImage[] images) => new()
    {
        Fleet = Fleet.Chain.Fleet,
        Site = "nyc",
        Epoch = 1,
        Seq = 1,
        BootId = RandomId.New(),
        Issued = SomeSite.Now,
        Trust = Fleet.Chain.Newest.Ref,
        Catalog = new Dictionary<string, DocumentRef>(),
        Store = new HeldStore(7, 10),
        Surfaces = surfaces,
        Images = images,
    };
}
