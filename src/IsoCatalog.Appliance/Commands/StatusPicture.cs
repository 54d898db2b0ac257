using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The site at a glance, drawn. Pure.</summary>
internal static class StatusPicture
{
    public static Rows Of(StatusView status, DateTimeOffset now)
    {
        var parts = new List<IRenderable> { Facts(status, now), Text.Empty, Surfaces(status) };
        if (status.Sites.Count > 1)
        {
            parts.AddRange([Text.Empty, FleetPicture.Sites(status.Sites, now)]);
        }

        if (status.Transfers.Count > 0)
        {
            parts.AddRange([Text.Empty, FleetPicture.Transfers(status.Transfers)]);
        }

        if (status.Uploads.Count > 0)
        {
            parts.AddRange([Text.Empty, FleetPicture.Uploads(status.Uploads)]);
        }

        if (status.Jobs.Count > 0)
        {
            parts.AddRange([Text.Empty, Jobs(status, now)]);
        }

        parts.Add(Text.Empty);
        parts.Add(status.Drift.Count > 0 ? Drift(status, now) : Screen.Cell("No drift: everything is as it should be.", Color.Green));
        return new Rows(parts);
    }

    private static Grid Facts(StatusView status, DateTimeOffset now)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap().PadLeft(0).PadRight(2)).AddColumn();
        grid.AddRow(Screen.Cell("Site"), Screen.Cell($"{status.Site}, isocatalog {status.Version}, up {Plain.Span(now - status.Started)}"));
        grid.AddRow(Screen.Cell("API"), Screen.Cell(status.Api));
        grid.AddRow(Screen.Cell("ISO"), Screen.Cell(status.Iso ?? "not served"));
        grid.AddRow(Screen.Cell("Data"), Screen.Cell($"{status.Data}, {Plain.Size(status.FreeBytes)} free"));
        grid.AddRow(Screen.Cell("Images"), Screen.Cell($"{status.Images}, {status.Retired} removed and restorable, {status.Leases} leases"));
        grid.AddRow(Screen.Cell("Engine"), Screen.Cell($"hashing by {status.LeafHashing}, SQLite {status.Sqlite}"));
        return grid;
    }

    private static Table Surfaces(StatusView status)
    {
        var table = Screen.Columns("SURFACE", "KIND", "GROUP", "AVAILABLE", "FOLDER", "PROBLEM");
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

    private static Table Jobs(StatusView status, DateTimeOffset now)
    {
        var table = Screen.Columns("JOB", "FILE", "STEP", "DONE", "FOR");
        foreach (var job in status.Jobs)
        {
            table.AddRow(
                Screen.Cell(job.Kind),
                Screen.Cell(job.Subject),
                Screen.Cell(job.Step),
                Screen.Cell(job.IsAlias() ? $"{job.Done} of {job.Total} surfaces" : job.Total > 0 ? $"{(double)job.Done / job.Total:0 %} of {Plain.Size(job.Total)}" : "-"),
                Screen.Cell(Plain.Span((job.Ended ?? now) - job.Started)));
        }

        return table;
    }

    private static Table Drift(StatusView status, DateTimeOffset now)
    {
        var table = Screen.Columns("DRIFT", "WHERE", "IMAGE", "FOR", "REASON");
        foreach (var drift in status.Drift)
        {
            table.AddRow(
                Screen.Cell(drift.Code, Color.Red),
                Screen.Cell(drift.Surface ?? drift.Site ?? "store"),
                Screen.Cell(drift.Image is { } image ? Plain.Short(image) : "-"),
                Screen.Cell(Plain.Span(now - drift.Since)),
                Screen.Cell(drift.Reason));
        }

        return table;
    }
}
