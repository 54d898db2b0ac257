using System.Security.Cryptography;
using System.Text.Json;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Answers what can be mounted at another site, or at all of them, from their signed holdings: while these are fresh, and never from old ones. Thread-safe.</summary>
internal sealed class Elsewhere(string own, SiteLedger ledger, Availability here, TimeProvider time)
{
    /// <summary>For <c>site=</c>: every active site of the fleet.</summary>
    public const string Everywhere = "*";

    private readonly AnswerMemory<(string Site, AvailableQuery Query)> _answers = new();

    public Outcome<AvailableBytes> Answer(string site, AvailableQuery query)
    {
        var (view, now) = (ledger.View, time.GetUtcNow());
        if (site != Everywhere && !view.Others.ContainsKey(site))
        {
            return new Refusal(
                RefusalCode.UnknownSite, $"The fleet has no active site '{site}'. Sites: {string.Join(", ", view.Others.Keys.Append(own).Order(StringComparer.Ordinal))}.");
        }

        var others = view.Others.Values.Where(o => site is Everywhere || o.Site == site).OrderBy(o => o.Site, StringComparer.Ordinal).ToList();
        if (others.Where(o => !o.IsFresh(now)).ToList() is { Count: > 0 } silent)
        {
            return new Refusal(
                RefusalCode.SiteUnreachable,
                $"Nothing was heard for {OtherSite.Fresh.TotalSeconds:0} s of {string.Join(", ", silent.Select(o => o.Site))}: what can be mounted there now is not known. "
                + "Ask that site itself, or look at 'isocatalog status'.");
        }

        var asked = others.ToDictionary(o => o.Site, o => Asked(o, query.Surface), StringComparer.Ordinal);
        if (site is not Everywhere && asked[site].Count == 0)
        {
            return new Refusal(
                RefusalCode.UnknownSurface,
                $"There is no surface, kind or group '{query.Surface}' at {site}. Surfaces: {string.Join(", ", others[0].Surfaces!.Value.Select(s => s.Name))}.");
        }

        if ((site is Everywhere ? EveryWhere(view, query, others, asked) : At(view, query, others[0], asked[site])) is not { } images)
        {
            return new Refusal(RefusalCode.UnknownSurface, $"There is no surface, kind or group '{query.Surface}' at {own}.");
        }

        return Remember(site, query, view, images, now);
    }

    /// <summary>A site that has no such surface does not stand in the way.</summary>
    private List<AvailableImage>? EveryWhere(
        SiteView view, AvailableQuery query, List<OtherSite> others, Dictionary<string, List<OtherSurface>> asked) =>
        here.Images(view, query)?.Where(i => others.All(o => asked[o.Site].All(s => o.IsAvailable(i.Id, s)))).ToList();

    private static List<AvailableImage> At(SiteView view, AvailableQuery query, OtherSite other, List<OtherSurface> asked) =>
        Availability.Matching(view, query)
            .Where(i => !i.Meta.Hidden && asked.All(s => other.IsAvailable(i.Id, s)))
            .Select(i => Availability.Wire(view, i, other.Confirmed.Contains(i.Id), new SurfaceMount()))
            .ToList();

    private static List<OtherSurface> Asked(OtherSite other, string surface) =>
        (other.Surfaces ?? []).Where(s => s.Name == surface).ToList() is { Count: > 0 } named
            ? named
            : [.. (other.Surfaces ?? []).Where(s => s.Group == surface || s.Kind == surface)];

    private AvailableBytes Remember(string site, AvailableQuery query, SiteView view, List<AvailableImage> images, DateTimeOffset now)
    {
        var hash = SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(images, ApiJson.Readable.IReadOnlyListAvailableImage));
        if (_answers.Find((site, query)) is { } known && hash.AsSpan().SequenceEqual(known.ImagesHash))
        {
            return known;
        }

        return _answers.Keep((site, query), Availability.Packed(view, new AvailableAnswer(site, query.Surface, now, images), hash));
    }
}
