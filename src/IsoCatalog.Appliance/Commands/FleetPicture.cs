using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The sites of a fleet and what moves between them, drawn. Pure.</summary>
internal static class FleetPicture
{
    public static Listing Sites(IReadOnlyList<SiteStanding> sites, DateTimeOffset now)
    {
        var groups = sites.SelectMany(s => s.Surfaces).Select(s => s.Group).Distinct(StringComparer.Ordinal).ToList();
        var table = Screen.Columns(["SITE", "STATE", "HEARD", .. groups.Select(g => (Column)Plain.Text(g).ToUpperInvariant()), "BEHIND", "FREE", Column.Wrapped("LINK")]);
        foreach (var site in sites)
        {
            table.AddRow(
            [
                Screen.Cell(site.Id),
                Screen.Cell(site.State, site.State == "ok" ? Color.Green : Color.Red),
                Screen.Cell(site.Self ? "this site" : site.Heard is { } heard ? Plain.Span(now - heard) + " ago" : "never"),
                .. groups.Select(g => Available([.. site.Surfaces.Where(s => s.Group == g)])),
                Behind(site),
                Screen.Cell(site.FreeBytes is { } free ? Plain.Size(free) : "-"),
                Link(site, now),
            ]);
        }

        return table;
    }

    public static Listing Transfers(IReadOnlyList<TransferView> transfers)
    {
        var table = Screen.Columns(Column.Cut("FETCHING"), "STATE", "DONE", "SIZE", "RATE", "LEFT", Column.Wrapped("FROM"), Column.Wrapped("REASON"));
        foreach (var transfer in transfers)
        {
            table.AddRow(
                Screen.Cell(transfer.Name ?? transfer.Root.ToString()[..12]),
                Screen.Cell(transfer.State, transfer.Reason is null || transfer.State == "verifying" ? Color.Green : Color.Yellow),
                Screen.Cell(Plain.Bar(transfer.Size == 0 ? 1 : (double)transfer.Done / transfer.Size)),
                Screen.Cell(Plain.Size(transfer.Size)),
                Screen.Cell(transfer.Rate > 0 ? Rate(transfer.Rate) : "-"),
                Screen.Cell(transfer.SecondsLeft is { } left and < 1e7 ? Plain.Span(TimeSpan.FromSeconds(left)) : "-"),
                Screen.Cell(From(transfer)),
                Screen.Cell(transfer.Reason ?? "-"));
        }

        return table;
    }

    public static Listing Uploads(IReadOnlyList<UploadView> uploads)
    {
        var table = Screen.Columns(Column.Cut("SENDING"), "TO", "RATE", "SENT", "IT HAS");
        foreach (var upload in uploads)
        {
            table.AddRow(
                Screen.Cell(upload.Name ?? "-"),
                Screen.Cell(upload.Peer),
                Screen.Cell(Rate(upload.Rate)),
                Screen.Cell(Plain.Size(upload.Sent)),
                Screen.Cell(Plain.Bar(upload.Progress)));
        }

        return table;
    }

    /// <summary>Of a group counts what is ready on all its surfaces.</summary>
    private static Piece Available(List<SurfaceStanding> surfaces)
    {
        if (surfaces.Count == 0)
        {
            return Screen.Cell("-");
        }

        var (available, wanted) = (surfaces.Min(s => s.Available), surfaces.Max(s => s.Wanted));
        var problem = surfaces.Select(s => s.Problem).FirstOrDefault(p => p is not null);
        return Screen.Cell(
            $"{available} of {wanted}{(problem is null ? "" : $" ({problem})")}",
            problem is not null ? Color.Red : available == wanted ? Color.Green : Color.Yellow);
    }

    private static Piece Behind(SiteStanding site)
    {
        if (site.Missing is not { } images || site.Behind is not { } documents)
        {
            return Screen.Cell("?");
        }

        var parts = new[] { Some(images, "image"), Some(documents, "document") }.OfType<string>().ToList();
        return parts.Count == 0 ? Screen.Cell("-") : Screen.Cell(string.Join(", ", parts), Color.Yellow);
    }

    private static string? Some(int count, string what) => count switch { 0 => null, 1 => $"1 {what}", _ => $"{count} {what}s" };

    private static Piece Link(SiteStanding site, DateTimeOffset now) => site.Link switch
    {
        null => Screen.Cell("-"),
        { Error: { } error } link => Screen.Cell(link.ErrorCode is { } code ? $"{code}: {error}" : error, Color.Red),
        { ReachableSince: { } since } link => Screen.Cell(
            $"up {Plain.Span(now - since)}{(link.RoundTrip is { } trip ? $", {trip * 1000:0.0} ms" : "")}", Color.Green),
        _ => Screen.Cell("no answer yet", Color.Yellow),
    };

    private static string From(TransferView transfer)
    {
        var sites = transfer.Peers.Where(p => p.DownloadRate > 0).GroupBy(p => p.Name, StringComparer.Ordinal)
            .Select(g => $"{g.Key} {Rate(g.Sum(p => p.DownloadRate))}").ToList();
        return sites.Count > 0 ? string.Join(", ", sites) : "-";
    }

    private static string Rate(double bytes) => Plain.Size((long)bytes) + "/s";
}
