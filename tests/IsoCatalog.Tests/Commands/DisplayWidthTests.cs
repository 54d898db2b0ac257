using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Appliance.Wording;
using Xunit;

namespace IsoCatalog.Tests.Commands;

public sealed class DisplayWidthTests
{
    [Theory]
    [InlineData("", 0)]
    [InlineData("debian.iso", 10)]
    [InlineData("стабильный", 10)]
    [InlineData("安定版", 6)]
    [InlineData("한글", 4)]
    [InlineData("\u1112\u1161\u11AB\u1100\u1173\u11AF", 4)]
    [InlineData("ｆｕｌｌ", 8)]
    [InlineData("cafe\u0301", 4)]
    [InlineData("نستعلیق", 7)]
    [InlineData("हिन्दी", 5)]
    [InlineData("😀", 2)]
    [InlineData("👨‍👩‍👧‍👦", 2)]
    [InlineData("🇷🇺🇪🇺", 4)]
    [InlineData("❤️", 2)]
    [InlineData("👍🏽", 2)]
    [InlineData("\u200B\u200D\uFEFF", 0)]
    [InlineData("𝒜", 1)]
    [InlineData("𠀀", 2)]
    [InlineData("\uFFFD", 1)]
    [InlineData("…", 1)]
    [InlineData("²½→", 3)]
    public void A_text_takes_as_many_columns_as_its_letters(string text, int width) => Assert.Equal(width, DisplayWidth.Of(text));

    [Theory]
    [InlineData("debian-12-netinst.iso", 10, "debian-12…")]
    [InlineData("debian.iso", 10, "debian.iso")]
    [InlineData("安定版安定版", 6, "安定…")]
    [InlineData("安定版安定版", 7, "安定版…")]
    [InlineData("cafe\u0301s and more", 5, "cafe\u0301…")]
    [InlineData("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 3, "👨‍👩‍👧‍👦…")]
    [InlineData("👨‍👩‍👧‍👦👨‍👩‍👧‍👦", 2, "…")]
    [InlineData("ab", 1, "…")]
    [InlineData("ab", 0, "")]
    public void What_is_cut_is_cut_between_letters_and_says_so(string text, int width, string shown) => Assert.Equal(shown, DisplayWidth.Cut(text, width));

    [Fact]
    public void What_is_cut_is_never_wider_than_it_may_be()
    {
        var texts = Gen.Elements("a", "é", "e\u0301", "я", "安", "😀", "👍🏽", "🇷🇺", "\u200D", "❤️", "\uD800", "…", " ").ArrayOf().Select(string.Concat);

        Prop.ForAll(texts.ToArbitrary(), Gen.Choose(0, 20).ToArbitrary(), (text, width) => DisplayWidth.Of(DisplayWidth.Cut(text, width)) <= width)
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }
}
