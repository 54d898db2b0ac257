namespace IsoCatalog.Core.Catalog;

/// <summary>
/// When an entry was made, by a hybrid logical clock: wall-clock milliseconds, a counter for equal milliseconds, and the site. Order between entries
/// comes from stamps, so a clock that steps back cannot undo anything.
/// </summary>
public sealed record Stamp(long Ms, int N, string Site) : IComparable<Stamp>
{
    /// <summary>The counter's bound: far above what one millisecond holds, far below where adding one could fail.</summary>
    public const int MaxN = 1_000_000;

    /// <summary>
    /// Below every other one: of what a site says by itself about an image of which nobody has said anything. Whatever somebody says, wherever and whenever, is newer.
    /// </summary>
    public static Stamp Weakest(string site) => new(0, 0, site);

    /// <inheritdoc cref="Weakest"/>
    public bool IsWeakest() => (Ms, N) == (0, 0);

    /// <summary>The stamp for the next entry of <paramref name="site"/>: never below the last one, whatever the clock says.</summary>
    public static Stamp Next(Stamp? last, DateTimeOffset now, string site)
    {
        var ms = now.ToUnixTimeMilliseconds();
        return last is null || ms > last.Ms ? new Stamp(ms, 0, site)
            : last.N >= MaxN ? new Stamp(last.Ms + 1, 0, site)
            : new Stamp(last.Ms, last.N + 1, site);
    }

    public int CompareTo(Stamp? other) => other is null
        ? 1
        : (Ms, N).CompareTo((other.Ms, other.N)) is not 0 and var order ? order : string.CompareOrdinal(Site, other.Site);

    public static bool operator <(Stamp? left, Stamp? right) => Comparer<Stamp>.Default.Compare(left, right) < 0;

    public static bool operator >(Stamp? left, Stamp? right) => Comparer<Stamp>.Default.Compare(left, right) > 0;

    public static bool operator <=(Stamp? left, Stamp? right) => Comparer<Stamp>.Default.Compare(left, right) <= 0;

    public static bool operator >=(Stamp? left, Stamp? right) => Comparer<Stamp>.Default.Compare(left, right) >= 0;
}
