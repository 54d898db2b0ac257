using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios.Fire;

/// <summary>
/// The promise itself: panels list and mount at a high rate on three sites while files are damaged, processes killed, links cut, and images added, removed and
/// recalled. Not one advertised image is missing or wrong. Prints its seed; <c>ISOCATALOG_SEED</c> gives the same plan again.
/// </summary>
[Collection(typeof(WholeMachine))]
public sealed class PanelUnderFireTests(ITestOutputHelper output)
{
    private static readonly string[] Surfaces = ["bmc", "console", "ovirt"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public Task Whatever_is_done_to_three_sites_for_a_minute_every_image_that_a_panel_is_shown_can_be_mounted_and_is_right() => BurnAsync(TimeSpan.FromSeconds(60), worse: false);

    [Fact(Explicit = true)]
    public Task Whatever_is_done_to_three_sites_for_ten_minutes_every_image_that_a_panel_is_shown_can_be_mounted_and_is_right() => BurnAsync(TimeSpan.FromMinutes(10), worse: true);

    private async Task BurnAsync(TimeSpan duration, bool worse)
    {
        var seed = Read("ISOCATALOG_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next(1_000_000);
        Say($"seed {seed}, {duration.TotalSeconds} s");
        await using var fleet = await FireFleet.StartAsync(worse);
        var record = new FireRecord(Read("ISOCATALOG_SEED") is null ? null : Console.WriteLine);
        using var works = new FireWorks(fleet, record, seed, worse);
        var panels = fleet.Sites.SelectMany(site => Surfaces.Select(s => (Site: site, Panel: new FirePanel(fleet, site, s, record, new Random((seed * 31) + (site.Id[0] * 7) + s[0]))))).ToList();
        try
        {
            await works.AddFirstAsync(Cancel);
            await ConvergedAsync(fleet, record, works, panels);
            using (var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel))
            {
                stop.CancelAfter(duration);
                await Task.WhenAll([works.ChangeAsync(stop.Token), works.DamageAsync(stop.Token), works.BreakDownAsync(stop.Token), works.TroubleEnginesAsync(stop.Token), .. panels.Select(p => p.Panel.RunAsync(stop.Token))]);
            }

            record.Say("the fire is out");
            await ConvergedAsync(fleet, record, works, panels);
        }
        catch
        {
            await TellAsync(fleet, record);
            throw;
        }
        finally
        {
            panels.ForEach(p => p.Panel.Dispose());
            Say($"seed {seed}: {record.Counts}");
        }

        if (!record.Violations.IsEmpty)
        {
            await TellAsync(fleet, record);
        }

        Assert.Empty(record.Violations);
        foreach (var needed in new[] { "mounts", "leases", "read whole", "mounts on ovirt", "damages", "kills", "engine troubles", "cuts", "added", "removed", "restored" }
            .Concat(worse ? ["rollbacks", "clock jumps", "database errors", "touched again and again", "links", "lies"] : Array.Empty<string>()))
        {
            Assert.True(record.CountOf(needed) > 0, $"The plan of seed {seed} has no {needed}.");
        }
    }

    /// <summary>Left alone, every site lists the same: what was acknowledged to be there, with right bytes, and nothing else.</summary>
    private static async Task ConvergedAsync(FireFleet fleet, FireRecord record, FireWorks works, IReadOnlyList<(TestSite Site, FirePanel Panel)> panels)
    {
        await TestSite.EventuallyAsync(
            async () =>
            {
                foreach (var site in fleet.Sites)
                {
                    await works.TidyUpAsync(site);
                }

                var wanted = await WantedAsync(fleet, record);
                foreach (var (_, panel) in panels)
                {
                    if (wanted is null || !wanted.SetEquals(await panel.ReadAllAsync()))
                    {
                        return false;
                    }
                }

                return true;
            },
            Cancel,
            seconds: 90);
    }

    /// <summary>What all sites agree on, if it is what they were asked.</summary>
    private static async Task<HashSet<ImageId>?> WantedAsync(FireFleet fleet, FireRecord record)
    {
        HashSet<ImageId>? agreed = null;
        foreach (var site in fleet.Sites)
        {
            var live = (await fleet.ClientOf(site).GetImagesAsync(Cancel)).Images.Where(i => !i.Deleted).Select(i => i.Id).ToHashSet();
            if (agreed?.SetEquals(live) is false)
            {
                return null;
            }

            agreed = live;
        }

        return record.Images.All(i => i.IsLive is not { } asked || i.IsBlocked || agreed!.Contains(i.Id) == asked) ? agreed : null;
    }

    private async Task TellAsync(FireFleet fleet, FireRecord record)
    {
        foreach (var line in record.Log.Concat(record.Violations))
        {
            output.WriteLine(line);
        }

        foreach (var image in record.Images)
        {
            output.WriteLine($"{image.Name} was asked to be {image.IsLive switch { true => "there", false => "gone", _ => "either" }}{(image.IsBlocked ? ", recalled" : "")}");
        }

        foreach (var site in fleet.Sites)
        {
            try
            {
                var client = fleet.ClientOf(site);
                foreach (var image in (await client.GetImagesAsync(CancellationToken.None)).Images)
                {
                    output.WriteLine($"{site.Id} {image.Name} {image.Store.State} {image.Store.Reason}: {string.Join("; ", image.Ready[site.Id].Select(r => $"{r.Key} {r.Value.State} {r.Value.Code} {r.Value.Reason}"))}");
                }

                foreach (var drift in (await client.GetDriftAsync(CancellationToken.None)).Drift)
                {
                    output.WriteLine($"{site.Id} drift {drift.Code} {drift.Surface}: {drift.Reason}");
                }
            }
            catch (Exception e) when (e is ApplianceException or ApplianceUnreachableException)
            {
                output.WriteLine($"{site.Id}: {e.Message}");
            }
        }
    }

    private void Say(string what)
    {
        output.WriteLine(what);
        Console.WriteLine("Panel under fire: " + what);
    }

    [SuppressMessage("ApiDesign", "RS0030:Do not use banned APIs", Justification = "How a seed is given to a test that failed.")]
    private static string? Read(string variable) => Environment.GetEnvironmentVariable(variable);
}
