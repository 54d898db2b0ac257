using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <param name="Total">From the start of the first site to the last cell advertised.</param>
internal sealed record DemoSeconds(double Total, double Transfer);

internal sealed record DemoSurface(string Name, string Kind, string? Path);

internal sealed record DemoSite(string Id, string Api, string? Iso, string? Fleet, string? Swarm, string Data, IReadOnlyList<DemoSurface> Surfaces);

internal sealed record DemoImageReport(ImageId Id, string Name, long Size);

internal sealed record DemoReport(IReadOnlyList<DemoSite> Sites, DemoImageReport Image, DemoSeconds Seconds);

/// <summary><c>isocatalog demo</c>: a whole site on loopback, in a process of its own, with an image on the way to every surface.</summary>
internal static class DemoCommand
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    public static Command Build()
    {
        var json = new Option<bool>("--json") { Description = "Write one JSON object on stdout once the image is advertised everywhere." };
        var once = new Option<bool>("--once") { Description = "Exit 0 when the image is advertised everywhere, non-zero with the reason if not." };
        var image = new Option<FileInfo?>("--image") { Description = "The image to add. Default: a small bootable one that is made here." };
        var sites = new Option<int>("--sites") { Description = "How many sites. This version has one.", DefaultValueFactory = _ => 1 };
        var dir = new Option<DirectoryInfo?>("--dir") { Description = "Keep everything in this folder. Default: a temporary one, removed at the end." };
        var command = new Verb(
            "demo",
            "Start a whole site on this machine and watch an image become available. Needs no configuration, no root and no network.",
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
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        bool once, FileInfo? image, int sites, DirectoryInfo? dir, bool json, CancellationToken cancellationToken)
    {
        if (sites != 1)
        {
            await Console.Error.WriteLineAsync($"error: --sites {sites}: this version demonstrates one site.");
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
            await using var site = await DemoSiteProcess.StartAsync("ams", Path.Combine(folder, "ams"), cancellationToken);
            using var client = ApplianceClient.At(site.Api);
            var file = image?.FullName ?? await MakeImageAsync(folder, cancellationToken);
            Tell(json, $"Site [bold]{site.Id}[/] is up: API {site.Api}, ISO listener {site.Iso}");
            var added = await AddAsync(client, file, json, cancellationToken);
            var transfer = watch.Elapsed;
            var failure = await WaitUntilAdvertisedAsync(client, added, json, cancellationToken);
            if (failure is not null)
            {
                await Console.Error.WriteLineAsync($"error: {failure}");
                return ExitCode.TimedOut;
            }

            var report = new DemoReport(
                [new DemoSite(site.Id, site.Api.ToString(), site.Iso, null, null, site.Data, site.Surfaces)],
                new DemoImageReport(added.Id, added.Name, added.Size),
                new DemoSeconds(Math.Round(watch.Elapsed.TotalSeconds, 3), Math.Round((watch.Elapsed - transfer).TotalSeconds, 3)));
            if (json)
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(report, StartJson.Default.DemoReport));
                await Console.Out.FlushAsync(cancellationToken);
            }
            else
            {
                await ShowAsync(client, site, added, watch.Elapsed, cancellationToken);
            }

            if (!once)
            {
                Tell(json, "Press Ctrl-C to end; everything started here ends with it.");
                await site.WaitForExitAsync(cancellationToken);
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

    private static async Task<ImageView> AddAsync(ApplianceClient client, string file, bool json, CancellationToken cancellationToken)
    {
        await using var content = File.OpenRead(file);
        Tell(json, $"Adding {Markup.Escape(file)} ({content.Length:N0} bytes)");
        return await client.UploadImageAsync(content, Path.GetFileName(file), null, null, null, cancellationToken);
    }

    /// <returns>Null when every surface lists the image; else why not.</returns>
    private static async Task<string?> WaitUntilAdvertisedAsync(
        ApplianceClient client, ImageView image, bool json, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        string? last = null;
        try
        {
            while (true)
            {
                var surfaces = (await client.GetStatusAsync(deadline.Token)).Surfaces;
                var missing = new List<string>();
                foreach (var surface in surfaces)
                {
                    var answer = await client.GetAvailableAsync(new AvailableRequest(surface.Name), deadline.Token);
                    if (!answer.Images.Any(i => i.Id == image.Id))
                    {
                        missing.Add(surface.Name);
                    }
                }

                if (missing.Count == 0)
                {
                    return null;
                }

                var cells = (await client.GetImageAsync(image.Id.ToString(), deadline.Token)).Ready.Values.First();
                var now = string.Join(", ", missing.Select(m => $"{m}: {cells[m].State} ({cells[m].Reason})"));
                if (now != last)
                {
                    Tell(json, Markup.Escape(now));
                    last = now;
                }

                await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{image.Name} was not advertised everywhere within {Deadline.TotalMinutes:0} minutes: {last}";
        }
    }

    private static async Task ShowAsync(
        ApplianceClient client, DemoSiteProcess site, ImageView image, TimeSpan total, CancellationToken cancellationToken)
    {
        var table = new Table().AddColumns("surface", "state", "mount");
        foreach (var surface in site.Surfaces)
        {
            var mount = (await client.GetAvailableAsync(new AvailableRequest(surface.Name), cancellationToken)).Images.First(i => i.Id == image.Id).Mount;
            table.AddRow(surface.Name, "advertised", Markup.Escape(mount.Url ?? mount.Path ?? ""));
        }

        AnsiConsole.Write(table);
        Tell(false, $"[bold]{Markup.Escape(image.Name)}[/] is available on every surface after {total.TotalSeconds:F1} s.");
        Tell(false, $"Ask as a panel does:  curl '{site.Api}api/v1/available?surface=ipmi'");
        Tell(false, $"Drop an image into:   {Markup.Escape(Path.Combine(site.Data, "inbox"))}");
    }

    private static void Tell(bool json, string markup)
    {
        if (!json)
        {
            AnsiConsole.MarkupLine(markup);
        }
    }
}

/// <summary>The demonstration cannot go on; the message says why.</summary>
internal sealed class DemoException(string message) : Exception(message);
