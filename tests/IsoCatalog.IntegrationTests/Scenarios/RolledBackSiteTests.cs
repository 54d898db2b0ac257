using System.Diagnostics;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site whose data folder was restored from an older copy, or that runs twice from one.</summary>
public sealed class RolledBackSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_that_was_set_back_asks_first_what_it_has_forgotten_and_goes_on_above_it()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var (kept, removed, forgotten, copy) = await SetBackAsync(fleet);
        await nyc.ConfigurePeersAsync([ams], Cancel);
        await nyc.RestoreDataAsync(copy, Cancel);
        await nyc.StartAgainAsync(Cancel);

        // Asked for at once, it is signed once the other has answered: there is nothing that has one place with what it signed before.
        var after = await nyc.PutAsync("after.iso", 4);
        await fleet.IntroduceAsync(Cancel);
        foreach (var image in new[] { kept, forgotten, after })
        {
            await fleet.ListsEverywhereAsync(image);
        }

        Assert.All(await Task.WhenAll(fleet.Sites.Select(s => s.FindAsync(removed.Id))), i => Assert.NotEqual(false, i?.Deleted));
        Assert.DoesNotContain(await DriftAsync(ams), d => d.Code == "documents-forked");
        var drift = Assert.Single(await DriftAsync(nyc), d => d.Code is "rolled-back" or "documents-forked");
        Assert.Equal("rolled-back", drift.Code);
        Assert.Contains("ams has its ", drift.Reason, StringComparison.Ordinal);
        Assert.Contains("isocatalog confirm rolled-back", drift.Reason, StringComparison.Ordinal);

        // It is there until somebody has seen to it, whatever happens meanwhile; and then no more.
        await nyc.StopAsync();
        await nyc.StartAgainAsync(Cancel);
        Assert.Equal(drift.Since.ToUnixTimeMilliseconds(), Assert.Single(await DriftAsync(nyc), d => d.Code == "rolled-back").Since.ToUnixTimeMilliseconds());
        await FleetCalls.VerbAsync(0, "confirm", "rolled-back", "--config", nyc.ConfigurationPath);
        Assert.DoesNotContain(await DriftAsync(nyc), d => d.Code == "rolled-back");
        await FleetCalls.VerbAsync(5, "confirm", "rolled-back", "--config", nyc.ConfigurationPath);
        await nyc.StopAsync();
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await fleet.ListsEverywhereAsync(after);
        Assert.DoesNotContain(await DriftAsync(nyc), d => d.Code == "rolled-back");
    }

    [Fact]
    public async Task A_site_that_was_set_back_and_finds_nobody_lists_at_once_signs_after_ten_seconds_and_heals_later()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var (kept, removed, forgotten, copy) = await SetBackAsync(fleet);
        await nyc.RestoreDataAsync(copy, Cancel);

        // Where it asks, nobody is: it was there itself.
        await nyc.ConfigurePeersAsync([new PeerAddress("ams", nyc.FleetAddress!, nyc.FleetAddress!)], Cancel);
        await nyc.StartAgainAsync(Cancel);
        var watch = Stopwatch.StartNew();
        Assert.NotNull(await nyc.FindAsync(kept.Id));
        await nyc.ListsEverywhereAsync(kept);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 9);
        var alone = await nyc.PutAsync("alone.iso", 4);
        Assert.InRange(watch.Elapsed.TotalSeconds, 5, 25);

        await fleet.IntroduceAsync(Cancel);
        foreach (var image in new[] { kept, forgotten, alone })
        {
            await fleet.ListsEverywhereAsync(image);
        }

        await TestSite.EventuallyAsync(async () => await nyc.FindAsync(removed.Id) is not { Deleted: false }, Cancel);
        await TestSite.EventuallyAsync(async () => (await DriftAsync(nyc)).Any(d => d.Code == "rolled-back"), Cancel);

        // What it says from now on is the newest of it everywhere: its documents, and what it holds.
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetAvailableAsync(new AvailableRequest("console", "nyc"), Cancel)).Images.Count == 3, Cancel, 60);
        Assert.Equal(alone.Id, Assert.Single((await ams.Client.GetAvailableAsync(new AvailableRequest("console", "nyc"), Cancel)).Images, i => i.Name == "alone.iso").Id);

        // It did sign twice in one place, and who has seen both knows it: until it was told that somebody has seen to it.
        await TestSite.EventuallyAsync(async () => (await DriftAsync(ams)).Any(d => d is { Code: "documents-forked", Site: "nyc" }), Cancel);
        await ams.StopAsync();
        await ams.StartAgainAsync(Cancel);
        Assert.Single(await DriftAsync(ams), d => d is { Code: "documents-forked", Site: "nyc" });
        await FleetCalls.VerbAsync(0, "confirm", "documents-forked", "--config", ams.ConfigurationPath);
        await fleet.IntroduceAsync(Cancel);
        var last = await ams.PutAsync("last.iso", 5);
        await fleet.ListsEverywhereAsync(last);
        Assert.All(await Task.WhenAll(fleet.Sites.Select(DriftAsync)), drift => Assert.DoesNotContain(drift, d => d.Code == "documents-forked"));
    }

    /// <summary>The copy was made while the site ran: what it forgot has the epoch that it knows, and nobody tells it before it has begun another.</summary>
    [Fact]
    public async Task What_was_forgotten_of_an_epoch_that_is_known_is_restated_too()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var kept = await nyc.PutAsync("kept.iso", 1);
        await fleet.ListsEverywhereAsync(kept);
        string copy;
        using (await PausedAsync(nyc))
        {
            copy = await nyc.CopyDataAsync(Cancel);
        }

        var forgotten = await nyc.PutAsync("forgotten.iso", 2);
        await fleet.ListsEverywhereAsync(forgotten);
        await nyc.StopAsync();
        await nyc.RestoreDataAsync(copy, Cancel);
        await nyc.ConfigurePeersAsync([new PeerAddress("ams", nyc.FleetAddress!, nyc.FleetAddress!)], Cancel);
        await nyc.StartAgainAsync(Cancel);
        await nyc.PutAsync("alone.iso", 3);

        await fleet.IntroduceAsync(Cancel);
        await fleet.ListsEverywhereAsync(forgotten);

        // One document has all of it, above both histories; nothing older counts beside it.
        await TestSite.EventuallyAsync(
            () => Task.FromResult(SiteInHand.Read(ams).Sites["nyc"] is { Retained: [{ Manifest: var newest }], Head: not null } && newest.Chunks.Sum(c => c.Entries) == 3), Cancel, seconds: 60);
    }

    [Fact]
    public async Task Two_machines_that_run_from_one_data_folder_both_say_so()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await nyc.PutAsync("first.iso", 1);
        await nyc.StopAsync();
        var copy = await nyc.CopyDataAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var here = await nyc.PutAsync("here.iso", 2);

        await using var clone = await TestSite.PrepareAsync(Cancel, new TestSiteOptions { Site = "nyc", Fleet = true, Joins = true });
        await clone.RestoreDataAsync(copy, Cancel);
        await clone.ConfigurePeersAsync([ams], Cancel);
        await clone.StartAgainAsync(Cancel);
        await clone.KnowsAsync(here.Id);
        var later = await nyc.PutAsync("later.iso", 3);
        await clone.KnowsAsync(later.Id);
        Assert.Contains(await DriftAsync(clone), d => d is { Code: "documents-forked", Site: "nyc" });

        // The name leads to the clone now: what that says comes to the others, and to the first machine through them.
        var there = await clone.PutAsync("there.iso", 4);
        await ams.SetPeersAsync([new PeerAddress("nyc", clone.FleetAddress!, clone.SwarmAddress!)], Cancel);
        await ams.KnowsAsync(there.Id);
        await nyc.KnowsAsync(there.Id);
        Assert.Contains(await DriftAsync(nyc), d => d is { Code: "documents-forked", Site: "nyc" });
        Assert.Contains("Another machine signs as this site", (await DriftAsync(nyc)).First(d => d.Code == "documents-forked").Reason, StringComparison.Ordinal);
    }

    /// <summary>As a virtual machine stands still while a snapshot of it is taken; until it is disposed of.</summary>
    private static async Task<IDisposable> PausedAsync(TestSite site)
    {
        var pid = site.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        (await Counterpart.RunAsync("kill", ["-STOP", pid], Cancel)).Succeeded();
        await TestSite.EventuallyAsync(async () => (await File.ReadAllTextAsync($"/proc/{pid}/stat", Cancel)).Split(") ")[^1].StartsWith('T'), Cancel);
        return new Paused(pid);
    }

    /// <summary>nyc has one image that stays, one that is removed and one that is new since the copy; and it was started twice since then.</summary>
    private static async Task<(ImageView Kept, ImageView Removed, ImageView Forgotten, string Copy)> SetBackAsync(TestFleet fleet)
    {
        var nyc = fleet["nyc"];
        var kept = await nyc.PutAsync("kept.iso", 1);
        var removed = await nyc.PutAsync("removed.iso", 2);
        await fleet.ListsEverywhereAsync(kept);
        await fleet.ListsEverywhereAsync(removed);
        await nyc.StopAsync();
        var copy = await nyc.CopyDataAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var forgotten = await nyc.PutAsync("forgotten.iso", 3);
        await fleet.ListsEverywhereAsync(forgotten);
        await nyc.StopAsync();
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await nyc.Client.RemoveImageAsync(removed.Name, null, Cancel);
        await TestSite.EventuallyAsync(async () => await fleet["ams"].FindAsync(removed.Id) is not { Deleted: false }, Cancel);
        await nyc.StopAsync();
        return (kept, removed, forgotten, copy);
    }

    private static async Task<IReadOnlyList<DriftView>> DriftAsync(TestSite site) => (await site.Client.GetDriftAsync(Cancel)).Drift;

    private sealed class Paused(string pid) : IDisposable
    {
        public void Dispose() => System.Diagnostics.Process.Start("kill", ["-CONT", pid]).WaitForExit();
    }
}
