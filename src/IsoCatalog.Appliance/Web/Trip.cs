using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Web;

/// <summary>One line of what is on the way: an add, a move of an alias, a fetch, what is sent, or what has waited for long. Pure.</summary>
/// <param name="Id">Of the element, so that it stays the same one; null where it has none.</param>
/// <param name="State">What becomes of it, in the page's language.</param>
/// <param name="Share">0 to 1; null for what has no end that is known.</param>
/// <param name="Facts">Sizes, rates, who with; in the page's language.</param>
/// <param name="Reason">As the answer says it.</param>
public sealed record Trip(string? Id, Look Look, string State, string Name, double? Share, string Facts, string? Reason = null)
{
    public static IReadOnlyList<Trip> Of(LivePage page)
    {
        ArgumentNullException.ThrowIfNull(page);
        var (status, words) = (page.Status, page.Words);
        return
        [
            .. status.Jobs.Select(j => Of(j, words)),
            .. status.Transfers.Select(t => Of(t, words)),
            .. page.Waits.Select(w => new Trip(null, new Look("waiting", "", Tone.Busy), words.Waits, Called(page, w), null, $"{page.Ago(w.Since)} · {w.Code}", w.Reason)),
            .. status.Uploads.Select(u => new Trip(null, new Look("fetching", "", Tone.Busy), words.Sending, u.Name ?? "", u.Progress, Joined(words.To(Plain.Text(u.Peer)), words.Rate(u.Rate)))),
        ];
    }

    private static Trip Of(JobView job, Words words) => job.IsAlias()
        ? new("j-" + job.Id, new Look("waiting", "", Tone.Busy), words.AliasMoves, job.Subject, Part(job.Done, job.Total), words.Surfaces((int)job.Total), job.Step)
        : new(
            "j-" + job.Id,
            new Look("verifying", "", Tone.Busy),
            words.Step(Plain.Text(job.Step)),
            job.Subject,
            Part(job.Done, job.Total),
            Joined(words.AddedHere, job.Total > 0 ? words.Size(job.Total) : ""));

    private static Trip Of(TransferView transfer, Words words) => new(
        $"t-{transfer.Root}",
        new Look(transfer.State is "waiting" ? "waiting" : transfer.State is "verifying" ? "verifying" : "fetching", "", Tone.Busy),
        words.Transfer(transfer.State),
        transfer.Name ?? transfer.Root.ToString()[..12],
        Part(transfer.Done, transfer.Size),
        Joined(
            words.Of(words.Size(transfer.Done), words.Size(transfer.Size)),
            words.Rate(transfer.Rate),
            transfer.SecondsLeft is { } left and < 1e7 ? words.Left(words.Span(TimeSpan.FromSeconds(left))) : "",
            string.Join(", ", transfer.Peers.Where(p => p.DownloadRate > 0).Select(p => Plain.Text(p.Name)).Distinct()) is { Length: > 0 } peers ? words.From(peers) : ""),
        transfer.Reason);

    private static string Called(LivePage page, DriftView wait) => wait.Image is { } image ? page.NameOf(image) : wait.Surface ?? wait.Site ?? page.Status.Site;

    private static double Part(long done, long total) => total > 0 ? Math.Clamp((double)done / total, 0, 1) : 0;

    private static string Joined(params IEnumerable<string> facts) => string.Join(" · ", facts.Where(f => f.Length > 0));
}
