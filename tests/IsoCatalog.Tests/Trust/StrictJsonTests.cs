using System.Text;
using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Trust;

public sealed class StrictJsonTests
{
    [Theory]
    [InlineData("", Rules.Syntax)]
    [InlineData("{} {}", Rules.Syntax)]
    [InlineData("{}x", Rules.Syntax)]
    [InlineData("{\"a\":NaN}", Rules.Syntax)]
    [InlineData("{\"a\":1,}", Rules.Syntax)]
    [InlineData("{/**/}", Rules.Syntax)]
    [InlineData("\uFEFF{}", Rules.Syntax)]
    [InlineData("{\"a\":1,\"a\":1}", Rules.Duplicate)]
    [InlineData("{\"x\":{\"a\":1,\"b\":2,\"a\":3}}", Rules.Duplicate)]
    [InlineData("{\"a\":1,\"\\u0061\":2}", Rules.Duplicate)]
    [InlineData("{\"a\":1.0}", Rules.Number)]
    [InlineData("{\"a\":1e3}", Rules.Number)]
    [InlineData("{\"a\":9007199254740992}", Rules.Number)]
    [InlineData("{\"a\":-9007199254740992}", Rules.Number)]
    [InlineData("{\"a\":99999999999999999999999}", Rules.Number)]
    [InlineData("{\"a\":\"\\ud800\"}", Rules.Unicode)]
    [InlineData("{\"a\":\"\\udc00\\ud800\"}", Rules.Unicode)]
    public void What_one_reader_could_take_differently_is_refused(string json, string rule) => Assert.Equal(rule, StrictJson.Check(Encoding.UTF8.GetBytes(json))?.Rule);

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"a\":9007199254740991,\"b\":-9007199254740991,\"c\":\"\\ud83d\\ude00 é\",\"d\":[{\"a\":1},{\"a\":1}],\"e\":null}")]
    public void What_is_plain_is_taken(string json) => Assert.Null(StrictJson.Check(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void J_03_a_document_is_at_most_16_levels_deep()
    {
        Assert.Null(StrictJson.Check(Nested(16)));
        Assert.Equal(Rules.Depth, StrictJson.Check(Nested(17))?.Rule);
        Assert.Equal(Rules.Depth, StrictJson.Check(Nested(100_000))?.Rule);
    }

    [Fact]
    public void J_05_bytes_that_are_not_UTF_8_are_refused() => Assert.Equal(Rules.Unicode, StrictJson.Check([.. "{\"a\":\""u8, 0xC0, 0x80, .. "\"}"u8])?.Rule);

    [Fact]
    public void J_06_a_string_has_4096_bytes_at_most()
    {
        Assert.Null(StrictJson.Check(Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 4096)}}"}""")));
        Assert.Equal(Rules.StringLength, StrictJson.Check(Encoding.UTF8.GetBytes($$"""{"a":"{{new string('x', 4097)}}"}"""))?.Rule);
        Assert.Equal(Rules.StringLength, StrictJson.Check(Encoding.UTF8.GetBytes($$"""{{{string.Join(',', Enumerable.Range(0, 4097).Select(i => $"\"{i}\":1"))}}}"""))?.Rule);
    }

    private static byte[] Nested(int levels) => Encoding.UTF8.GetBytes(new string('[', levels) + new string(']', levels));
}
