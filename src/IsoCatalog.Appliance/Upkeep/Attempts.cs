using System.Collections.Concurrent;

namespace IsoCatalog.Appliance.Upkeep;

/// <summary>
/// What failed, and when it is tried again. The next try waits longer each time, but for what it was tried with only: with something else the reason may be
/// gone, so that is a first try. Thread-safe.
/// </summary>
internal sealed class Attempts<TKey>(Backoff backoff, TimeProvider time)
    where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Attempt> _failed = new();

    /// <summary>What failed when it was last tried.</summary>
    public IEnumerable<KeyValuePair<TKey, Attempt>> All => _failed;

    /// <param name="key">What is to be done.</param>
    /// <param name="with">What it would be done with now.</param>
    public bool IsDue(TKey key, object? with = null) =>
        !_failed.TryGetValue(key, out var last) || !Equals(last.With, with)
        // A pause from before the clock was set back is no pause.
        || (last.NotBefore - time.GetUtcNow()) is var left && (left <= TimeSpan.Zero || left > backoff.Longest);

    public void Failed(TKey key, string reason, object? with = null)
    {
        var now = time.GetUtcNow();
        _failed.AddOrUpdate(key, _ => Next(null), (_, last) => Next(last));

        Attempt Next(Attempt? last)
        {
            var count = last is not null && Equals(last.With, with) ? last.Count + 1 : 1;
            return new Attempt(count, last?.Since ?? now, now + backoff.After(count), reason, with);
        }
    }

    /// <summary>It worked, or is not wanted any more.</summary>
    public void Forget(TKey key) => _failed.TryRemove(key, out _);

    /// <summary>The first try that is due later than <paramref name="moment"/>; null when none is.</summary>
    public DateTimeOffset? NextAfter(DateTimeOffset moment) =>
        _failed.Values.Where(a => a.NotBefore > moment).Min(a => (DateTimeOffset?)a.NotBefore);
}

/// <param name="Count">Failures in a row, with the same.</param>
/// <param name="Since">The first of all failures in a row.</param>
/// <param name="NotBefore">When the next try is due.</param>
/// <param name="Reason">Of the last failure, in words.</param>
/// <param name="With">What it failed with.</param>
internal sealed record Attempt(int Count, DateTimeOffset Since, DateTimeOffset NotBefore, string Reason, object? With);
