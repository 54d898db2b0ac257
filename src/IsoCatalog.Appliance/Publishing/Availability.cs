using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>What a panel wants to know.</summary>
internal sealed record AvailableQuery(string Surface)
{
    public string? Os { get; init; }

    public string? Arch { get; init; }

    public string? Boot { get; init; }

    public string? Kind { get; init; }

    public string? Tag { get; init; }

    public string? Text { get; init; }

    /// <summary>An oVirt cluster, by name or id: what its virtual machines can mount.</summary>
    public string? Cluster { get; init; }

    /// <summary>The language of titles; see <see cref="CatalogImage.TitleIn"/>.</summary>
    public string? Language { get; init; }
}

/// <summary>Answers "what can be mounted now" from the newest view, without touching disk or database. Thread-safe.</summary>
internal sealed class Availability(string site, SiteLedger ledger, ImageStore store, IReadOnlyList<ISurface> surfaces)
{
    private readonly AnswerMemory<AvailableQuery> _answers = new();

    /// <summary>One of these for each question, which several may share.</summary>
    private readonly Lock[] _making = [.. Enumerable.Range(0, 16).Select(_ => new Lock())];

    /// <summary>How surfaces are mounted has changed, and no view tells.</summary>
    public void Forget() => _answers.Clear();

    /// <returns>Null when there is no such surface, kind or group here.</returns>
    public AvailableBytes? Answer(AvailableQuery query)
    {
        var view = ledger.View;
        if (_answers.Find(query) is { } known && known.Basis.Version >= view.Version)
        {
            return known;
        }

        var asked = Asked(view, query);
        if (asked.Count == 0)
        {
            return null;
        }

        // When the site changes, everybody who asks then needs the same answer: one makes it, and the processors are not all busy with it.
        lock (_making[(uint)query.GetHashCode() % _making.Length])
        {
            return _answers.Find(query) is { } made && made.Basis.Version >= view.Version
                ? made
                : _answers.Keep(query, Newer(_answers.Find(query), view, asked, query));
        }
    }

    /// <returns>Null when there is no such surface, kind or group here.</returns>
    public IReadOnlyList<AvailableImage>? Images(SiteView view, AvailableQuery query) =>
        Asked(view, query) is { Count: > 0 } asked ? Images(view, asked, query) : null;

    /// <summary>The catalog's images that the filters let through, in the order of the list.</summary>
    public static IEnumerable<CatalogImage> Matching(SiteView view, AvailableQuery query) => view.Catalog.Live
        .Where(i => Matches(i, query))
        .OrderBy(i => ImagePosition.Of(i, query.Language), ImagePosition.Sequence);

    /// <summary>A group or kind means all its surfaces; but a cluster mounts from the one domain of its data center.</summary>
    private static List<SurfaceStatus> Asked(SiteView view, AvailableQuery query)
    {
        var asked = view.Surfaces.Where(s => s.Name == query.Surface).ToList();
        if (asked.Count == 0)
        {
            asked.AddRange(view.Surfaces.Where(s => s.Group == query.Surface || s.Kind == query.Surface));
        }

        return query.Cluster is not { } cluster ? asked : [.. asked.Where(s => s.DataCenters.Any(d => d.Has(cluster)))];
    }

    private AvailableBytes Newer(AvailableBytes? known, SiteView view, List<SurfaceStatus> asked, AvailableQuery query)
    {
        if (known is not null && known.Basis.SaysTheSame(view))
        {
            return known with { Basis = new AnswerBasis(view) };
        }

        var images = Images(view, asked, query);
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(images, ApiJson.Readable.IReadOnlyListAvailableImage));
        return known is not null && hash.AsSpan().SequenceEqual(known.ImagesHash)
            ? known with { Basis = new AnswerBasis(view) }
            : Made(view, asked, query, images, hash);
    }

    private AvailableBytes Made(SiteView view, List<SurfaceStatus> asked, AvailableQuery query, IReadOnlyList<AvailableImage> images, byte[] hash) =>
        Packed(view, new AvailableAnswer(site, query.Surface, asked.Max(s => s.AnswerChanged), images, query.Language), hash);

    public static AvailableBytes Packed(SiteView view, AvailableAnswer answer, byte[] imagesHash)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(answer, ApiJson.Readable.AvailableAnswer);
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(body);
        }

        return new AvailableBytes(new AnswerBasis(view), imagesHash, Convert.ToHexStringLower(SHA256.HashData(body).AsSpan(0, 12)), body, packed.ToArray());
    }

    private List<AvailableImage> Images(SiteView view, List<SurfaceStatus> asked, AvailableQuery query)
    {
        var mounting = surfaces.First(s => s.Description.Name == asked[0].Name);
        var images = new List<AvailableImage>();
        foreach (var image in Matching(view, query))
        {
            if (asked.All(s => view.IsAvailable(image.Id, s, query.Cluster)) && mounting.MountOf(store.Stored(image, default), view.CellOf(image.Id, mounting.Description.Name)?.Evidence) is { } mount)
            {
                images.Add(Wire(view, image, query.Language, view.IsConfirmed(image.Id), mount));
            }
        }

        return images;
    }

    private static bool Matches(CatalogImage image, AvailableQuery query) =>
        (query.Os is null || OsName.IsMeant(image.Meta.Os, query.Os))
        && (query.Arch is null || image.Arch.Contains(query.Arch, StringComparer.OrdinalIgnoreCase))
        && (query.Boot is null || (Is("uefi", query.Boot) ? image.Value.Iso.Uefi : image.Value.Iso.Bios))
        && (query.Kind is null || Is(image.Meta.Kind, query.Kind))
        && (query.Tag is null || image.Meta.Tags.Contains(query.Tag, StringComparer.OrdinalIgnoreCase))
        && (query.Text is null
            || image.TitleIn(query.Language).Contains(query.Text, StringComparison.OrdinalIgnoreCase)
            || image.FileName.Contains(query.Text, StringComparison.OrdinalIgnoreCase)
            || image.Value.Iso.VolumeId.Contains(query.Text, StringComparison.OrdinalIgnoreCase));

    public static AvailableImage Wire(SiteView view, CatalogImage image, string? language, bool sha256Confirmed, SurfaceMount mount) => new(
        image.Id,
        image.FileName,
        image.TitleIn(language),
        image.Value.Size,
        image.Value.Sha256,
        sha256Confirmed,
        image.Meta.Kind,
        image.Meta.Group,
        image.Meta.Order,
        view.Catalog.AliasesOf.GetValueOrDefault(image.Id, []),
        image.Meta.Os,
        image.Arch,
        new ImageBoot(image.Value.Iso.Bios, image.Value.Iso.Uefi),
        image.Value.Iso.VolumeId,
        image.Meta.EolDate,
        image.Value.AddedAt,
        mount,
        image.Value.Faults);

    private static bool Is(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
