using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Names that move from one image to the next, at all sites of a fleet.</summary>
public sealed class FleetAliasTests
{
    private const string Latest = "debian-12-latest";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_alias_moves_nowhere_before_the_last_site_has_the_new_image_and_then_everywhere()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var one = await ams.PutAsync("debian-12.0.iso", 1);
        await ListedAsync(fleet, one);
        await nyc.Client.SetAliasAsync(Latest, new AliasRequest(one.Id.ToString()), Cancel);
        await PointsAsync(fleet, one, null);

        await msk.KillAsync();
        var two = await ams.PutAsync("debian-12.1.iso", 2);
        await ams.Client.ChangeImageAsync(two.Name, new ImagePatch(Offer: "asap"), Cancel);
        await ListedAsync(fleet, two, "msk");
        var job = (await ams.Client.SetAliasAsync(Latest, new AliasRequest(two.Name, KeepVersions: 0), Cancel)).Waiting!;
        await TestSite.EventuallyAsync(
            async () => (await ams.Client.GetAliasAsync(Latest, Cancel)).Waiting!.WaitsFor.All(w => w.Site == "msk"), Cancel, otherwise: () => job.Step);
        Assert.Equal("running", (await ams.Client.GetJobAsync(job.Id, Cancel)).State);

        // The site that waits may itself be killed meanwhile; the others do not know of it.
        await ams.KillAsync();
        await ams.StartAgainAsync(Cancel);
        await PointsAsync(fleet, one, "msk");
        Assert.Null((await nyc.Client.GetAliasAsync(Latest, Cancel)).Waiting);
        await msk.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        Assert.Equal("done", (await ams.EndOfAsync(job)).State);
        await PointsAsync(fleet, two, null);
        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(
                async () => (await site.Client.GetAvailableAsync(new AvailableRequest("console"), Cancel)).Images is [{ Aliases: [Latest] } only] && only.Id == two.Id, Cancel);
        }
    }

    [Fact]
    public async Task Two_sites_that_move_the_same_alias_at_once_agree_afterwards()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var (one, two) = (await ams.PutAsync("debian-12.0.iso", 1), await nyc.PutAsync("debian-12.1.iso", 2));
        await ListedAsync(fleet, one);
        await ListedAsync(fleet, two);
        var names = Enumerable.Range(0, 6).Select(i => $"race-{i}").ToList();
        foreach (var name in names)
        {
            await Task.WhenAll(
                ams.Client.SetAliasAsync(name, new AliasRequest(one.Id.ToString()), Cancel), nyc.Client.SetAliasAsync(name, new AliasRequest(two.Id.ToString()), Cancel));
        }

        await AgreeAsync(fleet, names);
        Assert.All((await ams.Client.GetAliasesAsync(Cancel)).Aliases, a => Assert.Contains(a.Image!.Value, new[] { one.Id, two.Id }));

        // One takes it away while the other moves it.
        foreach (var name in names)
        {
            await Task.WhenAll(ams.Client.RemoveAliasAsync(name, Cancel), nyc.Client.SetAliasAsync(name, new AliasRequest(one.Id.ToString()), Cancel));
        }

        await AgreeAsync(fleet, names);
    }

    [Fact]
    public async Task A_word_that_was_said_later_at_another_site_ends_a_move_that_waits()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var (one, two) = (await ams.PutAsync("debian-12.0.iso", 1), await ams.PutAsync("debian-12.1.iso", 2));
        await ListedAsync(fleet, one);
        await ListedAsync(fleet, two);
        await ams.Client.ChangeImageAsync(two.Name, new ImagePatch(Hidden: true), Cancel);
        var job = (await ams.Client.SetAliasAsync(Latest, new AliasRequest(two.Id.ToString()), Cancel)).Waiting!;

        await nyc.Client.SetAliasAsync(Latest, new AliasRequest(one.Name), Cancel);
        (await ams.EndOfAsync(job)).Problem.Says("superseded", "nyc");
        await ams.Client.ChangeImageAsync(two.Id.ToString(), new ImagePatch(Hidden: false), Cancel);
        await ListedAsync(fleet, two);
        await PointsAsync(fleet, one, null);
    }

    private static async Task ListedAsync(TestFleet fleet, ImageView image, string? without = null)
    {
        foreach (var site in fleet.Sites.Where(s => s.Id != without))
        {
            await site.ListsEverywhereAsync(image);
        }
    }

    private static async Task PointsAsync(TestFleet fleet, ImageView image, string? without)
    {
        foreach (var site in fleet.Sites.Where(s => s.Id != without))
        {
            await TestSite.EventuallyAsync(
                async () => (await site.Client.GetAliasesAsync(Cancel)).Aliases.FirstOrDefault(a => a.Name == Latest)?.Image == image.Id, Cancel, otherwise: () => site.Id);
        }
    }

    private static Task AgreeAsync(TestFleet fleet, IReadOnlyList<string> names) => TestSite.EventuallyAsync(
        async () =>
        {
            // The same entries of the same stamps: whoever reads both finds nothing that is still on its way.
            var said = new List<string>();
            foreach (var site in fleet.Sites)
            {
                var sites = (await site.Client.GetSitesAsync(Cancel)).Sites;
                if (sites.Any(s => s.Behind is not 0))
                {
                    return false;
                }

                var aliases = (await site.Client.GetAliasesAsync(Cancel)).Aliases;
                if (aliases.Any(a => a.Waiting is not null))
                {
                    return false;
                }

                said.Add(string.Join('\n', aliases.Select(a => $"{a.Name} {a.Image} {a.Since:O} {a.Site}")));
            }

            return said.Distinct().Count() == 1 && names.Count > 0;
        },
        Cancel,
        60);
}
