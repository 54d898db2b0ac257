using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Upkeep;

/// <summary>What the site does not get done, though it tries again and again; said only once it has lasted. Thread-safe.</summary>
internal sealed class Setbacks(TimeProvider time)
{
    /// <summary>What works again within this is no news.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromMinutes(1);

    private ImmutableList<Attempts<(string What, ImageId? Image)>> _rooms = [];

    public IEnumerable<Setback> Lasting
    {
        get
        {
            var now = time.GetUtcNow();
            return _rooms.SelectMany(r => r.All).Where(a => now - a.Value.Since >= Grace).OrderBy(a => a.Value.Since)
                .Select(a => new Setback($"{a.Key.What} fails, and is tried again. The last time: {a.Value.Reason}", a.Key.Image, a.Value.Since));
        }
    }

    /// <summary>For a room to write down what failed; what lasts is said here.</summary>
    public Attempts<(string What, ImageId? Image)> Attempts(Backoff backoff)
    {
        var attempts = new Attempts<(string What, ImageId? Image)>(backoff, time);
        ImmutableInterlocked.Update(ref _rooms, rooms => rooms.Add(attempts));
        return attempts;
    }
}

internal sealed record Setback(string Reason, ImageId? Image, DateTimeOffset Since);
