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
        var looks = Enum.GetValues<CellState>()
            .SelectMany(s => Codes.Append(null).Select(c => Look.Of(new CellView(s, c, c, null, null))))
            .Append(Look.Unknown);

        Assert.All(looks.GroupBy(l => (l.Shape, l.Word)), g => Assert.Single(g.Select(l => l.Tone).Distinct()));
    }

    [Fact]
    public void Only_what_can_be_mounted_looks_good()
    {
        Assert.Equal(new Look("ok", "available", Tone.Good), Look.Of(SomePage.Available));
        Assert.All(Enum.GetValues<CellState>().Where(s => s != CellState.Advertised), s => Assert.NotEqual(Tone.Good, Look.Of(new CellView(s, null, null, null, null)).Tone));
        Assert.NotEqual(Tone.Good, Look.Of(SomePage.Available with { Code = ReasonCode.SiteLate, Reason = "nyc was last heard 70 s ago." }).Tone);
    }

    [Fact]
    public void Progress_is_said_and_never_rounded_up_to_done()
    {
        Assert.Equal("fetching 43 %", Look.Of(new CellView(CellState.Fetching, null, null, null, 0.4391)).Word);
        Assert.Equal("verifying 99 %", Look.Of(new CellView(CellState.Verifying, null, null, null, 0.9999)).Word);
    }

    [Fact]
    public void A_site_in_one_cell_shows_its_worst_surface_and_how_many_are_ready()
    {
        var cells = new Dictionary<string, CellView>
        {
            ["bmc"] = SomePage.Available,
            ["console"] = new(CellState.Withdrawn, "gone", ReasonCode.FileMissing, null, null),
            ["ovirt"] = new(CellState.Verifying, "on the way", ReasonCode.Verifying, null, 0.5),
        };

        Assert.Equal(new Look("withdrawn", "withdrawn, 1 of 3", Tone.Bad), Look.Of(cells));
        Assert.Equal("available", Look.Of(cells.Where(c => c.Key == "bmc").ToDictionary()).Word);
        Assert.Equal(Look.Unknown, Look.Of((IReadOnlyDictionary<string, CellView>?)null));
    }
}
