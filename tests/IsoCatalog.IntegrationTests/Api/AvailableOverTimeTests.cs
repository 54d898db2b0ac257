using System.Text;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>What changes the list, and what does not. Each test has a site of its own.</summary>
public sealed class AvailableOverTimeTests
{
    private const string Bmc = "/api/v1/available?surface=bmc";
    private const string Console = "/api/v1/available?surface=console";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_tag_moves_only_with_the_list_and_survives_a_restart()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        using var before = new ApiCaller(site.Api);
        var first = (await before.GetAsync(Console))["ETag"];

        await Patch(before, image.Id.ToString(), """{"owner":"ops","protected":true}""");
        Assert.Equal(first, (await before.GetAsync(Console))["ETag"]);
        await Patch(before, image.Id.ToString(), """{"title":"One"}""");
        var titled = await before.GetAsync(Console);
        Assert.NotEqual(first, titled["ETag"]);
        await Patch(before, image.Id.ToString(), """{"title":"One","owner":"somebody"}""");
        Assert.Equal(titled["ETag"], (await before.GetAsync(Console))["ETag"]);

        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        using var after = new ApiCaller(site.Api);
        var restarted = await after.GetAsync(Console, ("If-None-Match", titled["ETag"]!));
        Assert.Equal(304, (int)restarted.Status);
        Assert.Equal(titled.Body, (await after.GetAsync(Console)).Body);
        Assert.Equal(image.InfoV1, (await site.Client.GetImageAsync("one.iso", Cancel)).InfoV1);
    }

    [Fact]
    public async Task A_hidden_image_is_on_no_list_and_comes_back()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        using var caller = new ApiCaller(site.Api);

        await Patch(caller, image.Id.ToString(), """{"hidden":true}""");
        Assert.Empty((await caller.GetAsync(Bmc)).Names);
        Assert.Equal(ReasonCode.Hidden, (await site.CellAsync(image.Id, "console", Cancel)).Code);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(site.Console, "one.iso"))), Cancel);
        await Patch(caller, image.Id.ToString(), """{"hidden":false}""");
        await TestSite.EventuallyAsync(async () => (await caller.GetAsync(Bmc)).Names.Count == 1, Cancel);
    }

    [Fact]
    public async Task Offered_together_a_new_image_waits_for_a_broken_surface_and_asap_does_not()
    {
        await using var site = await TestSite.PrepareAsync(Cancel);
        await site.StartAgainAsync(Cancel);
        var old = await ApiCaller.AddAsync(site, "old.iso", 1);
        await site.StopAsync();
        Directory.Delete(site.Console, recursive: true);
        await File.WriteAllTextAsync(site.Console, "not a folder", Cancel);
        await site.StartAgainAsync(Cancel);
        using var caller = new ApiCaller(site.Api);

        var upload = await Upload(caller, "new.iso", 2);
        await TestSite.EventuallyAsync(async () => (await site.CellAsync(upload, "bmc", Cancel)).State == CellState.Staged, Cancel);
        Assert.Equal(["old.iso"], (await caller.GetAsync(Bmc)).Names);
        Assert.Empty((await caller.GetAsync(Console)).Names);
        Assert.False(await site.ListsAsync("console", old.Id, Cancel));

        await Patch(caller, upload.ToString(), """{"offer":"asap"}""");
        await TestSite.EventuallyAsync(async () => (await caller.GetAsync(Bmc)).Names.Contains("new.iso"), Cancel);
        Assert.Empty((await caller.GetAsync(Console)).Names);
    }

    private static async Task<Core.Catalog.ImageId> Upload(ApiCaller caller, string name, int seed)
    {
        var answer = await caller.SendAsync(
            HttpMethod.Post, $"/api/v1/images?name={name}", new ByteArrayContent(IsoBuilder.InMemory("NEW", 20_000, seed)));
        Assert.Equal(201, (int)answer.Status);
        Assert.True(Core.Catalog.ImageId.TryParse(answer.Json["id"]!.GetValue<string>(), out var id));
        return id;
    }

    private static async Task Patch(ApiCaller caller, string image, string json)
    {
        var answer = await caller.JsonAsync(HttpMethod.Patch, $"/api/v1/images/{image}", json);
        Assert.True((int)answer.Status == 200, Encoding.UTF8.GetString(answer.Body));
    }
}
