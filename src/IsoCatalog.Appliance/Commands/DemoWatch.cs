using System.Diagnostics;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Follows one image through all sites, as their public APIs show it.</summary>
internal sealed class DemoWatch(IReadOnlyList<(DemoSiteProcess Site, ApplianceClient Client)> sites, ImageView image, bool json)
{
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(50);

    /// <returns>Why it is not advertised everywhere, null if it is; and how long the bytes took to the last site's store.</returns>
    public async Task<(string? Failure, TimeSpan Transfer)> UntilAdvertisedAsync(TimeSpan deadline, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        TimeSpan? transfer = null;
        IReadOnlyList<SiteCells> last = [];
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

                Tell(now, last);
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

    /// <summary>The matrix is one thing; what counts is what a panel is told.</summary>
    private async Task<bool> ListedEverywhereAsync(CancellationToken cancellationToken)
    {
        foreach (var (site, client) in sites)
        {
            foreach (var surface in site.Surfaces)
            {
                if ((await client.GetAvailableAsync(new AvailableRequest(surface.Name), cancellationToken)).Images.All(i => i.Id != image.Id))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private void Tell(IReadOnlyList<SiteCells> now, IReadOnlyList<SiteCells> before)
    {
        if (json)
        {
            return;
        }

        foreach (var (site, index) in now.Select((s, i) => (s, i)))
        {
            if (index >= before.Count || before[index].ToString() != site.ToString())
            {
                AnsiConsole.MarkupLine(Markup.Escape(site.ToString()));
            }
        }
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
