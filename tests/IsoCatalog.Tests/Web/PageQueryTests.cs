using IsoCatalog.Appliance.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Xunit;

namespace IsoCatalog.Tests.Web;

/// <summary>The address of the page.</summary>
public sealed class PageQueryTests
{
    [Theory]
    [InlineData("", "", false, 1)]
    [InlineData("?q=%20debian%20&show=unready&page=3", "debian", true, 3)]
    [InlineData("?page=0", "", false, 1)]
    [InlineData("?page=-1", "", false, 1)]
    [InlineData("?page=99999999999999999999", "", false, 1)]
    [InlineData("?show=everything&page=x&other=1", "", false, 1)]
    public void What_makes_no_sense_is_ignored(string address, string text, bool unready, int number) =>
        Assert.Equal(new PageQuery(text, unready, number), Read(address));

    [Fact]
    public void A_long_text_is_cut() => Assert.Equal(100, Read("?q=" + new string('x', 5000)).Text.Length);

    [Theory]
    [InlineData("")]
    [InlineData("debian 12 & more")]
    [InlineData("\"><script>=#?%")]
    [InlineData("Ünïcødé 中文")]
    public void An_address_leads_to_what_it_was_made_from(string text)
    {
        var query = new PageQuery(text, true, 2);

        Assert.Equal(query, Read(query.At(2)[1..]));
        Assert.DoesNotContain('"', query.At(2));
        Assert.DoesNotContain('<', query.At(2));
    }

    [Fact]
    public void The_first_page_of_everything_is_the_root() => Assert.Equal("/", new PageQuery().At(1));

    private static PageQuery Read(string address) => PageQuery.Of(new QueryCollection(QueryHelpers.ParseQuery(address)));
}
