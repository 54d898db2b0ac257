using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Images go, and come back.</summary>
public sealed class RemovalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_removed_image_is_off_every_list_in_the_next_answer_and_its_file_is_kept_retired()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 1 << 20, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var url = await UrlAsync(site, image);
        var inode = FileIdentity.Of(site.StoreFile(image), default)!.Value.Inode;

        await site.Client.RemoveImageAsync(image.Name, "end of life", Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));

        await RetiredAsync(site, image);
        Assert.False(File.Exists(Path.Combine(site.Console, image.Name)));
        Assert.Equal(404, await witness.StatusOfAsync(url));
        Assert.Equal(inode, FileIdentity.Of(RetiredFile(site, image), default)!.Value.Inode);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(RetiredFile(site, image), Cancel));
        Assert.Equal(image.Id, Assert.Single((await site.Client.GetRetiredAsync(Cancel)).Retired).Id);
    }

    [Fact]
    public async Task A_leased_image_that_is_removed_can_be_read_until_the_lease_ends()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 1 << 20, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", 600), Cancel);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));

        // The volume's file goes, so that the site has had its chance to retire the store's.
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(site.Console, image.Name))), Cancel);
        Assert.Equal(200, await witness.StatusOfAsync(lease.Mount.Url!));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(site.StoreFile(image), Cancel));

        // Not even a restart takes it from a machine that is installing.
        var port = new Uri(site.Iso is { } iso && iso.Contains("://", StringComparison.Ordinal) ? iso : "http://" + site.Iso).Port;
        await site.StopAsync();
        await site.ConfigureAsync("iso: \"127.0.0.1:0\"", $"iso: \"127.0.0.1:{port}\"");
        await site.StartAgainAsync(Cancel);
        Assert.Equal(200, await witness.StatusOfAsync(lease.Mount.Url!));
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));

        await site.Client.EndLeaseAsync(lease.Id, Cancel);
        await RetiredAsync(site, image);
        Assert.Equal(404, await witness.StatusOfAsync(lease.Mount.Url!));
    }

    [Fact]
    public async Task A_removed_image_is_restored_without_its_source()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 1 << 20, 1);
        var source = site.Write("debian-12.iso", bytes);
        var image = await site.AddAsync(source, Cancel);
        File.Delete(source);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await RetiredAsync(site, image);
        await site.Client.RestoreImageAsync(image.Name, Cancel);
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Console, image.Name), Cancel));
        Assert.False(File.Exists(RetiredFile(site, image)));
    }

    [Fact]
    public async Task An_image_that_is_restored_at_once_comes_back_as_well()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        for (var round = 0; round < 5; round++)
        {
            await site.Client.RemoveImageAsync(image.Name, null, Cancel);
            await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        }

        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(await File.ReadAllBytesAsync(Path.Combine(site.Root, image.Name), Cancel), await witness.ServedAsync(image.Id));
    }

    [Fact]
    public async Task A_retired_file_that_was_damaged_is_not_restored_but_named()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await RetiredAsync(site, image);
        File.SetUnixFileMode(RetiredFile(site, image), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await File.WriteAllBytesAsync(RetiredFile(site, image), new byte[image.Size], Cancel);
        await site.Client.RestoreImageAsync(image.Name, Cancel);
        Assert.Equal(image.Id, (await witness.DriftAsync(ReasonCode.StoreDamaged, image.Name)).Image);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));
        await site.AddAsync(Path.Combine(site.Root, image.Name), Cancel);
    }

    [Fact]
    public async Task A_protected_image_is_not_removed()
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        await site.Client.ChangeImageAsync(image.Name, new ImagePatch(Protected: true), Cancel);
        var before = await site.SnapshotAsync();
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.RemoveImageAsync(image.Name, null, Cancel));
        refused.Problem.Says("protected", image.Name, "protected=false");
        Assert.Equal(409, refused.Status);
        Assert.Equal(before, await site.SnapshotAsync());
        await site.Client.ChangeImageAsync(image.Name, new ImagePatch(Protected: false), Cancel);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
    }

    [Fact]
    public async Task A_hidden_image_leaves_the_surfaces_and_returns()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        var url = await UrlAsync(site, image);
        await site.Client.ChangeImageAsync(image.Name, new ImagePatch(Hidden: true), Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));
        await TestSite.EventuallyAsync(
            async () => !File.Exists(Path.Combine(site.Console, image.Name)) && await witness.StatusOfAsync(url) == 404, Cancel);
        Assert.True(File.Exists(site.StoreFile(image)));

        await site.Client.ChangeImageAsync(image.Name, new ImagePatch(Hidden: false), Cancel);
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(url, await UrlAsync(site, image));
    }

    [Fact]
    public async Task An_image_that_is_removed_while_it_is_staged_never_appears()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var path = site.Write("large.iso", IsoBuilder.InMemory("LARGE", 100_000, 1));
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(400 << 20);
        }

        var job = await site.AddPathAsync(new AddRequest(Path: path));
        var id = job.Image!.Value;
        await TestSite.EventuallyAsync(async () => (await site.CellAsync(id, "console", Cancel)).State == CellState.Verifying, Cancel);
        await site.Client.RemoveImageAsync(id.ToString(), null, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(Directory.GetFiles(Path.Combine(site.Data, "retired")).Length == 1), Cancel);
        Assert.False(File.Exists(Path.Combine(site.Console, "large.iso")));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Console, ".isocatalog"), "*.part"));
        Assert.DoesNotContain(
            await witness.EventsAsync(), e => e.Surface == "console" && e.Image == id && e.Text.Contains("is available", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_image_can_be_added_again_after_it_was_removed_and_other_bytes_may_take_its_name()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var source = site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1));
        var image = await site.AddAsync(source, Cancel);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await RetiredAsync(site, image);
        Assert.Equal(image.Id, (await site.AddAsync(source, Cancel)).Id);
        await witness.ListedAsync(image.Id, "bmc", "console");

        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await RetiredAsync(site, image);
        var other = IsoBuilder.InMemory("OTHER", 1 << 20, 2);
        var taken = await site.AddAsync(site.Write("debian-12.iso", other), Cancel);
        Assert.Equal(other, await File.ReadAllBytesAsync(Path.Combine(site.Console, "debian-12.iso"), Cancel));
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.RestoreImageAsync(image.Id.ToString(), Cancel));
        refused.Problem.Says("name-taken", "debian-12.iso", taken.Id.ToString());
    }

    [Theory]
    [InlineData("retired: { keep: 1s }", 0)]
    [InlineData("retired: { quota: 1600KiB }", 1)]
    public async Task Retired_files_are_given_up_oldest_first_by_age_and_by_quota(string keeping, int left)
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Extra = "store: { floor: 1MiB }\n" + keeping });
        var images = new List<ImageView>();
        for (var seed = 1; seed <= 2; seed++)
        {
            var image = await site.AddAsync(site.Write($"image-{seed}.iso", IsoBuilder.InMemory("OLD", 1 << 20, seed)), Cancel);
            await site.Client.RemoveImageAsync(image.Name, null, Cancel);
            await TestSite.EventuallyAsync(
                async () => (await site.Client.GetImageAsync(image.Id.ToString(), Cancel)).Store.State is "retired" or "absent", Cancel);
            images.Add(image);
        }

        // The hourly look also happens at each start.
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetRetiredAsync(Cancel)).Retired.Count == left, Cancel);
        Assert.Equal(left, Directory.GetFiles(Path.Combine(site.Data, "retired")).Length);
        Assert.False(File.Exists(RetiredFile(site, images[0])));
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.RestoreImageAsync(images[0].Id.ToString(), Cancel));
        refused.Problem.Says("not-restorable", images[0].Name, "isocatalog add");
        await site.AddAsync(Path.Combine(site.Root, images[0].Name), Cancel);
    }

    private static string RetiredFile(TestSite site, ImageView image) => Path.Combine(site.Data, "retired", image.Root.ToString());

    private static async Task<string> UrlAsync(TestSite site, ImageView image) =>
        (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images.Single(i => i.Id == image.Id).Mount.Url!;

    private static Task RetiredAsync(TestSite site, ImageView image) => TestSite.EventuallyAsync(
        async () => File.Exists(RetiredFile(site, image)) && !File.Exists(site.StoreFile(image))
            && (await site.Client.GetRetiredAsync(Cancel)).Retired.Any(r => r.Id == image.Id),
        Cancel);
}
