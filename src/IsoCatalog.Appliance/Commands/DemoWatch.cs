using System.Diagnostics;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Follows one image through all sites as their public APIs show it, and looks in the end whether it really is where they say.</summary>
internal sealed class DemoWatch(
    IReadOnlyList<(DemoSiteProcess Site, IApplianceClient Client)> sites, DemoEngine engine, ImageView image, Screen screen) : IDisposable
{
    private readonly HttpClient _bmc = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false });
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(200);

    /// <summary>After so long without a change it is said what is waited for, once until the next.</summary>
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(1);

    /// <returns>Why it is not advertised everywhere, null if it is; and how long the bytes took to the last site's store.</returns>
    public async Task<(string? Failure, TimeSpan Transfer)> UntilAdvertisedAsync(TimeSpan deadline, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan? transfer = null;
        IReadOnlyList<SiteCells> last = [];
        TimeSpan? changed = watch.Elapsed;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            while (true)
            {
                var now = await LookAsync(limit.Token);
                if (transfer is null && now.All(s => s.Stored))
                {
                    transfer = watch.Elapsed;
                }

                if (now.All(s => s.IsAdvertised) && await ListedEverywhereAsync(limit.Token))
                {
                    return (null, transfer ?? watch.Elapsed);
                }

                if (Tell(now, last))
                {
                    changed = watch.Elapsed;
                }
                else if (watch.Elapsed - changed >= Still)
                {
                    changed = null;
                    screen.Line(WaitedFor(now));
                }

                last = now;
                await Task.Delay(Glance, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return ($"{image.Name} was not advertised everywhere within {deadline.TotalMinutes:0} minutes: "
                + string.Join("; ", last.Where(s => !s.IsAdvertised).Select(s => s.ToString())), watch.Elapsed);
        }
    }

    public void Dispose() => _bmc.Dispose();

    private async Task<IReadOnlyList<SiteCells>> LookAsync(CancellationToken cancellationToken)
    {
        var seen = new List<SiteCells>();
        foreach (var (site, client) in sites)
        {
            try
            {
                var view = await client.GetImageAsync(image.Id.ToString(), cancellationToken);
                seen.Add(new SiteCells(site.Id, view.Store.State == "present", view.Ready[site.Id]));
            }
            catch (ApplianceException e) when (e.Status == 404)
            {
                seen.Add(new SiteCells(site.Id, false, new Dictionary<string, CellView>()));
            }
        }

        return seen;
    }

    /// <summary>The matrix is one thing; what counts is what a panel is told, and that it is true.</summary>
    private async Task<bool> ListedEverywhereAsync(CancellationToken cancellationToken)
    {
        foreach (var (site, client) in sites)
        {
            foreach (var surface in site.Surfaces)
            {
                var listed = (await client.GetAvailableAsync(new AvailableRequest(surface.Name), cancellationToken)).Images;
                if (listed.FirstOrDefault(i => i.Id == image.Id) is not { } offered || !await IsThereAsync(site, surface, offered, cancellationToken))
                {
                    return false;
                }
            }
        }

        return true;
    }

    /// <summary>As the surface's own clients see it: a BMC by HTTP, a console by its folder, oVirt by the engine's list.</summary>
    private async Task<bool> IsThereAsync(DemoSiteProcess site, DemoSurface surface, AvailableImage offered, CancellationToken cancellationToken)
    {
        if (surface.Files is null)
        {
            using var request = new HttpRequestMessage(HttpMethod.Head, offered.Mount.Url);
            using var answer = await _bmc.SendAsync(request, cancellationToken);
            return answer.IsSuccessStatusCode && answer.Content.Headers.ContentLength == image.Size;
        }

        var name = offered.Mount.FileId ?? Path.GetFileName(offered.Mount.Path!);
        return new FileInfo(Path.Combine(surface.Files, name)) is { Exists: true } file
            && file.Length == image.Size
            && (offered.Mount.FileId is null || await engine.ListsAsync(site.Id, name, cancellationToken));
    }

    /// <returns>Whether anything is new.</returns>
    private bool Tell(IReadOnlyList<SiteCells> now, IReadOnlyList<SiteCells> before)
    {
        var news = now.Where((s, i) => i >= before.Count || before[i].ToString() != s.ToString()).ToList();
        news.ForEach(s => screen.Line(s.ToString()));
        return news.Count > 0;
    }

    /// <summary>In one line, whatever is missing.</summary>
    private string WaitedFor(IReadOnlyList<SiteCells> now)
    {
        var missing = sites.Zip(now).SelectMany(s => s.First.Site.Surfaces.Select(surface => (s.First.Site, Surface: surface, Cell: s.Second.Cells.GetValueOrDefault(surface.Name))))
            .Where(c => c.Cell is not { State: CellState.Advertised }).ToList();
        return missing switch
        {
            [] => "Waiting for the lists that a panel gets to have it too.",
            _ when missing.All(c => c.Surface.IsListedByEngine && c.Cell is { State: CellState.Staged }) =>
                $"Waiting for the oVirt engine to list it for {string.Join(", ", missing.Select(c => c.Site.Id))}: the file is there, and an engine is made to look only so often.",
            [var first, ..] => $"Waiting for {string.Join(", ", missing.Select(c => $"{c.Site.Id} {c.Surface.Name}"))}: {first.Cell?.Reason ?? "it has not heard of it yet."}",
        };
    }

    /// <summary>One site's row of the ready matrix.</summary>
    private sealed record SiteCells(string Site, bool Stored, IReadOnlyDictionary<string, CellView> Cells)
    {
        public bool IsAdvertised => Cells.Count > 0 && Cells.Values.All(c => c.State == CellState.Advertised);

        public override string ToString() => Cells.Count == 0
            ? $"{Site}: has not heard of it yet"
            : $"{Site}: " + string.Join(", ", Cells.Select(c => $"{c.Key} {c.Value.State.ToString().ToLowerInvariant()}{Percent(c.Value)}"));

        /// <summary>In steps of ten, so that a large image does not scroll the screen away.</summary>
        private static string Percent(CellView cell) =>
            cell is { State: CellState.Fetching or CellState.Verifying, Progress: { } progress } ? $" {(int)(progress * 10) * 10} %" : "";
    }
}
