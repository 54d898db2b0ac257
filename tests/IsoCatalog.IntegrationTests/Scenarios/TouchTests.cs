using IsoCatalog.Client;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>What backup agents and <c>chown -R</c> do: files are touched, again and again, and their bytes are right all the time.</summary>
public sealed class TouchTests
{
    /// <summary>So large that it is touched while it is read.</summary>
    private const long Large = 250L << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Here the whole store file went to quarantine, and the copies with it.</summary>
    [Fact]
    public async Task A_store_file_that_is_touched_again_and_again_takes_only_what_serves_it_off_the_list()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await AddAsync(site);
        var inodes = Places(site, domain).Select(p => Inode(p, image)).ToList();
        var before = Witness.Now;

        await TouchAsync(site.StoreFile(image), "touch", () => Places(site, domain).Select(p => Inode(p, image)).SequenceEqual(inodes));

        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);
        await witness.ListedAsync(image.Id, "bmc", "console", "ovirt");
        Assert.Equal(inodes, Places(site, domain).Select(p => Inode(p, image)));
        Assert.Empty(await witness.LeftAsync(image.Id, "console", before));
        Assert.Empty(await witness.LeftAsync(image.Id, "ovirt", before));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    /// <summary>A look at the surface found a file that it did not expect, because the store's copy was in doubt, and took it away.</summary>
    [Theory]
    [InlineData("touch")]
    [InlineData("chown -R")]
    public async Task A_refresh_while_a_touched_store_file_is_read_takes_no_copy_away(string how)
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await AddAsync(site);
        var inode = Inode(domain.Files, image);
        var before = Witness.Now;

        await TouchOnceAsync(how == "touch" ? site.StoreFile(image) : Path.Combine(site.Data, "store"), how);
        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);
        Assert.Contains(image.Name, (await site.Client.RefreshSurfaceAsync("ovirt", Cancel)).Available);

        await witness.ListedAsync(image.Id, "bmc", "console", "ovirt");
        Assert.Equal(inode, Inode(domain.Files, image));
        Assert.Empty(await witness.LeftAsync(image.Id, "console", before));
        Assert.Empty(await witness.LeftAsync(image.Id, "ovirt", before));
    }

    /// <summary>It leaves the list, for nobody knows; it does not leave its place, for who has it mounted.</summary>
    [Fact]
    public async Task Published_files_that_are_touched_again_and_again_stay_where_they_are_and_come_back_as_they_were()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await AddAsync(site);
        foreach (var (surface, folder) in new[] { ("console", site.Console), ("ovirt", domain.Files) })
        {
            var (before, inode) = (Witness.Now, Inode(folder, image));
            await TouchAsync(Path.Combine(folder, image.Name), "touch", () => Inode(folder, image) == inode);
            await witness.LeftWithinTwoSecondsAsync(image.Id, surface, before, Witness.Now);
            await witness.ListedAsync(image.Id, surface);
            Assert.Equal(inode, Inode(folder, image));
            Assert.Empty(await witness.LeftAsync(image.Id, "bmc", before));
        }

        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    /// <summary>Also across a restart: a doubt that was not settled leaves the file where it is.</summary>
    [Fact]
    public async Task A_published_file_that_was_touched_while_the_site_was_down_is_read_where_it_lies()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await AddAsync(site);
        await site.StopAsync();
        var inodes = Places(site, domain).Select(p => Inode(p, image)).ToList();
        foreach (var folder in Places(site, domain))
        {
            await TouchOnceAsync(Path.Combine(folder, image.Name), "touch");
        }

        await site.StartAgainAsync(Cancel);
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));
        await witness.ListedAsync(image.Id, "console", "ovirt");
        Assert.Equal(inodes, Places(site, domain).Select(p => Inode(p, image)));
    }

    private static string[] Places(TestSite site, SimulatedDomain domain) => [site.Console, domain.Files];

    private static ulong Inode(string folder, ImageView image) => FileIdentity.Of(Path.Combine(folder, image.Name), default)?.Inode ?? 0;

    /// <summary>Several times within the time that a reading takes.</summary>
    private static async Task TouchAsync(string path, string how, Func<bool> holds)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        for (var times = 0; times < 12; times++)
        {
            await TouchOnceAsync(path, how);
            Assert.True(holds(), "a file left its place");
            await timer.WaitForNextTickAsync(Cancel);
        }
    }

    private static async Task TouchOnceAsync(string path, string how) => (how == "touch"
        ? await Counterpart.RunAsync("touch", [path], Cancel)
        : await Counterpart.RunAsync("chown", ["-R", $"{Environment.UserName}:", path], Cancel)).Succeeded();

    private static async Task<ImageView> AddAsync(TestSite site)
    {
        var path = site.Write("large.iso", IsoBuilder.InMemory("LARGE", 100_000, 1));
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(Large);
        }

        return await site.AddAsync(path, Cancel);
    }

    private static Task<TestSite> StartAsync(SimulatedDomain domain) => Scenario.StartAsync(Scenario.AllSurfaces(domain));
}
