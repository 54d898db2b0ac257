namespace IsoCatalog.Appliance.Upkeep;

/// <summary>How long to wait after failures in a row: twice as long each time, up to a limit.</summary>
internal readonly record struct Backoff(TimeSpan First, TimeSpan Longest)
{
    private const int MostDoublings = 16;

    public static Backoff UpTo(TimeSpan longest) => new(TimeSpan.FromSeconds(1), longest);

    /// <param name="failures">One or more.</param>
    public TimeSpan After(int failures) => First * Math.Pow(2, Math.Min(failures - 1, MostDoublings)) is var pause && pause < Longest ? pause : Longest;
}
