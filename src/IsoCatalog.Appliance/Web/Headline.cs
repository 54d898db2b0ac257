using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Web;

/// <summary>The one line that answers "is everything all right?". Pure.</summary>
public sealed record Headline(Look Look, string Text)
{
    public static Headline Of(LivePage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        var status = page.Status;
        var late = status.Sites.Where(s => s.State != "ok").ToList();
        var (waiting, drifting) = (page.Wanted - page.ReadyEverywhere, status.Drift.Count);
        var news = new[]
        {
            late.Count > 0 ? $"{string.Join(", ", late.Select(s => Plain.Text(s.Id)))} not heard" : null,
            drifting > 0 ? $"{drifting} drifting" : null,
            waiting > 0 ? $"{waiting} not available everywhere" : null,
        }.OfType<string>().ToList();
        var scope = $"{Some(status.Sites.Count, "site")}, {Some(page.Wanted, "image")}";
        return late.Count > 0 || drifting > 0 ? new Headline(new Look("withdrawn", "Attention", Tone.Bad), $"{scope}: {string.Join(", ", news)}")
            : waiting > 0 ? new Headline(new Look("fetching", "On the way", Tone.Busy), $"{scope}: {string.Join(", ", news)}")
            : page.Wanted == 0 ? new Headline(new Look("absent", "Empty", Tone.Quiet), $"{Some(status.Sites.Count, "site")}, no image yet")
            : new Headline(new Look("ok", "In order", Tone.Good), $"{scope}, all available");
    }

    public static string Some(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";

    /// <summary>How far a site is behind the others, in words; empty when it is not.</summary>
    public static string Behind(SiteStanding site)
    {
        ArgumentNullException.ThrowIfNull(site);
        return site is not { Missing: { } images, Behind: { } documents }
            ? "not known"
            : string.Join(", ", new[] { images > 0 ? Some(images, "image") : null, documents > 0 ? Some(documents, "document") : null }.OfType<string>());
    }
}
