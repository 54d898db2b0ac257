using System.CommandLine;
using System.Diagnostics;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Commands;

/// <param name="Total">From the start of the first site to the last cell advertised.</param>
internal sealed record DemoSeconds(double Total, double Transfer);

/// <param name="Path">As in site.yaml.</param>
/// <param name="Files">The directory in which the images lie, by their names. Null where there is none.</param>
internal sealed record DemoSurface(string Name, string Kind, string? Path = null, string? Files = null);

internal sealed record DemoSite(string Id, string Api, string? Iso, string? Fleet, string? Swarm, string Data, IReadOnlyList<DemoSurface> Surfaces);

internal sealed record DemoImageReport(ImageId Id, string Name, long Size);

internal sealed record DemoReport(IReadOnlyList<DemoSite> Sites, DemoEngineReport Engine, DemoImageReport Image, DemoSeconds Seconds);

/// <summary><c>isocatalog demo</c>: whole sites on loopback, each in a process of its own, with an image on the way from one to every surface of all.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout once the image is advertised everywhere." };
        var once = new Option<bool>("--once") { Description = "Exit 0 when the image is there on every surface of every site, non-zero with the reason if not." };
        var image = new Option<FileInfo?>("--image") { Description = "The image to add. Default: a small bootable one that is made here." };
        var sites = new Option<int>("--sites") { Description = $"How many sites, 1 to {DemoFleet.Most}. Default: 3.", DefaultValueFactory = _ => 3 };
        var dir = new Option<DirectoryInfo?>("--dir") { Description = "Keep everything in this folder. Default: a temporary one, removed at the end." };
        var command = new Verb(
            "demo",
            "Start three whole sites on this machine and watch an image become available at all of them. Needs no configuration, no root and no network.",
            "isocatalog demo",
            "isocatalog demo --once --image debian-12.iso")
        {
            once, image, sites, dir, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetValue(once),
            parsed.GetValue(image),
            parsed.GetValue(sites),
            parsed.GetValue(dir),
            new Screen(parsed.GetValue(json), quiet: false),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        bool once, FileInfo? image, int sites, DirectoryInfo? dir, Screen screen, CancellationToken cancellationToken)
    {
        if (sites < 1 || sites > DemoFleet.Most)
        {
            await Console.Error.WriteLineAsync($"error: --sites {sites}: from 1 to {DemoFleet.Most} sites can be shown.");
            return ExitCode.Usage;
        }

        if (image is { Exists: false })
        {
            await Console.Error.WriteLineAsync($"error: --image {image}: there is no such file.");
            return ExitCode.Usage;
        }

        var folder = dir?.FullName ?? Directory.CreateTempSubdirectory("isocatalog-demo-").FullName;
        try
        {
            var watch = Stopwatch.StartNew();
            await using var fleet = await DemoFleet.StartAsync(folder, sites, cancellationToken);
            var clients = fleet.Sites.Select(s => ApplianceClient.At(s.Api)).ToList();
            var file = image?.FullName ?? await MakeImageAsync(folder, cancellationToken);
            foreach (var site in fleet.Sites)
            {
                screen.Line($"Site {site.Id} is up: API {site.Api}, ISO listener {site.Iso}");
            }

            var added = await AddAsync(clients[0], fleet.Sites[0].Id, file, screen, cancellationToken);
            using var watching = new DemoWatch([.. fleet.Sites.Zip(clients)], fleet.Engine, added, screen);
            var (failure, transfer) = await watching.UntilAdvertisedAsync(Deadline, cancellationToken);
            if (failure is not null)
            {
                await Console.Error.WriteLineAsync($"error: {failure}");
                return ExitCode.TimedOut;
            }

            var report = new DemoReport(
                [.. fleet.Sites.Select(s => new DemoSite(s.Id, s.Api.ToString(), s.Iso, s.Fleet, s.Swarm, s.Data, s.Surfaces))],
                fleet.Engine.Report,
                new DemoImageReport(added.Id, added.Name, added.Size),
                new DemoSeconds(Math.Round(watch.Elapsed.TotalSeconds, 3), Math.Round(transfer.TotalSeconds, 3)));
            screen.Object(report, StartJson.Readable.DemoReport);
            if (!screen.Json)
            {
                await ShowAsync(clients, fleet, added, watch.Elapsed, screen, cancellationToken);
            }

            if (!once)
            {
                screen.Line("Press Ctrl-C to end; everything started here ends with it.");
                await fleet.KeepUpAsync(screen.Line, cancellationToken);
            }

            return ExitCode.Ok;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCode.Ok;
        }
        catch (Exception e) when (e is DemoException or ApplianceException or ApplianceUnreachableException)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return ExitCode.Unexpected;
        }
        finally
        {
            if (dir is null)
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private static async Task<string> MakeImageAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, "isocatalog-demo.iso");
        var made = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        await File.WriteAllBytesAsync(path, DemoImage.Build("IsoCatalog demo image: it boots.", 4 << 20, made), cancellationToken);
        return path;
    }

    private static async Task<ImageView> AddAsync(IApplianceClient client, string site, string file, Screen screen, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(file);
        screen.Line($"Adding {file} ({content.Length:N0} bytes) at {site}");
        return await client.UploadImageAsync(content, Path.GetFileName(file), null, null, null, cancellationToken);
    }

    private static async Task ShowAsync(
        IReadOnlyList<IApplianceClient> clients, DemoFleet fleet, ImageView image, TimeSpan total, Screen screen, CancellationToken cancellationToken)
    {
        var table = Screen.Columns("site", "surface", "mount");
        foreach (var (site, client) in fleet.Sites.Zip(clients))
        {
            foreach (var surface in site.Surfaces)
            {
                var mount = (await client.GetAvailableAsync(new AvailableRequest(surface.Name), cancellationToken)).Images.First(i => i.Id == image.Id).Mount;
                table.AddRow(Screen.Cell(site.Id), Screen.Cell(surface.Name), Screen.Cell(mount.Url ?? mount.Path ?? $"{mount.FileId} in {mount.DomainId}"));
            }
        }

        screen.Show(table);
        var first = fleet.Sites[0];
        screen.Line($"{image.Name} is available on every surface of every site after {total.TotalSeconds:F1} s.");

        // To be copied: nothing may wrap them.
        screen.Line($"Open in a browser:    {first.Api}");
        screen.Line($"Ask as a panel does:  curl '{first.Api}api/v1/available?surface=ipmi'");
        screen.Line($"Drop an image into:   {Path.Combine(first.Data, "inbox")}");
        screen.Line($"Break its oVirt:      curl --cacert {fleet.Engine.Report.CaFile} -X PATCH -d '{{\"down\":true}}' {fleet.Engine.Report.Faults}");
        screen.Line($"Watch the fleet:      isocatalog status --watch --server {first.Api}");
    }
}

/// <summary>The demonstration cannot go on; the message says why.</summary>
internal sealed class DemoException(string message) : Exception(message);
