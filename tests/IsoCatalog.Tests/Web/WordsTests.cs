using System.Reflection;
using IsoCatalog.Appliance.Web;
using Xunit;

namespace IsoCatalog.Tests.Web;

/// <summary>The languages of the page.</summary>
public sealed class WordsTests
{
    private static readonly Words Russian = Words.All.Single(w => w.Tag == "ru");

    [Theory]
    [InlineData(0, "0 образов")]
    [InlineData(1, "1 образ")]
    [InlineData(2, "2 образа")]
    [InlineData(4, "4 образа")]
    [InlineData(5, "5 образов")]
    [InlineData(11, "11 образов")]
    [InlineData(12, "12 образов")]
    [InlineData(14, "14 образов")]
    [InlineData(21, "21 образ")]
    [InlineData(22, "22 образа")]
    [InlineData(60, "60 образов")]
    [InlineData(111, "111 образов")]
    [InlineData(112, "112 образов")]
    [InlineData(121, "121 образ")]
    [InlineData(12_345, "12\u202F345 образов")]
    public void Russian_has_three_forms_of_a_number_of_things(int count, string text) => Assert.Equal(text, Russian.Images(count));

    [Theory]
    [InlineData(0, "0 images")]
    [InlineData(1, "1 image")]
    [InlineData(2, "2 images")]
    [InlineData(12_345, "12\u202F345 images")]
    public void English_has_two(int count, string text) => Assert.Equal(text, Words.English.Images(count));

    [Fact]
    public void Sizes_times_and_dates_are_written_as_each_language_writes_them()
    {
        var at = new DateTimeOffset(2026, 5, 9, 15, 4, 5, TimeSpan.FromHours(3));

        Assert.Equal(("1.5\u00A0GiB", "1,5\u00A0ГиБ"), (Words.English.Size(3L << 29), Russian.Size(3L << 29)));
        Assert.Equal(("12\u00A0B", "12\u00A0Б"), (Words.English.Size(12), Russian.Size(12)));
        Assert.Equal(("9.5\u00A0s", "9,5\u00A0с"), (Words.English.Span(TimeSpan.FromSeconds(9.5)), Russian.Span(TimeSpan.FromSeconds(9.5))));
        Assert.Equal(("9 May 2026, 12:04:05 UTC", "9 мая 2026, 12:04:05 UTC"), (Words.English.Time(at), Russian.Time(at)));
    }

    [Fact]
    public void Nothing_that_the_page_says_in_Russian_is_left_in_English()
    {
        var same = typeof(Words).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.PropertyType == typeof(string))
            .Select(p => (p.Name, English: (string)p.GetValue(Words.English)!, Russian: (string)p.GetValue(Russian)!)).ToList();

        Assert.NotEmpty(same);
        Assert.All(same, w => Assert.True(w.Russian.Length > 0 && w.Russian != w.English, w.Name));
        Assert.All(same.Where(w => w.Name != nameof(Words.Tag)), w => Assert.Contains(w.Russian, c => c is >= '\u0400' and <= '\u04FF'));
    }

    [Theory]
    [InlineData("ru", "ru")]
    [InlineData("ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", "ru")]
    [InlineData("en-GB,en;q=0.9,ru;q=0.8", "en")]
    [InlineData("de, ru;q=0.5, en;q=0.4", "ru")]
    [InlineData("ru;q=0, en", "en")]
    [InlineData("*", "en")]
    [InlineData("de-DE,de;q=0.9", null)]
    [InlineData("", null)]
    [InlineData(";;;q=,,\u0001", null)]
    public void The_browser_says_which_language_its_reader_likes_best(string accept, string? tag) => Assert.Equal(tag, PageLanguage.Liked([accept])?.Tag);

    [Fact]
    public void A_header_that_goes_on_and_on_is_read_to_some_length_only() =>
        Assert.Null(PageLanguage.Liked([string.Join(',', Enumerable.Repeat("de", 5000)) + ",ru"]));
}
