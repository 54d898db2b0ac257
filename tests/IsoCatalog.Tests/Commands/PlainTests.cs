using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Appliance.Wording;
using Xunit;

namespace IsoCatalog.Tests.Commands;

public sealed class PlainTests
{
    [Fact]
    public void No_text_commands_the_terminal()
    {
        var hostile = Gen.OneOf(
            Gen.Choose(0, 0x2FF).Select(c => (char)c), Gen.Choose(0x2000, 0x2070).Select(c => (char)c)).ArrayOf().Select(c => new string(c));

        Prop.ForAll(hostile.ToArbitrary(), text =>
        {
            var shown = Plain.Text(text);
            return shown.Length == text.Length && !shown.Any(c => char.IsControl(c) || (c >= '\u2028' && c <= '\u202E') || (c >= '\u2066' && c <= '\u2069'));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));
    }

    [Theory]
    [InlineData("Debian 12, стабильный, 安定", "Debian 12, стабильный, 安定")]
    [InlineData("two\nlines\tand a tab", "two lines and a tab")]
    [InlineData("\u001b[2J", "\uFFFD[2J")]
    [InlineData("iso\u202Eexe", "iso\uFFFDexe")]
    [InlineData(null, "")]
    public void Text_is_shown_as_it_is_but_for_commands(string? text, string shown) => Assert.Equal(shown, Plain.Text(text));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(1023, "1023 B")]
    [InlineData(1024, "1.0 KiB")]
    [InlineData(700_000_000, "667.6 MiB")]
    [InlineData(5_000_000_000, "4.7 GiB")]
    [InlineData(long.MaxValue, "8388608.0 TiB")]
    public void Sizes_are_powers_of_1024(long bytes, string shown) => Assert.Equal(shown, Plain.Size(bytes));

    [Theory]
    [InlineData(-1, "0 s")]
    [InlineData(1.24, "1.2 s")]
    [InlineData(90, "90 s")]
    [InlineData(600, "10 min")]
    [InlineData(86_400, "24 h")]
    [InlineData(864_000, "10 d")]
    public void Spans_have_the_unit_that_a_person_would_use(double seconds, string shown) => Assert.Equal(shown, Plain.Span(TimeSpan.FromSeconds(seconds)));
}
