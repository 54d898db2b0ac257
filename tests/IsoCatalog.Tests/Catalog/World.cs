using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Trust;

namespace IsoCatalog.Tests.Catalog;

/// <summary>
/// Four sites with wrong clocks that write, gossip in part and out of order, lose chunks, are restored from snapshots without noticing, and one of which may sign
/// two histories. At the end all meet often enough, and the clocks pass every bound.
/// </summary>
internal sealed class World
{
    private static readonly string[] Ids = ["ams", "msk", "nyc", "sgp"];
    private static readonly int[] Skews = [0, -200, 150, 290, -3000];
    private static readonly SomeFleet Fleet = new(Ids);

    private readonly Random _random;
    private readonly List<ModelSite> _sites;
    private readonly string? _evil;
    private long _now = 10_000;

    public World(int seed, Func<SomeFleet, string, int, ModelSite> site)
    {
        _random = new Random(seed);
        _sites = [.. Ids.Select(id => site(Fleet, id, Pick(Skews)))];
        _evil = _random.Next(2) == 0 ? "ams" : null;
    }

    public IReadOnlyList<ModelSite> Sites => _sites;

    public bool HasConflict => _sites.Any(s => s.Catalog.View.Registers.Values.Any(r => r.BySite.Length > 1));

    public bool HasFork => _sites.Any(s => s.Forked > 0);

    public bool HasPending => _sites.Any(s => s.Waited > 0);

    /// <summary>Runs it; null, or what went wrong.</summary>
    public string? Run()
    {
        for (var step = _random.Next(15, 45); step > 0; step--)
        {
            _now += _random.Next(0, 40);
            Step(Pick(_sites));
            _sites.ForEach(s => s.Retry(_now));
        }

        for (var round = 0; round < 6; round++)
        {
            _now += 4000;
            foreach (var (site, other) in _sites.SelectMany(s => _sites.Select(o => (s, o))))
            {
                foreach (var parcel in Shuffled(other.Shelf.Values))
                {
                    site.Receive(parcel, _now);
                }
            }

            _sites.ForEach(s => s.Retry(_now));
        }

        return Difference() ?? Revoke();
    }

    private void Step(ModelSite site)
    {
        var chance = _random.Next(100);
        if (chance < 40)
        {
            var image = _random.Next(5);
            var what = _random.Next(8);
            site.Write(stamp => SomeEntry(what, image, stamp), _now);
        }
        else if (chance < 80)
        {
            var other = Pick(_sites);
            var parcels = Shuffled(other.Shelf.Values);
            foreach (var parcel in parcels.Take(_random.Next(parcels.Count + 1)))
            {
                site.Receive(parcel, _now, withChunks: _random.Next(8) > 0);
            }
        }
        else if (chance < 88)
        {
            site.Snapshot();
        }
        else if (chance < 94)
        {
            site.Restore();
        }
        else if (_evil is not null)
        {
            Equivocate();
        }
    }

    /// <summary>The key of one site signs a second document for a place that is taken, and hands it to one site only.</summary>
    private void Equivocate()
    {
        var site = _sites[0];
        var writer = site.Writer with { Seq = Math.Max(0, site.Writer.Seq - 1) };
        var clock = site.Clock(_now);
        var entry = SomeEntry(_random.Next(8), _random.Next(5), writer.NextStamp(site.Catalog, ClockReading.Of(clock)));
        var written = (WriteOutcome.Written)writer.Write(site.Catalog, [entry], Fleet.Signers[Ids[0]], ClockReading.Of(clock));
        Pick(_sites).Receive(Parcel.Of(written.Document, written.Writer), _now);
    }

    private string? Difference()
    {
        var views = _sites.Select(s => Render.View(s.Catalog.View)).ToList();
        return views.Any(v => v != views[0]) ? "the views differ"
            : _sites.Any(s => Render.View(s.Catalog.Joined()) != views[0]) ? "the retained documents do not give the view"
            : _sites.Any(s => !Retained(s).SetEquals(Retained(_sites[0]))) ? "the sites retain different documents"
            : _sites.Any(s => !s.Catalog.Heads.SequenceEqual(_sites[0].Catalog.Heads)) ? "the heads differ"
            : null;
    }

    /// <summary>The first site's key is revoked but for two documents: views still agree, whoever had dropped those two.</summary>
    private string? Revoke()
    {
        var documents = _sites.SelectMany(s => s.Shelf.Values).DistinctBy(p => p.Hash).ToList();
        var kept = documents.Where(p => SiteOf(p) == Ids[0]).Select(p => p.Hash).Order().Take(2).ToList();
        var next = TrustDocument.After(Fleet.Chain.Newest, SomeFleet.Now, SomeFleet.Year).WithSiteRevoked(Ids[0], kept);
        var chain = ((TrustOutcome.Accepted)Fleet.Chain.Offer(SomeFleet.SignedBy(next, Fleet.Roots).ToJson())).Chain;
        var views = new List<string>();
        foreach (var site in _sites)
        {
            site.Under(chain);
            var catalog = site.Catalog;
            foreach (var parcel in documents.Where(p => catalog.Missing.Any(m => m.Document == p.Hash)).ToList())
            {
                catalog = catalog.Admit(parcel.Envelope, parcel.Chunks, site.Clock(_now)).Catalog;
            }

            views.Add(Render.View(catalog.View));
        }

        return views.Any(v => v != views[0]) ? "the views differ after a revocation" : null;
    }

    private static string? SiteOf(Parcel parcel) =>
        Envelope.TryParse(parcel.Envelope, int.MaxValue, out var envelope, out _) ? Fleet.Chain.Speakers.WhoSigned(envelope, SiteManifest.PayloadType)?.Site : null;

    private static HashSet<Sha256Digest> Retained(ModelSite site) => [.. site.Catalog.Sites.Values.SelectMany(s => s.Retained).Select(d => d.Ref.Sha256)];

    internal static Entry SomeEntry(int what, int image, Stamp stamp) => what switch
    {
        0 or 1 => new ImageEntry(SomeImages.Id(image), stamp, "tests", null, false, SomeImages.Value(image)),
        2 => new ImageEntry(SomeImages.Id(image), stamp, "tests", null, false, SomeImages.Value(image, "same.iso")),
        3 => new ImageEntry(SomeImages.Id(image), stamp, "tests", "lies", false, SomeImages.Value(image) with { Root = SomeImages.Value(image + 1).Root }),
        4 => new ImageEntry(SomeImages.Id(image), stamp, "tests", "old", true, SomeImages.Value(image)),
        5 => new MetaEntry(SomeImages.Id(image), stamp, "tests", null, new MetaValue { Titles = new Dictionary<string, string> { ["en"] = $"{stamp.Ms}" } }),
        6 => new BlockEntry(SomeImages.Id(image), stamp, "tests", "CVE", stamp.Ms % 2 == 0),
        _ => new AliasEntry($"alias-{image % 2}", SomeImages.Id(image), stamp, "tests", null, stamp.Ms % 3 == 0),
    };

    private T Pick<T>(IReadOnlyList<T> from) => from[_random.Next(from.Count)];

    private List<T> Shuffled<T>(IEnumerable<T> items)
    {
        var list = items.ToArray();
        _random.Shuffle(list);
        return [.. list];
    }
}
