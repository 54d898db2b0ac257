using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>One site, with genuine keys, takes away what the others have.</summary>
public sealed class TakenOverSiteTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_that_removes_recalls_and_hides_everything_is_named_everywhere_and_one_command_takes_it_back()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var images = new List<ImageView>();
        for (var i = 0; i < 6; i++)
        {
            images.Add(await ams.PutAsync($"image-{i}.iso", i));
        }

        await ams.Client.ChangeImageAsync(images[4].Id.ToString(), new ImagePatch(Title: "the right title"), Cancel);
        foreach (var image in images)
        {
            await fleet.ListsEverywhereAsync(image);
        }

        var before = Witness.Now;
        await nyc.Client.RemoveImageAsync(images[0].Id.ToString(), "no reason", Cancel);
        await nyc.Client.RemoveImageAsync(images[1].Id.ToString(), null, Cancel);
        await nyc.Client.RemoveImageAsync(images[5].Id.ToString(), null, Cancel);
        await nyc.Client.BlockImageAsync(images[2].Id.ToString(), new BlockRequest("bad"), Cancel);
        await nyc.Client.ChangeImageAsync(images[3].Id.ToString(), new ImagePatch(Hidden: true), Cancel);
        await nyc.Client.ChangeImageAsync(images[4].Id.ToString(), new ImagePatch(Title: "a lie"), Cancel);

        foreach (var site in fleet.Sites)
        {
            await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Any(d => d is { Code: "many-changes", Site: "nyc" }), Cancel);
            Assert.Contains("--by nyc --since", (await site.Client.GetDriftAsync(Cancel)).Drift.Single(d => d.Code == "many-changes").Reason, StringComparison.Ordinal);
            await TestSite.EventuallyAsync(async () => await site.MetricAsync("isocatalog_catalog_changes{site=\"nyc\"}") == 6, Cancel);
            Assert.Equal(0, await site.MetricAsync("isocatalog_catalog_changes{site=\"msk\"}"));
        }

        // Who did it stands beside what was done, and who added it is who added it.
        var removed = await msk.Client.GetImageAsync(images[0].Id.ToString(), Cancel);
        Assert.Equal(("nyc", "no reason"), (removed.Removed!.Site, removed.Removed.Why));
        Assert.Equal("ams", removed.AddedSite);
        Assert.Equal("nyc", (await msk.Client.GetRetiredAsync(Cancel)).Retired.First(r => r.Id == images[0].Id).Removed!.Site);
        Assert.Equal("nyc", (await msk.Client.GetImageAsync(images[4].Id.ToString(), Cancel)).Described!.Site);

        // What a site remembers, it remembers over a restart.
        await ams.StopAsync();
        await ams.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var plan = await ams.Client.TakeBackAsync(new TakeBackRequest("nyc", before.AddMinutes(-1), DryRun: true), Cancel);
        Assert.Equal(["described", "hidden", "recalled", "removed", "removed", "removed"], plan.Done.Select(d => d.Kind).Order(StringComparer.Ordinal));
        Assert.True((await ams.Client.GetImageAsync(images[0].Id.ToString(), Cancel)).Deleted);

        var output = await FleetCalls.VerbAsync(0, "restore", "--by", "nyc", "--since", "1h", "--yes", "--socket", ams.Socket);
        Assert.Contains("6 changes of nyc were taken back", output, StringComparison.Ordinal);
        foreach (var image in images)
        {
            await fleet.ListsEverywhereAsync(image);
        }

        Assert.Equal("the right title", (await msk.Client.GetImageAsync(images[4].Id.ToString(), Cancel)).Title);
        Assert.Equal("ams", (await msk.Client.GetImageAsync(images[0].Id.ToString(), Cancel)).AddedSite);
        Assert.Equal("ams", (await msk.Client.GetImageAsync(images[0].Id.ToString(), Cancel)).Restored!.Site);

        // Until somebody has seen to it.
        await FleetCalls.VerbAsync(0, "confirm", "many-changes", "--socket", msk.Socket);
        Assert.DoesNotContain((await msk.Client.GetDriftAsync(Cancel)).Drift, d => d is { Code: "many-changes", Site: "nyc" });
        Assert.Contains((await ams.Client.GetDriftAsync(Cancel)).Drift, d => d is { Code: "many-changes", Site: "nyc" });
    }

    [Fact]
    public async Task The_removal_of_a_protected_image_is_obeyed_and_told_at_once()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var image = await ams.PutAsync("precious.iso", 1);
        await ams.PutAsync("other.iso", 2);
        await ams.PutAsync("another.iso", 3);
        await ams.Client.ChangeImageAsync(image.Id.ToString(), new ImagePatch(Protected: true), Cancel);
        await nyc.KnowsAsync(image.Id, i => i.Meta.Protected);
        await fleet.ListsEverywhereAsync(image);

        // Its own program would not do that.
        await nyc.StopAsync();
        var signer = new SiteInHand(nyc);
        signer.SignRemoval(signer.ValueOf(image.Id));
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);

        await TestSite.EventuallyAsync(async () => (await ams.Client.GetImageAsync(image.Id.ToString(), Cancel)).Deleted, Cancel);
        var drift = (await ams.Client.GetDriftAsync(Cancel)).Drift.Single(d => d.Code == "protected-removed");
        Assert.Equal("nyc", drift.Site);
        Assert.Contains("precious.iso", drift.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain((await ams.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "many-changes");

        await ams.Client.TakeBackAsync(new TakeBackRequest("nyc", Witness.Now.AddHours(-1)), Cancel);
        await fleet.ListsEverywhereAsync(image);
        Assert.True((await ams.Client.GetImageAsync(image.Id.ToString(), Cancel)).Meta.Protected);
    }

    [Fact]
    public async Task Nothing_to_take_back_and_names_that_are_none_are_said_in_words()
    {
        await using var site = await TestSite.StartAsync(Cancel);

        Assert.Empty((await site.Client.TakeBackAsync(new TakeBackRequest("nyc", Witness.Now.AddHours(-1)), Cancel)).Done);
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.TakeBackAsync(new TakeBackRequest("No Site", Witness.Now), Cancel));
        Assert.Equal(400, refused.Status);

        // What is left out must never stand for everything.
        foreach (var request in new[] { new TakeBackRequest(), new TakeBackRequest("nyc"), new TakeBackRequest(null, Witness.Now) })
        {
            refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.TakeBackAsync(request, Cancel));
            Assert.Equal(400, refused.Status);
            Assert.Contains("from when on", refused.Problem.Detail, StringComparison.Ordinal);
        }

        Assert.Contains("Give an image, or both", await FleetCalls.VerbAsync(2, "restore", "--by", "nyc", "--socket", site.Socket), StringComparison.Ordinal);
        Assert.Contains("is no time", await FleetCalls.VerbAsync(2, "restore", "--by", "nyc", "--since", "soon", "--socket", site.Socket), StringComparison.Ordinal);
    }
}
