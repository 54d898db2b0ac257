using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The site at a glance, drawn. Pure.</summary>
internal static class StatusPicture
{
    private static readonly Sentence Empty = new(default(Piece) with { Text = "" });

    /// <param name="before">An earlier look: from it and this one follow the rates of adds.</param>
    public static Stack Of(StatusView status, DateTimeOffset now, (StatusView Status, DateTimeOffset At)? before = null)
    {
        var parts = new List<ILines> { Facts(status, now), Empty, Surfaces(status) };
        if (status.Sites.Count > 1)
        {
            parts.AddRange([Empty, FleetPicture.Sites(status.Sites, now)]);
        }

        if (status.Transfers.Count > 0)
        {
            parts.AddRange([Empty, FleetPicture.Transfers(status.Transfers)]);
        }

        if (status.Uploads.Count > 0)
        {
            parts.AddRange([Empty, FleetPicture.Uploads(status.Uploads)]);
        }

        if (status.Jobs.Count > 0)
        {
            parts.AddRange([Empty, Jobs(status, now, before)]);
        }

        parts.Add(Empty);
        parts.Add(status.Drift.Count > 0 ? Drift(status, now) : new Sentence(Screen.Cell("No drift: everything is as it should be.", Color.Green)));
        return new Stack([.. parts]);
    }

    private static Facts Facts(StatusView status, DateTimeOffset now)
    {
        var facts = new Facts();
        facts.Add("Site", Screen.Cell($"{status.Site}, isocatalog {status.Version}, up {Plain.Span(now - status.Started)}"));
        facts.Add("API", Screen.Cell(status.Api));
        facts.Add("ISO", Screen.Cell(status.Iso ?? "not served"));
        facts.Add("Data", Screen.Cell($"{status.Data}, {Plain.Size(status.FreeBytes)} free"));
        facts.Add("Images", Screen.Cell($"{status.Images}, {status.Retired} removed and restorable, {status.Leases} leases"));
        facts.Add("Engine", Screen.Cell($"hashing by {status.LeafHashing}, SQLite {status.Sqlite}"));
        return facts;
    }

    private static Listing Surfaces(StatusView status)
    {
        var table = Screen.Columns("SURFACE", "KIND", "GROUP", "AVAILABLE", "FOLDER", Column.Wrapped("PROBLEM"));
        foreach (var surface in status.Surfaces)
        {
            table.AddRow(
                Screen.Cell(surface.Name),
                Screen.Cell(surface.Kind),
                Screen.Cell(surface.Group),
                Screen.Cell($"{surface.Available} of {surface.Wanted}", surface.Available == surface.Wanted ? Color.Green : Color.Yellow),
                Screen.Cell(surface.Path ?? "-"),
                Screen.Cell(surface.Problem ?? "-", surface.Problem is null ? null : Color.Red));
        }

        return table;
    }

    private static Listing Jobs(StatusView status, DateTimeOffset now, (StatusView Status, DateTimeOffset At)? before)
    {
        var table = Screen.Columns("JOB", Column.Cut("FILE"), "STEP", "DONE", "RATE", "LEFT", "FOR");
        foreach (var job in status.Jobs)
        {
            var rate = before is { } then && then.Status.Jobs.FirstOrDefault(j => j.Id == job.Id && j.Step == job.Step) is { } was && now > then.At && !job.IsAlias()
                ? (job.Done - was.Done) / (now - then.At).TotalSeconds
                : 0;
            table.AddRow(
                Screen.Cell(job.Kind),
                Screen.Cell(job.Subject),
                Screen.Cell(job.Step),
                Screen.Cell(job.IsAlias() ? $"{job.Done} of {job.Total} surfaces" : job.Total > 0 ? $"{Plain.Bar((double)job.Done / job.Total)} of {Plain.Size(job.Total)}" : "-"),
                Screen.Cell(rate > 0 ? Plain.Size((long)rate) + "/s" : "-"),
                Screen.Cell(rate > 0 ? Plain.Span(TimeSpan.FromSeconds(Math.Min((job.Total - job.Done) / rate, 1e7))) : "-"),
                Screen.Cell(Plain.Span((job.Ended ?? now) - job.Started)));
        }

        return table;
    }

    private static Listing Drift(StatusView status, DateTimeOffset now)
    {
        var table = Screen.Columns("DRIFT", "WHERE", "IMAGE", "FOR", Column.Wrapped("REASON"));
        foreach (var drift in status.Drift)
        {
            table.AddRow(
                Screen.Cell(drift.Code, Color.Red),
                Screen.Cell(drift.Surface ?? drift.Site ?? (drift.Image is null ? status.Site : "store")),
                Screen.Cell(drift.Image is { } image ? Plain.Short(image) : "-"),
                Screen.Cell(Plain.Span(now - drift.Since)),
                Screen.Cell(drift.Reason));
        }

        return table;
    }
}
