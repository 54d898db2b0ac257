using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>A step that failed. The next try waits twice as long each time, but for what it was tried with only: with other bytes in the store the reason
/// may be gone, so that is a first try.</summary>
/// <param name="Count">Failures in a row.</param>
/// <param name="NotBefore">When the next try is due.</param>
/// <param name="With">The store's file that it failed with; null when the step does not read it.</param>
internal sealed record Attempt(int Count, DateTimeOffset NotBefore, Receipt? With)
{
    public static Attempt After(Attempt? last, Receipt? with, DateTimeOffset now, TimeSpan longest)
    {
        var count = last is not null && last.With == with ? last.Count + 1 : 1;
        return new Attempt(count, now + TimeSpan.FromSeconds(Math.Min(longest.TotalSeconds, Math.Pow(2, Math.Min(count, 10) - 1))), with);
    }

    public bool IsOver(Receipt? with, DateTimeOffset now) => now >= NotBefore || With != with;
}
