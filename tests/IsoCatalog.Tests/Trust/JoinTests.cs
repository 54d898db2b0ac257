using System.Text;
using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Trust;

public sealed class JoinTests
{
    private static readonly SigningKey Sign = SigningKey.Generate();
    private static readonly SigningKey Tls = SigningKey.Generate();
    private static readonly JoinRequest Request = JoinRequest.Of("msk", Sign.Public, Tls.Public, SomeFleet.Address, SomeFleet.Now, "Moscow");

    private readonly SomeFleet _fleet = new("ams");

    [Fact]
    public void A_newcomer_asks_is_approved_and_follows_the_chain()
    {
        var asked = Request.SignedBy(Sign);
        Assert.True(JoinRequest.TryRead(asked.ToJson(), out var request, out var fingerprint, out var why), why?.ToString());
        Assert.Equal(JoinRequest.FingerprintOf(asked), fingerprint);
        Assert.Matches("^([0-9a-f]{4}-){7}[0-9a-f]{4}$", fingerprint);

        _fleet.Advance(d => d.WithSite(request, 0));
        var json = JoinFile.Of(_fleet.Chain, [new JoinPeer("ams", SomeFleet.Address.Fleet, SomeFleet.Address.Swarm)]).ToJson();
        Assert.True(JoinFile.TryRead(json, out var file, out var chain, out why), why?.ToString());
        Assert.Equal(_fleet.Chain.Newest.Ref, chain.Newest.Ref);
        Assert.Equal("msk", chain.Speakers.SiteOfTls(Tls.Public.KeyId));
        Assert.Equal(SomeFleet.Address, chain.Current.Sites["msk"].Address);
        Assert.Equal("ams", Assert.Single(file.Peers).Site);
        Assert.DoesNotContain("PRIVATE", Encoding.UTF8.GetString(json), StringComparison.Ordinal);
    }

    [Fact]
    public void P_02_a_request_needs_two_keys_and_the_signature_of_the_one_that_signs()
    {
        Assert.Equal(Rules.RequestKeys, Rule(Request.SignedBy(Tls)));
        Assert.Equal(Rules.RequestKeys, Rule((Request with { Tls = Request.Sign with { Use = KeyUse.Tls } }).SignedBy(Sign)));
        Assert.Equal(Rules.RequestKeys, Rule((Request with { Tls = Request.Tls with { Use = KeyUse.Sign } }).SignedBy(Sign)));
        Assert.Equal(Rules.RequestKeys, Rule((Request with { Tls = Request.Tls with { Public = "x" } }).SignedBy(Sign)));
    }

    [Fact]
    public void P_01_a_request_needs_a_site_and_addresses()
    {
        Assert.Equal(Rules.RequestForm, Rule((Request with { Site = "Mos cow" }).SignedBy(Sign)));
        Assert.Equal(Rules.RequestForm, Rule((Request with { Address = new SiteAddress("", "x:1") }).SignedBy(Sign)));
    }

    [Fact]
    public void P_04_a_join_file_whose_chain_leads_elsewhere_is_refused()
    {
        _fleet.Advance(d => d.WithSite(Request, 0));
        var file = JoinFile.Of(_fleet.Chain, []);
        var other = new SomeFleet("ams").Chain;

        Assert.Equal(Rules.JoinChain, Rule(file with { Chain = [.. file.Chain.Take(1)] }));
        Assert.Equal(Rules.JoinChain, Rule(file with { Chain = [other.Newest.Envelope.ToJson()] }));
        Assert.Equal(Rules.JoinChain, Rule(file with { Fleet = other.Fleet }));
        Assert.Equal(Rules.JoinChain, Rule(file with { Root = other.Current.Root }));
        Assert.Equal(Rules.JoinChain, Rule(file with { Trust = other.Newest.Ref }));
        Assert.Equal(Rules.JoinChain, Rule(file with { Chain = [] }));
    }

    [Fact]
    public void P_03_a_join_file_of_another_form_is_refused()
    {
        Assert.Equal(Rules.JoinForm, Rule(JoinFile.Of(_fleet.Chain, [new JoinPeer("Not a site", "a:1", "b:1")])));
        Assert.False(JoinFile.TryRead("{}"u8, out _, out _, out var why));
        Assert.Equal(Rules.JoinForm, why.Rule);
    }

    private static string? Rule(Envelope request) => JoinRequest.TryRead(request.ToJson(), out _, out _, out var why) ? null : why.Rule;

    private static string? Rule(JoinFile file) => JoinFile.TryRead(file.ToJson(), out _, out _, out var why) ? null : why.Rule;
}
