using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Somebody removes, restores or recalls while somebody else holds, fetches or publishes: with whole sites. LedgerRaceTests hold each point still.</summary>
public sealed class RemovalRaceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lease_granted_while_the_image_is_removed_has_its_url_and_its_file_until_it_ends()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 400_000, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var granted = 0;
        for (var round = 0; round < 12; round++)
        {
            var leases = new[] { "bmc", "console" }.Select(async surface =>
            {
                await Task.Delay(round % 4, Cancel);
                return await TryAsync(() => site.Client.TakeLeaseAsync(new LeaseRequest(image.Id.ToString(), surface, "127.0.0.1", 600), Cancel));
            }).ToList();
            await site.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
            var held = (await Task.WhenAll(leases)).OfType<LeaseView>().ToList();
            granted += held.Count;

            // It has had its chance to take away what nobody holds.
            await TestSite.EventuallyAsync(
                async () => held.Any(l => l.Surface == "console") || !File.Exists(Path.Combine(site.Console, image.Name))
                    && (held.Count > 0 || await StateAsync(site, image) == "retired"),
                Cancel);
            foreach (var lease in held)
            {
                Assert.Equal(bytes, lease.Mount.Url is { } url ? await witness.BytesOfAsync(url) : await File.ReadAllBytesAsync(lease.Mount.Path!, Cancel));
                Assert.Equal("present", await StateAsync(site, image));
            }

            foreach (var lease in held)
            {
                await site.Client.EndLeaseAsync(lease.Id, Cancel);
            }

            await TestSite.EventuallyAsync(async () => await StateAsync(site, image) == "retired", Cancel);
            await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
            await witness.ListedAsync(image.Id, "bmc", "console");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{granted} of 24 leases were granted.");
    }

    /// <summary>At every distance from the removal: before the file moves, while it moves, after it.</summary>
    [Fact]
    public async Task A_restore_at_any_moment_of_a_removal_brings_the_image_back_whole()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 400_000, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        for (var ms = 0; ms < 60; ms += 5)
        {
            await site.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
            await Task.Delay(ms, Cancel);
            await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
            await witness.ListedAsync(image.Id, "bmc", "console");
            Assert.Equal(bytes, await witness.ServedAsync(image.Id));
            Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Console, image.Name), Cancel));
        }

        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));
    }

    [Fact]
    public async Task An_image_recalled_while_it_is_staged_never_appears()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var path = site.Write("large.iso", IsoBuilder.InMemory("LARGE", 100_000, 1));
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(400 << 20);
        }

        var id = (await site.AddPathAsync(new AddRequest(Path: path))).Image!.Value;
        await TestSite.EventuallyAsync(async () => (await site.CellAsync(id, "console", Cancel)).State == CellState.Verifying, Cancel);
        await site.Client.BlockImageAsync(id.ToString(), new BlockRequest("hole"), Cancel);
        await TestSite.EventuallyAsync(
            async () => (await site.CellAsync(id, "console", Cancel)).State == CellState.Absent
                && Directory.GetFiles(Path.Combine(site.Console, ".isocatalog"), "*.part").Length == 0,
            Cancel);
        Assert.False(File.Exists(Path.Combine(site.Console, "large.iso")));
        Assert.DoesNotContain(
            await witness.EventsAsync(), e => e.Surface == "console" && e.Image == id && e.Text.Contains("is available", StringComparison.Ordinal));
    }

    private static async Task<string> StateAsync(TestSite site, ImageView image) => (await site.Client.GetImageAsync(image.Id.ToString(), Cancel)).Store.State;

    private static async Task<LeaseView?> TryAsync(Func<Task<LeaseView>> lease)
    {
        try
        {
            return await lease();
        }
        catch (ApplianceException e) when (e.Problem.Code is "not-ready" or "not-found")
        {
            return null;
        }
    }
}
