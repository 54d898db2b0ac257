using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Web;

/// <summary>The one line that answers "is everything all right?". Pure.</summary>
public sealed record Headline(Look Look, string Text)
{
    public static Headline Of(LivePage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        var (status, words) = (page.Status, page.Words);
        var late = status.Sites.Where(page.IsMissing).ToList();
        var (waiting, drifting) = (page.Wanted - page.ReadyEverywhere, page.Drift.Count);
        var news = new[]
        {
            late.Count > 0 ? words.NotHeard(string.Join(", ", late.Select(s => Plain.Text(s.Id)))) : null,
            drifting > 0 ? words.Drifting(drifting) : null,
            waiting > 0 ? words.NotEverywhere(waiting) : null,
        }.OfType<string>().ToList();
        var scope = $"{words.Sites(status.Sites.Count)}, {words.Images(page.Wanted)}";
        return late.Count > 0 || drifting > 0 ? new Headline(new Look("withdrawn", words.Attention, Tone.Bad), $"{scope}: {string.Join(", ", news)}")
            : waiting > 0 ? new Headline(new Look("fetching", words.OnTheWay, Tone.Busy), $"{scope}: {string.Join(", ", news)}")
            : page.Wanted == 0 ? new Headline(new Look("absent", words.Empty, Tone.Quiet), $"{words.Sites(status.Sites.Count)}, {words.NoImageYet}")
            : new Headline(new Look("ok", words.InOrder, Tone.Good), $"{scope}, {words.AllAdvertised}");
    }

    /// <summary>How far a site is behind the others, in words; null when that is not known.</summary>
    public static string? Behind(SiteStanding site, Words words)
    {
        ArgumentNullException.ThrowIfNull(site);
        ArgumentNullException.ThrowIfNull(words);
        return site is not { Missing: { } images, Behind: { } documents }
            ? null
            : string.Join(", ", new[] { images > 0 ? words.Images(images) : null, documents > 0 ? words.Documents(documents) : null }.OfType<string>());
    }
}
