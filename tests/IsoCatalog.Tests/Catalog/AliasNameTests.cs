using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class AliasNameTests
{
    [Theory]
    [InlineData("debian-12-latest")]
    [InlineData("z")]
    [InlineData("12.x")]
    [InlineData("rescue_iso")]
    [InlineData("x.isolated")]
    public void A_name_that_means_nothing_else_is_taken(string name) => Assert.Null(AliasName.Objection(name));

    [Theory]
    [InlineData(null, "name for an alias")]
    [InlineData("", "name for an alias")]
    [InlineData("Debian", "name for an alias")]
    [InlineData("-x", "name for an alias")]
    [InlineData(".", "name for an alias")]
    [InlineData("..", "name for an alias")]
    [InlineData("a/b", "name for an alias")]
    [InlineData("a b", "name for an alias")]
    [InlineData("a\nb", "name for an alias")]
    [InlineData("latest\n", "name for an alias")]
    [InlineData("\u0430lias", "name for an alias")]
    [InlineData("sha256:00", "name for an alias")]
    [InlineData("debian-12.iso", "ends with .iso")]
    [InlineData("cafe", "hexadecimal")]
    [InlineData("12", "hexadecimal")]
    [InlineData("abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789", "hexadecimal")]
    public void A_name_that_could_mean_something_else_is_refused_with_the_reason(string? name, string words) =>
        Assert.Contains(words, AliasName.Objection(name), StringComparison.Ordinal);

    [Fact]
    public void A_name_that_is_too_long_is_refused() => Assert.Contains("1 to 64", AliasName.Objection(new string('x', 65)), StringComparison.Ordinal);
}
