using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class StatementTests
{
    private readonly SomeFleet _fleet = new("ams", "nyc");

    private Holdings Held => new()
    {
        Fleet = _fleet.Chain.Fleet,
        Site = "ams",
        Epoch = 1,
        Seq = 2,
        BootId = RandomId.New(),
        Issued = SomeFleet.Now,
        Trust = _fleet.Chain.Newest.Ref,
        Catalog = new Dictionary<string, DocumentRef> { ["nyc"] = new(1, 1, default) },
        Store = new HeldStore(1 << 30, 1L << 40),
        Surfaces = [new HeldSurface("bmc", "ipmi", "ipmi")],
        Images = [new HeldImage(SomeImages.Id(1), true, false, new Dictionary<string, HeldCell> { ["bmc"] = new(HeldCell.Advertised, SomeFleet.Now, Verified: SomeFleet.Now) })],
        Disputed = [new DisputeFinding(SomeImages.Id(2), 5, SomeImages.Value(3).Root, "nyc", SomeFleet.Now)],
    };

    [Fact]
    public void Holdings_are_read_as_they_were_signed()
    {
        var held = Held;
        Assert.True(Holdings.TryOpen(Signed(held), _fleet.Chain, out var read, out var why), why?.ToString());

        Assert.True(read.Images[0].Cells["bmc"].IsAdvertised);
        Assert.Equal((1 << 30, 1L << 40), (read.Store.Free, read.Store.Total));
        Assert.Equal("nyc", read.Disputed[0].Signer);
        Assert.True(read.IsNewerThan(null) && read.IsNewerThan(held with { Seq = 1 }) && !read.IsNewerThan(held) && !read.IsNewerThan(held with { Epoch = 2, Seq = 1 }));
        Assert.DoesNotContain("://", System.Text.Encoding.UTF8.GetString(held.ToPayload()), StringComparison.Ordinal);
    }

    [Fact]
    public void H_03_holdings_by_another_key_fleet_or_a_retired_site_are_refused()
    {
        Assert.Equal(Rules.HoldingsSigner, Rule(Signed(Held, "nyc")));
        Assert.Equal(Rules.HoldingsSigner, Rule(Signed(Held with { Fleet = RandomId.New() })));
        Assert.Equal(Rules.HoldingsSigner, Rule(_fleet.TlsKeys["ams"].Sign(Holdings.PayloadType, Held.ToPayload()).ToJson()));
        var held = Signed(Held);
        _fleet.Advance(d => d.WithSiteRetired("ams", new DocumentRef(1, 1, default)));
        Assert.Equal(Rules.HoldingsSigner, Rule(held));
    }

    [Fact]
    public void H_01_and_H_02_holdings_out_of_bounds_are_refused()
    {
        var image = Held.Images[0];

        Assert.Equal(Rules.HoldingsForm, Rule(Signed(Held with { Seq = 0 })));
        Assert.Equal(Rules.HoldingsForm, Rule(Signed(Held with { Critical = ["x"] })));
        Assert.Equal(Rules.HoldingsLimits, Rule(Signed(Held with { Surfaces = [] })));
        Assert.Equal(Rules.HoldingsLimits, Rule(Signed(Held with { Images = [image, image] })));
        Assert.Equal(Rules.HoldingsLimits, Rule(Signed(Held with { Images = [image with { Cells = new Dictionary<string, HeldCell> { ["bmc"] = new("No Word", SomeFleet.Now) } }] })));
        Assert.Null(Rule(Signed(Held with { Images = [image with { Cells = new Dictionary<string, HeldCell> { ["bmc"] = new("hibernating", SomeFleet.Now) } }] })));
    }

    [Fact]
    public void R_01_and_R_02_members_are_vouched_for_by_their_site()
    {
        var member = new Member("console-1", SomeImages.Id(1).Sha256, SomeFleet.Now.AddDays(1));
        var members = new Members { Fleet = _fleet.Chain.Fleet, Site = "ams", Epoch = 1, Seq = 1, Issued = SomeFleet.Now, All = [member] };

        Assert.Equal(member, Assert.Single(Open(members, "ams")!.All));
        Assert.Null(Open(members, "nyc"));
        Assert.Null(Open(members with { All = [member, member with { Id = "console-2" }] }, "ams"));
        Assert.Null(Open(members with { All = [member, member with { Spki = default }] }, "ams"));

        Members? Open(Members statement, string signer) =>
            Members.TryOpen(_fleet.Signers[signer].Sign(Members.PayloadType, statement.ToPayload()).ToJson(), _fleet.Chain, out var read, out var why)
                ? read : why.Rule is Rules.MembersForm or Rules.MembersSigner ? null : throw new InvalidOperationException(why.ToString());
    }

    private byte[] Signed(Holdings holdings, string signer = "ams") => _fleet.Signers[signer].Sign(Holdings.PayloadType, holdings.ToPayload()).ToJson();

    private string? Rule(byte[] envelope) => Holdings.TryOpen(envelope, _fleet.Chain, out _, out var why) ? null : why.Rule;
}
