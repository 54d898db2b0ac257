using IsoCatalog.Appliance.Commands;
using IsoCatalog.Appliance.Wording;
using Xunit;

namespace IsoCatalog.Tests.Commands;

public sealed class StepLineTests
{
    [Theory]
    [InlineData(120, "debian-12.iso (3 of 20): copying  [########........] 50 %  512.0 MiB of 1.0 GiB  100.0 MiB/s  5.1 s left")]
    [InlineData(80, "debian-12.iso (3 of 20): copying  [####....] 50 %  100.0 MiB/s  5.1 s left")]
    [InlineData(40, "debian-12.iso (3 of 20): copying  50 %")]
    [InlineData(30, "debian-12.iso (3 of 20)…  50 %")]
    public void A_step_shows_bytes_rate_and_time_left_where_there_is_room(int width, string shown)
    {
        var line = new StepLine("debian-12.iso (3 of 20): copying", 512 << 20, 1 << 30, 100 << 20, InBytes: true);

        var text = Text(line, width);

        Assert.True(DisplayWidth.Of(text) <= width, text);
        Assert.Equal(shown, text);
    }

    [Fact]
    public void What_is_not_counted_in_bytes_has_no_rate() =>
        Assert.Equal("a.iso: waiting for console  [########........] 50 %", Text(new StepLine("a.iso: waiting for console", 1, 2, 7, InBytes: false), 80));

    [Fact]
    public void What_has_no_end_yet_has_no_bar() => Assert.Equal("a.iso: signing", Text(new StepLine("a.iso: signing", 0, 0, 0, InBytes: true), 80));

    [Fact]
    public void A_rate_is_that_of_the_last_seconds()
    {
        var pace = new Pace();
        Assert.Equal(0, pace.At(TimeSpan.Zero, 0));
        Assert.Equal(100, pace.At(TimeSpan.FromSeconds(1), 100));
        Assert.Equal(100, pace.At(TimeSpan.FromSeconds(9), 900));
        Assert.Equal(10, pace.At(TimeSpan.FromSeconds(100), 1810));
        Assert.Equal(0, pace.At(TimeSpan.FromSeconds(101), 0));
    }

    private static string Text(StepLine line, int width) => string.Concat(line.Lines(width).Single().Select(p => p.Text));
}
