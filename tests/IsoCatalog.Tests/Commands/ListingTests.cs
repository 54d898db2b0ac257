using IsoCatalog.Appliance.Commands;
using IsoCatalog.Appliance.Wording;
using Xunit;

namespace IsoCatalog.Tests.Commands;

public sealed class ListingTests
{
    private const string Id = "sha256:abcdef0000000000000000000000000000000000000000000000000000000000";
    private const string LongName = "a-very-long-name-of-an-image-that-nobody-would-ever-type-2026-11-29-amd64-netinst.iso";
    private const string Address = "http://[2001:db8:1234:5678:9abc:def0:1234:5678]:8088/i/0123456789abcdef0123456789abcdef/debian.iso";

    public static TheoryData<int?> Windows => [20, 40, 60, 80, 100, 132, 500, (int?)null];

    [Theory]
    [MemberData(nameof(Windows))]
    public void Nothing_that_one_copies_is_ever_broken(int? width)
    {
        var listing = new Listing(Column.Cut("NAME"), "SIZE", "ADDED", "ID", "ams", "MOUNT", Column.Wrapped("REASON"));
        listing.AddRow(
            new Piece(LongName), new Piece("5.0 MiB"), new Piece("2026-03-01"), new Piece(Id), new Piece("verifying 47 % (1 of 2 ready)"), new Piece(Address),
            new Piece($"The folder /srv/isos is gone. Mount it, and look at {Address} again."));
        var text = Text(listing, width);

        Assert.Contains(Id, text, StringComparison.Ordinal);
        Assert.Contains("verifying 47 % (1 of 2 ready)", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(Address).Length - 1);
        Assert.Contains("2026-03-01", text, StringComparison.Ordinal);
        Assert.Contains(width is null or 500 ? LongName : "a-very-", text, StringComparison.Ordinal);
        Assert.Equal(width < 86, text.Contains('…', StringComparison.Ordinal));
        if (width is { } most)
        {
            // Wider than the window is only what is one word and wider than it.
            Assert.All(text.Split('\n').Where(l => DisplayWidth.Of(l) > most), l => Assert.True(l is Id or Address or "verifying 47 % (1 of 2 ready)", l));
        }
        else
        {
            Assert.Equal(2, text.Split('\n').Length);
        }
    }

    [Fact]
    public void Names_give_way_before_a_row_becomes_a_paragraph()
    {
        var listing = new Listing(Column.Cut("NAME"), "ID", "bmc", "console");
        listing.AddRow(new Piece(LongName), new Piece("abcdef000000"), new Piece("advertised"), new Piece("withdrawn"));
        listing.AddRow(new Piece("安定版安定版安定版安定版安定版安定版安定版安定版安定版安定版安定版"), new Piece("abcdef000001"), new Piece("advertised"), new Piece("advertised"));

        Assert.Equal(
            """
            NAME                                        ID            bmc         console
            a-very-long-name-of-an-image-that-nobody-…  abcdef000000  advertised  withdrawn
            安定版安定版安定版安定版安定版安定版安定…   abcdef000001  advertised  advertised
            """,
            Text(listing, 80));
        Assert.Equal(
            """
            a-very-long-name-of-an-image-that-nobod…
              ID       abcdef000000
              bmc      advertised
              console  withdrawn
            安定版安定版安定版安定版安定版安定版安…
              ID       abcdef000001
              bmc      advertised
              console  advertised
            """,
            Text(listing, 40));
    }

    [Fact]
    public void Reasons_go_on_in_the_next_line_under_themselves()
    {
        var listing = new Listing("SITE", Column.Wrapped("REASON"));
        listing.AddRow(new Piece("ams"), new Piece("The folder is gone. Mount it, or take it out."));

        Assert.Equal(
            """
            SITE  REASON
            ams   The folder is gone. Mount
                  it, or take it out.
            """,
            Text(listing, 34));
    }

    [Theory]
    [InlineData(80, "Id    sha256:abcdef0000000000000000000000000000000000000000000000000000000000\nBoots  BIOS, UEFI")]
    [InlineData(40, "Id\nsha256:abcdef0000000000000000000000000000000000000000000000000000000000\nBoots  BIOS, UEFI")]
    public void A_fact_that_does_not_fit_beside_its_name_stands_below_it(int width, string shown)
    {
        var facts = new Facts();
        facts.Add("Id", new Piece(Id));
        facts.Add("Boots", new Piece("BIOS, UEFI"));

        Assert.Equal(shown.Replace("Id    ", "Id     ", StringComparison.Ordinal), Text(facts, width));
    }

    private static string Text(ILines lines, int? width) =>
        string.Join('\n', lines.Lines(width).Select(line => string.Concat(line.Select(p => p.Text)).TrimEnd()));
}
