using IsoCatalog.Appliance.Commands;
using IsoCatalog.Appliance.Web;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Web;

/// <summary>State by shape and word, and by colour beside them.</summary>
public sealed class LookTests
{
    private static readonly string[] Codes =
        [.. typeof(ReasonCode).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!)];

    [Fact]
    public void What_differs_in_colour_differs_in_shape_or_word_too()
    {
        foreach (var words in Words.All)
        {
            var looks = Enum.GetValues<CellState>().SelectMany(s => Codes.Append(null).Select(c => Look.Of(new CellView(s, c, c, null, null), words))).Append(Look.Of((CellView?)null, words));

            Assert.All(looks.GroupBy(l => (l.Shape, l.Word)), g => Assert.Single(g.Select(l => l.Tone).Distinct()));
        }
    }

    [Fact]
    public void Only_what_can_be_mounted_looks_good()
    {
        Assert.Equal(new Look("ok", "advertised", Tone.Good), Of(SomePage.Available));
        Assert.All(Enum.GetValues<CellState>().Where(s => s != CellState.Advertised), s => Assert.NotEqual(Tone.Good, Of(new CellView(s, null, null, null, null)).Tone));
        Assert.NotEqual(Tone.Good, Of(SomePage.Available with { Code = ReasonCode.SiteLate, Reason = "nyc was last heard 70 s ago." }).Tone);
    }

    [Fact]
    public void Progress_is_said_and_never_rounded_up_to_done()
    {
        Assert.Equal("fetching 43 %", Of(new CellView(CellState.Fetching, null, null, null, 0.4391)).Word);
        Assert.Equal("verifying 99 %", Of(new CellView(CellState.Verifying, null, null, null, 0.9999)).Word);
    }

    [Fact]
    public void Words_are_those_of_the_command_line()
    {
        Assert.All(
            Enum.GetValues<CellState>().SelectMany(s => new double?[] { null, 0.9999 }.Select(p => new CellView(s, null, null, null, p))).Where(c => c.Progress is null || c.State is CellState.Fetching or CellState.Verifying),
            c => Assert.Equal(CellText.State(c), Of(c).Word));
        Assert.All(Codes, c => Assert.StartsWith("absent", Of(new CellView(CellState.Absent, c, c, null, null)).Word, StringComparison.Ordinal));
    }

    [Fact]
    public void What_waits_is_on_the_way()
    {
        foreach (var code in Codes.Where(c => c.StartsWith("waiting-", StringComparison.Ordinal)).Append(ReasonCode.NotYetPublished).Append(ReasonCode.Fetching).Append(ReasonCode.Verifying))
        {
            Assert.Equal(("absent, on the way", Tone.Busy), (Of(new CellView(CellState.Absent, "not yet", code, null, null)).Word, Of(new CellView(CellState.Absent, "not yet", code, null, null)).Tone));
        }
    }

    [Fact]
    public void A_site_in_one_mark_shows_its_worst_surface_and_how_many_are_ready()
    {
        CellView[] cells =
        [
            SomePage.Available,
            new(CellState.Withdrawn, "gone", ReasonCode.FileMissing, null, null),
            new(CellState.Verifying, "on the way", ReasonCode.Verifying, null, 0.5),
        ];

        Assert.Equal(new Look("withdrawn", "withdrawn (1 of 3 ready)", Tone.Bad), Look.Of(cells, Words.English));
        Assert.Equal("advertised", Look.Of([SomePage.Available, SomePage.Available], Words.English).Word);
        Assert.Equal("unknown", Look.Of((IReadOnlyCollection<CellView?>)[], Words.English).Word);
    }

    private static Look Of(CellView cell) => Look.Of(cell, Words.English);
}
