namespace IsoCatalog.Core.Catalog;

/// <summary>What a site makes of the clocks at one moment: see <see cref="ClockRules"/>. What it signs and stamps goes by this.</summary>
/// <param name="Now">What this machine's clock says.</param>
/// <param name="Reference">What time it most likely is; documents of other sites are held against it.</param>
/// <param name="Horizon">What is stamped later is from the future: other sites hold it back, so the next stamp need not be above it.</param>
/// <param name="Doubt">Why this machine's clock is not believed, and whose says what; null while it is.</param>
/// <param name="Jumped">It was believed until it jumped: the site goes on by monotonic time, which is right.</param>
public sealed record ClockReading(DateTimeOffset Now, DateTimeOffset Reference, DateTimeOffset Horizon, string? Doubt, bool Jumped = false)
{
    /// <summary>A clock that is believed, with nobody to compare it with.</summary>
    public static ClockReading Of(DateTimeOffset now) => new(now, now, DateTimeOffset.MaxValue, null);
}
