using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class StampTests
{
    [Fact]
    public void Stamps_only_grow_whatever_the_clock_does()
    {
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll<int[]>(clock =>
        {
            Stamp? last = null;
            foreach (var seconds in clock)
            {
                var next = Stamp.Next(last, DateTimeOffset.UnixEpoch.AddYears(50).AddSeconds(seconds), "ams");
                if (!(next > last) || next.Ms < (last?.Ms ?? 0))
                {
                    return false;
                }

                last = next;
            }

            return true;
        }));
    }

    [Fact]
    public void A_clock_that_steps_back_counts_on_in_the_last_millisecond()
    {
        var first = Stamp.Next(null, DateTimeOffset.FromUnixTimeMilliseconds(5000), "ams");
        var second = Stamp.Next(first, DateTimeOffset.FromUnixTimeMilliseconds(10), "ams");
        var third = Stamp.Next(second, DateTimeOffset.FromUnixTimeMilliseconds(5000), "ams");
        var fourth = Stamp.Next(third, DateTimeOffset.FromUnixTimeMilliseconds(5001), "ams");

        Assert.Equal([(5000, 0), (5000, 1), (5000, 2), (5001, 0)], new[] { first, second, third, fourth }.Select(s => (s.Ms, s.N)));
    }

    [Fact]
    public void Order_is_total_and_the_site_decides_last()
    {
        Check.One(Config.QuickThrowOnFailure, Prop.ForAll<(int Ms, int N, bool Ams), (int Ms, int N, bool Ams)>((a, b) =>
        {
            var (x, y) = (Of(a), Of(b));
            return Math.Sign(x.CompareTo(y)) == -Math.Sign(y.CompareTo(x)) && (x.CompareTo(y) == 0) == (x == y);
        }));
        Assert.True(new Stamp(1, 1, "ams") < new Stamp(1, 1, "nyc"));
        Assert.True(new Stamp(1, 2, "ams") > new Stamp(1, 1, "nyc"));

        static Stamp Of((int Ms, int N, bool Ams) s) => new(s.Ms % 3, s.N % 3, s.Ams ? "ams" : "nyc");
    }
}
