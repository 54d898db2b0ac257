using System.CommandLine;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary><c>isocatalog show</c>: everything about one image.</summary>
internal static class ShowCommand
{
    public static Command Build(CommandDefaults defaults)
    {
        var image = ImageArgument.Build(SiteNames.Images);
        var command = new Verb(
            "show",
            "Show everything about one image: hashes, description, and where it stands on each surface with the reasons.",
            "isocatalog show debian-12.iso",
            "isocatalog show 1d52b5")
        {
            image,
        };
        var site = SiteOptions.On(command, defaults);
        command.SetAction((parsed, cancellationToken) => site.RunAsync(parsed, async session =>
        {
            var found = await ImageArgument.FindAsync(session.Site, parsed.GetRequiredValue(image), retired: true, cancellationToken);
            session.Screen.Object(found, ApiJson.Readable.ImageView);
            session.Screen.Value(found.Id.ToString());
            session.Screen.Show(Facts(found));
            session.Screen.Line("");
            session.Screen.Show(Matrix(found));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Facts Facts(ImageView image)
    {
        var (iso, meta) = (image.Iso, image.Meta);
        var facts = new Facts();
        foreach (var (label, value) in ((string, string?)[])
                 [
                     ("Name", image.Name),
                     ("Title", image.Title),
                     ("Aliases", string.Join(", ", image.Aliases ?? [])),
                     ("Id", image.Id.ToString()),
                     ("Size", $"{Plain.Size(image.Size)} ({image.Size:N0} bytes)"),
                     ("Root", $"{image.Root} (BitTorrent v2, pieces of {Plain.Size(image.PieceLength)})"),
                     ("Info hash", $"v1 {image.InfoV1}, v2 {image.InfoV2}"),
                     ("Added", $"{Plain.Time(image.AddedAt)} by {image.AddedBy}{(image.AddedSite is { } site ? $" at {site}" : "")}"),
                     ("Removed", Changed(image.Removed)),
                     ("Restored", Changed(image.Restored)),
                     ("Described", Changed(image.Described)),
                     ("Volume", $"{iso.VolumeId}{(iso.CreatedAt is { } made ? $", made {Plain.Time(made)}" : "")}"),
                     ("Boots", Words((iso.Bios, "BIOS"), (iso.Uefi, "UEFI"), (iso.Hybrid, "from a USB stick too"))),
                     ("Architecture", string.Join(", ", meta.Arch.Count > 0 ? meta.Arch : iso.Arch)),
                     ("Kind", meta.Kind),
                     ("System", string.Join(' ', new[] { meta.Os.Distro ?? meta.Os.Family, meta.Os.Version, meta.Os.Edition, meta.Os.Language }.OfType<string>())),
                     ("Group", meta.Group),
                     ("Tags", string.Join(", ", meta.Tags)),
                     ("End of life", meta.EolDate?.ToString("yyyy-MM-dd")),
                     ("Owner", meta.Owner),
                     ("Recalled", image.Blocked is { } block
                         ? $"{Plain.Time(block.Since)} by {block.By} at {block.Site}{(block.Why is { Length: > 0 } why ? $": {why}" : "")}{(block.Leases > 0 ? $" ({block.Leases} leases still hold it)" : "")}"
                         : null),
                     ("Marks", Words((image.Deleted, "removed"), (meta.Hidden, "hidden"), (meta.Protected, "protected"))),
                     ("Store", image.Store.State + (image.Store.Reason is { } reason ? $" - {reason}" : "")),
                     ("Faulty", image.Faults is { } faults ? $"{faults}" : null),
                     .. iso.Warnings.Skip(image.Faults?.Found.Count ?? 0).Select(w => ("Warning", (string?)w)),
                 ])
        {
            if (!string.IsNullOrEmpty(value))
            {
                facts.Add(label, Screen.Cell(value));
            }
        }

        return facts;
    }

    /// <summary>The site signed it; the person is what that site says.</summary>
    private static string? Changed(ChangeView? change) =>
        change is null ? null : $"{Plain.Time(change.At)} by {change.By} at {change.Site}{(change.Why is { Length: > 0 } why ? $": {why}" : "")}";

    private static Listing Matrix(ImageView image)
    {
        var table = Screen.Columns("SITE", "SURFACE", "STATE", "SINCE", Column.Wrapped("REASON"));
        foreach (var (site, surfaces) in image.Ready)
        {
            if (surfaces.Count == 0)
            {
                table.AddRow(Screen.Cell(site), Screen.Cell("-"), Screen.Cell("unknown", Color.Red), Screen.Cell(""), Screen.Cell("It has not been heard yet."));
            }

            foreach (var (surface, cell) in surfaces)
            {
                table.AddRow(
                    Screen.Cell(site),
                    Screen.Cell(surface),
                    CellText.Of(cell),
                    Screen.Cell(cell.Since is { } since ? Plain.Time(since) : ""),
                    Screen.Cell(cell.Code is null ? cell.Reason : $"{cell.Code}: {cell.Reason}"));
            }
        }

        return table;
    }

    private static string Words(params ReadOnlySpan<(bool Is, string Word)> words)
    {
        var said = new List<string>();
        foreach (var (isSo, word) in words)
        {
            if (isSo)
            {
                said.Add(word);
            }
        }

        return string.Join(", ", said);
    }
}
