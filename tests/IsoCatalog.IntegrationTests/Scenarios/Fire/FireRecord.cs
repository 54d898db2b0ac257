using System.Collections.Concurrent;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>What was done to the sites and when, what the panels saw, and whether that was within the promise. Thread-safe.</summary>
/// <param name="live">Hears each line of the log as it is written.</param>
internal sealed class FireRecord(Action<string>? live)
{
    /// <summary>From the return of the system call that does the damage to lists without the image.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    /// <summary>From an engine's trouble to lists without what cannot be mounted through it: its minute of silence, a look and a check, on a machine that is on fire.</summary>
    public static readonly TimeSpan EngineWindow = TimeSpan.FromSeconds(10);

    /// <summary>From the end of a disk's or a clock's trouble to a site that takes everything again.</summary>
    private static readonly TimeSpan Settles = TimeSpan.FromSeconds(15);

    /// <summary>From the end of an engine's trouble to lists that know what the engine lists since then: a check.</summary>
    private static readonly TimeSpan EngineFollows = TimeSpan.FromSeconds(3);

    private readonly ConcurrentDictionary<ImageId, FireImage> _images = new();
    private readonly ConcurrentQueue<Spell> _damages = new();
    private readonly ConcurrentQueue<Spell> _downs = new();
    private readonly ConcurrentQueue<Spell> _engines = new();
    private readonly ConcurrentQueue<Spell> _disks = new();
    private readonly ConcurrentQueue<Spell> _clocks = new();
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

    /// <summary>To be disposed when the engine is as it should be again.</summary>
    /// <param name="image">The only one that it concerns; null for all.</param>
    public IDisposable EngineTrouble(string site, ImageId? image) => Begin(_engines, new Spell(site, "ovirt", image));

    /// <summary>To be disposed when the site's disk takes everything again.</summary>
    public IDisposable DiskTrouble(string site) => Begin(_disks, new Spell(site, null, null));

    /// <summary>To be disposed when the site's clock is right again.</summary>
    public IDisposable ClockTrouble(string site) => Begin(_clocks, new Spell(site, null, null));

    /// <summary>What has to be written may be refused then, and a moment longer, until the site has tried again.</summary>
    public bool IsDiskTrouble(string site, DateTimeOffset from, DateTimeOffset until) => IsTrouble(_disks, site, from, until);

    /// <summary>What has to be dated may be refused then, and a moment longer, until the site has looked again.</summary>
    public bool IsClockTrouble(string site, DateTimeOffset from, DateTimeOffset until) => IsTrouble(_clocks, site, from, until);

    /// <summary>May an engine's trouble show to somebody who asked for the list then and has mounted until now? Whether it should have left the list is another question.</summary>
    public bool IsEngineTrouble(string site, ImageId image, DateTimeOffset asked, DateTimeOffset until) =>
        _engines.Any(e => e.Site == site && (e.Image is null || e.Image == image)
            && e.Begin <= until && (e.End is not { } end || end + EngineFollows > asked));

    /// <summary>The image should have left the list long ago, because its engine has been in trouble all the time.</summary>
    public bool IsListedInVain(string site, ImageId image, DateTimeOffset asked, DateTimeOffset answered) =>
        _engines.Any(e => e.Site == site && (e.Image is null || e.Image == image) && asked - e.Begin >= EngineWindow && (e.End is not { } end || end > answered));

    /// <summary>Was damage done that may still show to somebody who asked for the list then and has mounted until now?</summary>
    public bool IsDamaged(string site, string surface, ImageId image, DateTimeOffset asked, DateTimeOffset until) =>
        _damages.Any(d => d.Site == site && d.Image == image && (d.Surface is null || d.Surface == surface)
            && d.Begin <= until && (d.End is not { } end || end + Window > asked));

    /// <summary>Was the site's own copy damaged only now, so that it may not know of it yet?</summary>
    public bool IsStoreDamaged(string site, ImageId image, TimeSpan within) =>
        _damages.Any(d => d.Site == site && d.Image == image && d.Surface is null && (d.End is not { } end || end + within > Now));

    public bool WasDown(string site, DateTimeOffset from, DateTimeOffset until) =>
        _downs.Any(d => d.Site == site && d.Begin <= until && (d.End is not { } end || end >= from));

    private static bool IsTrouble(ConcurrentQueue<Spell> spells, string site, DateTimeOffset from, DateTimeOffset until) =>
        spells.Any(s => s.Site == site && s.Begin <= until && (s.End is not { } end || end + Settles >= from));

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
