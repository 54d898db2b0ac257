using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class NaturalOrderTests
{
    [Theory]
    [InlineData("Debian 9", "Debian 12")]
    [InlineData("Debian 9.13.0", "Debian 12.5.0")]
    [InlineData("Debian 12.5.0", "Debian 12.10.0")]
    [InlineData("debian-12.9.iso", "debian-12.10.iso")]
    [InlineData("Ubuntu 8.04", "Ubuntu 22.04")]
    [InlineData("Windows 8.1", "Windows 10")]
    [InlineData("Windows Server 2008 R2", "Windows Server 2012")]
    [InlineData("alma", "ALMA 9")]
    [InlineData("arch", "Debian")]
    [InlineData("a-1", "a1")]
    [InlineData("a 2", "a 10")]
    [InlineData("image-99999999999999999999999.iso", "image-100000000000000000000000.iso")]
    [InlineData("", "0")]
    [InlineData("9", "a")]
    [InlineData("v007", "v8")]
    public void The_first_stands_before_the_second(string first, string second)
    {
        Assert.True(NaturalOrder.Comparer.Compare(first, second) < 0);
        Assert.True(NaturalOrder.Comparer.Compare(second, first) > 0);
    }

    [Theory]
    [InlineData("v007", "v7")]
    [InlineData("Debian", "debian")]
    [InlineData("\u0661", "1")]
    [InlineData("I", "\u0131")]
    public void What_is_alike_and_not_the_same_has_an_order_too(string one, string other) =>
        Assert.NotEqual(0, NaturalOrder.Comparer.Compare(one, other));

    [Fact]
    public void It_is_a_total_order()
    {
        // Few different characters, so that numbers, zeros and cases meet at every place.
        var texts = Gen.Elements('0', '0', '1', '9', 'a', 'A', 'b', ' ', '.', '-', '\u0131', '\ud800', '\udc00', '\u0661').ListOf().Select(c => new string([.. c]));
        var three = from a in texts from b in texts from c in texts select (a, b, c);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(5000), Prop.ForAll(three.ToArbitrary(), t =>
        {
            var (ab, ba, bc, ac) = (Order(t.a, t.b), Order(t.b, t.a), Order(t.b, t.c), Order(t.a, t.c));
            return ab == -ba && (ab == 0) == string.Equals(t.a, t.b, StringComparison.Ordinal) && (ab > 0 || bc > 0 || ac <= 0) && Order(t.a, t.a) == 0;
        }));

        static int Order(string one, string other) => Math.Sign(NaturalOrder.Comparer.Compare(one, other));
    }

    [Fact]
    public void A_list_is_the_same_whatever_order_it_came_in()
    {
        string[] sorted = ["Alpine Linux 3.9", "Alpine Linux 3.16.0", "Debian 9.13.0", "Debian 12.0.0", "Debian 12.5.0", "Debian 12.5.0 netinst", "Windows 7", "Windows 10", "Windows Server 2019"];
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll(Gen.Shuffle(sorted).ToArbitrary(), list => sorted.SequenceEqual(list.Order(NaturalOrder.Comparer), StringComparer.Ordinal)));
    }
}
