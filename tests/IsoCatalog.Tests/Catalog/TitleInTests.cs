using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class TitleInTests
{
    private static readonly CatalogImage SomeImage = new(
        SomeImages.Id(1), SomeImages.Value(1) with { Iso = new ImageFacts { VolumeId = "VOLUME" } }, new MetaValue(), false, new Stamp(1, 0, "ams"), "alice");

    [Theory]
    [InlineData("pt-BR", "pt=Porta;en=Door", "Porta")]
    [InlineData("PT-br", "pt-BR=Porta BR;pt=Porta;en=Door", "Porta BR")]
    [InlineData("pt", "pt-BR=Porta BR;en=Door", "Door")]
    [InlineData("zh-Hant-CN-x-private1", "zh-Hant=Men;zh-Hant-CN-x=Wrong;en=Door", "Men")]
    [InlineData("de-CH-1996", "de=Tor;en=Door", "Tor")]
    [InlineData("fr", "EN=Door;de=Tor", "Door")]
    [InlineData("fr", "ru=Ворота;de=Tor", "Tor")]
    [InlineData("en", "en-US=Door US;de=Tor", "Tor")]
    [InlineData("DE", "dE=one;De=two;en=Door", "two")]
    [InlineData("fr", "", "VOLUME")]
    [InlineData(null, "de=Tor;en=Door", "Door")]
    public void A_title_is_looked_up_by_its_language_then_in_english_then_in_any(string? language, string titles, string expected)
    {
        var known = titles.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(t => t.Split('=')).ToDictionary(t => t[0], t => t[1]);
        foreach (var order in new[] { known, known.Reverse().ToDictionary() })
        {
            var image = SomeImage with { Meta = new MetaValue { Titles = order } };
            Assert.Equal(expected, image.TitleIn(language));
        }
    }

    [Theory]
    [InlineData("en", true)]
    [InlineData("pt-BR", true)]
    [InlineData("zh-Hant-CN", true)]
    [InlineData("x", false)]
    [InlineData("", false)]
    [InlineData("*", false)]
    [InlineData("pt_BR", false)]
    [InlineData("de,en;q=0.5", false)]
    [InlineData("en-", false)]
    [InlineData("en\n", false)]
    [InlineData("abcdefgh-abcdefgh-abcdefgh-abcdefgh", true)]
    [InlineData("abcdefgh-abcdefgh-abcdefgh-abcdefghi", false)]
    public void A_tag_is_known_by_its_form(string tag, bool valid)
    {
        Assert.Equal(valid, LanguageTag.IsValid(tag));
        Assert.Equal(valid, LanguageTag.Objection(tag) is null);
    }

    [Fact]
    public void What_was_given_an_order_stands_before_what_was_not()
    {
        (string Title, int Order)[] images = [("c", 0), ("Debian 12", 0), ("Debian 9", 0), ("z", 1), ("y", 2), ("a", 10), ("first", -1), ("b", 1)];
        var sorted = images.Select(i => SomeImage with { Meta = new MetaValue { Titles = new Dictionary<string, string> { ["en"] = i.Title }, Order = i.Order } })
            .OrderBy(i => ImagePosition.Of(i), ImagePosition.Sequence).Select(i => i.Title);

        Assert.Equal(["first", "b", "z", "y", "a", "c", "Debian 9", "Debian 12"], sorted);
    }

    [Fact]
    public void Among_equals_the_title_that_is_shown_counts()
    {
        var (one, other) = (Named("A", "Ж"), Named("B", "А"));

        Assert.True(ImagePosition.Sequence.Compare(ImagePosition.Of(one), ImagePosition.Of(other)) < 0);
        Assert.True(ImagePosition.Sequence.Compare(ImagePosition.Of(one, "ru"), ImagePosition.Of(other, "ru")) > 0);

        static CatalogImage Named(string en, string ru) =>
            SomeImage with { Meta = new MetaValue { Titles = new Dictionary<string, string> { ["en"] = en, ["ru"] = ru } } };
    }
}
