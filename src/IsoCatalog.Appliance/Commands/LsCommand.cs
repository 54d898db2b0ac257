using System.CommandLine;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog ls</c>: which images there are, and where each stands.</summary>
internal static class LsCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var surface = new NamedOption<string?>("--surface", SiteNames.Surfaces)
        {
            Description = "Only what can be mounted now on this surface, kind or group (ipmi, console, ovirt), as a panel sees it.",
            HelpName = "NAME",
        };
        var all = new Option<bool>("--all", "-a") { Description = "Also images that were removed and can be restored, and recalls." };
        var command = new Verb(
            "ls",
            "List the images of the catalog with their state on each surface; with several sites, at each site.",
            "isocatalog ls",
            "isocatalog ls --surface console",
            "isocatalog ls --json | jq -r '.images[].name'")
        {
            surface, all,
        };
        command.Rule(result =>
        {
            if (result.GetValue(all) && result.GetValue(surface) is not null)
            {
                result.AddError("--all and --surface exclude each other: a removed image is on no surface.");
            }
        });
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, session => parsed.GetValue(surface) is { } named
            ? AvailableAsync(session, named, cancellationToken)
            : CatalogAsync(session, parsed.GetValue(all), cancellationToken)));
        return command;
    }

    private static async Task<int> AvailableAsync(Session session, string surface, CancellationToken cancellationToken)
    {
        var answer = await session.Site.GetAvailableAsync(new AvailableRequest(surface), cancellationToken);
        var screen = session.Screen;
        screen.Object(answer, ApiJson.Readable.AvailableAnswer);
        var table = Screen.Columns(Column.Cut("NAME"), "SIZE", Column.Cut("TITLE"), "BOOT", "MOUNT");
        foreach (var image in answer.Images)
        {
            screen.Value(image.Id.ToString());
            table.AddRow(
                Screen.Cell(image.Name),
                Screen.Cell(Plain.Size(image.Size)),
                Screen.Cell(image.Title),
                Screen.Cell((image.Boot.Bios, image.Boot.Uefi) switch
                {
                    (true, true) => "bios, uefi",
                    (true, false) => "bios",
                    (false, true) => "uefi",
                    _ => "-",
                }),
                Screen.Cell(image.Mount.Url ?? image.Mount.Path ?? image.Mount.FileId ?? "-"));
        }

        Show(screen, table, $"Nothing can be mounted on {surface} now. `isocatalog ls` and `isocatalog status` say why.");
        foreach (var image in answer.Images)
        {
            Warn(screen, image.Name, image.Faults, []);
        }

        return ExitCode.Ok;
    }

    private static async Task<int> CatalogAsync(Session session, bool all, CancellationToken cancellationToken)
    {
        var list = await session.Site.GetImagesAsync(cancellationToken);
        var images = list.Images.Where(i => !i.Deleted).ToList();
        IReadOnlyList<RetiredView> retired = all ? (await session.Site.GetRetiredAsync(cancellationToken)).Retired : [];
        IReadOnlyList<BlockView> blocked = all ? (await session.Site.GetBlocksAsync(cancellationToken)).Blocks : [];
        var screen = session.Screen;
        if (all)
        {
            screen.Object(new WholeList(images, retired, blocked), CommandJson.Readable.WholeList);
        }
        else
        {
            screen.Object(new ImageList(images), ApiJson.Readable.ImageList);
        }

        var surfaces = images.SelectMany(i => i.Ready).SelectMany(site => site.Value.Keys.Select(surface => (Site: site.Key, Surface: surface)))
            .Distinct().ToList();
        var sites = images.SelectMany(i => i.Ready.Keys).Distinct().ToList();
        IReadOnlyList<string> columns = sites.Count <= 1 ? [.. surfaces.Select(s => s.Surface)] : sites;
        var table = Screen.Columns([Column.Cut("NAME"), "SIZE", "ADDED", "ID", .. columns.Select(c => (Column)Plain.Text(c))]);
        foreach (var image in images)
        {
            screen.Value(image.Id.ToString());
            table.AddRow(
            [
                Screen.Cell(image.Name),
                Screen.Cell(Plain.Size(image.Size)),
                Screen.Cell(Plain.Day(image.AddedAt)),
                Screen.Cell(Plain.Short(image.Id)),
                .. sites.Count <= 1
                    ? surfaces.Select(s => CellText.Of(image.Ready.GetValueOrDefault(s.Site)?.GetValueOrDefault(s.Surface)))
                    : sites.Select(s => CellText.OfSite(image.Ready.GetValueOrDefault(s))),
            ]);
        }

        foreach (var image in retired)
        {
            screen.Value(image.Id.ToString());
            table.AddRow(
            [
                Screen.Cell(image.Name),
                Screen.Cell(Plain.Size(image.Size)),
                Screen.Cell($"removed {Plain.Day(image.RetiredAt)}", Color.Grey),
                Screen.Cell(Plain.Short(image.Id)),
                .. columns.Select(_ => CellText.Of(null)),
            ]);
        }

        foreach (var block in blocked)
        {
            screen.Value(block.Id.ToString());
            table.AddRow(
            [
                Screen.Cell(block.Name ?? "-"),
                Screen.Cell("-"),
                Screen.Cell($"recalled {Plain.Day(block.Since)}", Color.Red),
                Screen.Cell(Plain.Short(block.Id)),
                .. columns.Select(_ => CellText.Of(null)),
            ]);
        }

        Show(screen, table, "The catalog holds no images. Add one: isocatalog add FILE");
        foreach (var image in images)
        {
            Warn(screen, image.Name, image.Faults, image.Iso.Warnings);
        }

        return ExitCode.Ok;
    }

    /// <summary>A fault is always told; of what is no more than a warning the first, and how many there are.</summary>
    private static void Warn(Screen screen, string name, ImageFaults? faults, IReadOnlyList<string> warnings)
    {
        if (faults is not null)
        {
            screen.Line($"{name}: faulty. {faults}");
        }
        else if (warnings.Count > 0)
        {
            screen.Line($"{name}: {warnings[0]}{(warnings.Count > 1 ? $" ({warnings.Count - 1} more in `isocatalog show {name}`)" : "")}");
        }
    }

    private static void Show(Screen screen, Listing table, string otherwise)
    {
        if (table.Count > 0)
        {
            screen.Show(table);
        }
        else
        {
            screen.Line(otherwise);
        }
    }
}
