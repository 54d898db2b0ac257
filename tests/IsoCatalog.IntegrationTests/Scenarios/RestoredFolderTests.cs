using IsoCatalog.Client;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A site is started on a data folder that was copied earlier: what it remembers of its surfaces is of another time, and no receipt of its store agrees.</summary>
public sealed class RestoredFolderTests
{
    /// <summary>So large that the store's copies are read for a while, and the list is not what that waits for.</summary>
    private const long Large = 200L << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("removed by the site later")]
    [InlineData("deleted")]
    [InlineData("truncated")]
    [InlineData("replaced")]
    public async Task What_is_not_there_any_more_is_in_no_answer_and_what_is_there_is_in_the_first_and_stays(string meanwhile)
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await Scenario.StartAsync(Scenario.AllSurfaces(domain));
        using var witness = new Witness(site);
        var (whole, gone) = (await AddLargeAsync(site, "whole.iso", 1), await AddLargeAsync(site, "gone.iso", 2));
        await CopyFolderAsync(site, meanwhile == "removed by the site later" ? () => RemoveAsync(site, gone, domain) : () => Task.CompletedTask);
        if (meanwhile != "removed by the site later")
        {
            await Damage.DoAsync(Path.Combine(site.Console, gone.Name), meanwhile);
            await Damage.DoAsync(Path.Combine(domain.Files, gone.Name), meanwhile);
        }

        var inodes = Places(site, domain).Select(p => Inode(Path.Combine(p.Folder, whole.Name))).ToList();
        var started = Witness.Now;
        await site.StartAgainAsync(Cancel);

        Assert.True(await site.ListsAsync("console", whole.Id, Cancel), "a published file that agrees with its receipt is listed at once, whatever is thought of the store's copy");
        var asked = 0;
        while (!await IsListedEverywhereAsync(site, gone, "bmc", "console", "ovirt"))
        {
            foreach (var (surface, folder) in Places(site, domain))
            {
                foreach (var name in await NamesAsync(site, surface))
                {
                    asked++;
                    if (!File.Exists(Path.Combine(folder, name)) || new FileInfo(Path.Combine(folder, name)).Length != Large)
                    {
                        // It may have been withdrawn between the answer and the look; then it is in no later one.
                        Assert.DoesNotContain(name, await NamesAsync(site, surface));
                    }
                }
            }
        }

        Assert.True(asked > 0);
        foreach (var (place, inode) in Places(site, domain).Zip(inodes))
        {
            Assert.Equal(inode, Inode(Path.Combine(place.Folder, whole.Name)));
        }

        Assert.Empty(await witness.LeftAsync(whole.Id, "console", started));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));
        TestContext.Current.TestOutputHelper!.WriteLine($"{asked} names were looked at.");
    }

    /// <summary>What is in the list can be held.</summary>
    [Fact]
    public async Task A_lease_on_a_copy_is_given_while_the_stores_own_file_is_still_in_doubt()
    {
        await using var site = await Scenario.StartAsync();
        var image = await AddLargeAsync(site, "whole.iso", 1);
        await CopyFolderAsync(site, () => Task.CompletedTask);
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));

        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "console", "a customer", 600), Cancel);

        Assert.Equal(Path.Combine(site.Console, image.Name), lease.Mount.Path);
    }

    private static (string Surface, string Folder)[] Places(TestSite site, SimulatedDomain domain) => [("console", site.Console), ("ovirt", domain.Files)];

    private static ulong Inode(string path) => FileIdentity.Of(path, default)!.Value.Inode;

    private static async Task<List<string>> NamesAsync(TestSite site, string surface) =>
        [.. (await site.Client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.Select(i => i.Name)];

    private static async Task<bool> IsListedEverywhereAsync(TestSite site, ImageView image, params string[] surfaces)
    {
        foreach (var surface in surfaces)
        {
            if (!await site.ListsAsync(surface, image.Id, Cancel))
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<ImageView> AddLargeAsync(TestSite site, string name, int seed)
    {
        var path = site.Write(name, IsoBuilder.InMemory("LARGE", 100_000, seed));
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(Large);
        }

        var image = await site.AddAsync(path, Cancel);
        File.Delete(path);
        return image;
    }

    private static async Task RemoveAsync(TestSite site, ImageView image, SimulatedDomain domain)
    {
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(Places(site, domain).All(p => !File.Exists(Path.Combine(p.Folder, image.Name)))), Cancel);
    }

    /// <summary>As a backup is taken and restored: cp -a of the folder of a site that is down.</summary>
    private static async Task CopyFolderAsync(TestSite site, Func<Task> meanwhile)
    {
        var copy = site.Data + ".copy";
        await site.StopAsync();
        (await Counterpart.RunAsync("cp", ["-a", site.Data, copy], Cancel)).Succeeded();
        await site.StartAgainAsync(Cancel);
        await meanwhile();
        await site.StopAsync();
        Directory.Delete(site.Data, recursive: true);
        Directory.Move(copy, site.Data);
    }
}
