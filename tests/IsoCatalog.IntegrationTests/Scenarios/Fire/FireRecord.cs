using System.Collections.Concurrent;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>What was done to the sites and when, what the panels saw, and whether that was within the promise. Thread-safe.</summary>
/// <param name="live">Hears each line of the log as it is written.</param>
internal sealed class FireRecord(Action<string>? live)
{
    /// <summary>From the return of the system call that does the damage to lists without the image.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<ImageId, FireImage> _images = new();
    private readonly ConcurrentQueue<Spell> _damages = new();
    private readonly ConcurrentQueue<Spell> _downs = new();
    private readonly ConcurrentQueue<string> _log = new();
    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);

    public static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public DateTimeOffset Started { get; } = Now;

    public ConcurrentQueue<string> Violations { get; } = new();

    public IEnumerable<FireImage> Images => _images.Values;

    public IEnumerable<string> Log => _log;

    public string Counts => string.Join(", ", _counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Value} {c.Key}"));

    public void Add(FireImage image) => _images[image.Id] = image;

    public FireImage? Find(ImageId id) => _images.GetValueOrDefault(id);

    public void Count(string what) => _counts.AddOrUpdate(what, 1, (_, count) => count + 1);

    public int CountOf(string what) => _counts.GetValueOrDefault(what);

    public void Say(string what)
    {
        var line = $"{(Now - Started).TotalSeconds,7:F2} {what}";
        _log.Enqueue(line);
        live?.Invoke(line);
    }

    public void Violated(string what)
    {
        Violations.Enqueue(what);
        Say("WRONG: " + what);
    }

    /// <summary>To be disposed when the system call that does the damage has returned. Damage to the store concerns every surface of that site.</summary>
    public IDisposable Damage(string site, string? surface, ImageId image) => Begin(_damages, new Spell(site, surface, image));

    /// <summary>To be disposed when the site is asked again.</summary>
    public IDisposable Down(string site) => Begin(_downs, new Spell(site, null, null));

    /// <summary>Was damage done that may still show to somebody who asked for the list then and has mounted until now?</summary>
    public bool IsDamaged(string site, string surface, ImageId image, DateTimeOffset asked, DateTimeOffset until) =>
        _damages.Any(d => d.Site == site && d.Image == image && (d.Surface is null || d.Surface == surface)
            && d.Begin <= until && (d.End is not { } end || end + Window > asked));

    /// <summary>Was the site's own copy damaged only now, so that it may not know of it yet?</summary>
    public bool IsStoreDamaged(string site, ImageId image, TimeSpan within) =>
        _damages.Any(d => d.Site == site && d.Image == image && d.Surface is null && (d.End is not { } end || end + within > Now));

    public bool WasDown(string site, DateTimeOffset from, DateTimeOffset until) =>
        _downs.Any(d => d.Site == site && d.Begin <= until && (d.End is not { } end || end >= from));

    private static Spell Begin(ConcurrentQueue<Spell> spells, Spell spell)
    {
        spells.Enqueue(spell);
        return spell;
    }

    private sealed class Spell(string site, string? surface, ImageId? image) : IDisposable
    {
        private long _end;

        public string Site => site;

        public string? Surface => surface;

        public ImageId? Image => image;

        public DateTimeOffset Begin { get; } = Now;

        public DateTimeOffset? End => Interlocked.Read(ref _end) is > 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

        public void Dispose() => Interlocked.Exchange(ref _end, Now.UtcTicks);
    }
}
