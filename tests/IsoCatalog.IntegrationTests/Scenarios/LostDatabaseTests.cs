using System.Globalization;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Somebody deletes the database. The catalog is in the signed document; who holds what is nowhere.</summary>
public sealed class LostDatabaseTests
{
    private const int Size = 8 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_catalog_comes_back_read_anew_and_nothing_is_retired_or_evicted_until_an_operator_confirms()
    {
        await using var site = await Scenario.StartAsync(TestSiteOptions.InOwnProcess);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("KEPT", Size, 1);
        var kept = await site.AddAsync(site.Write("kept.iso", bytes), Cancel);
        var held = await site.AddAsync(site.Write("held.iso", IsoBuilder.InMemory("HELD", Size, 2)), Cancel);
        var gone = await site.AddAsync(site.Write("gone.iso", IsoBuilder.InMemory("GONE", Size, 3)), Cancel);
        await site.Client.RemoveImageAsync(gone.Name, null, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(File.Exists(Retired(site, gone))), Cancel);
        await site.Client.TakeLeaseAsync(new LeaseRequest(held.Name, "console", "a customer", 3600), Cancel);
        await site.Client.RemoveImageAsync(held.Name, null, Cancel);

        await site.StopAsync();
        File.Delete(Path.Combine(site.Data, "isocatalog.db"));
        await site.ConfigureAsync("store: { floor: 1MiB }", "store: { floor: 1MiB }\nretired: { keep: 1s }");
        await site.StartAgainAsync(Cancel);

        // No receipt, no trust: each live image is read where it lies and where it is shown before it is listed.
        await witness.ListedAsync(kept.Id, "bmc", "console");
        Assert.InRange(await ReadBytesAsync(site), 2 * Size, long.MaxValue);
        Assert.Equal(bytes, await witness.ServedAsync(kept.Id));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Console, kept.Name), Cancel));
        Assert.False(await site.ListsAsync("console", held.Id, Cancel));
        await StaysAsync(site, witness, held, gone, "first");

        // It is not forgotten by a restart, and not by an image that is removed meanwhile.
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        await StaysAsync(site, witness, held, gone, "second");
        await site.Client.RemoveImageAsync(kept.Name, null, Cancel);
        Assert.False(await site.ListsAsync("bmc", kept.Id, Cancel));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(site.StoreFile(kept), Cancel));

        Assert.Equal(0, (await Isocatalog.RunAsync("confirm", "database-lost", "--config", site.ConfigurationPath)).ExitCode);
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "database-lost");
        await TestSite.EventuallyAsync(
            () => Task.FromResult(Directory.GetFiles(site.Console).Length == 0
                && !new[] { held, gone, kept }.Any(i => File.Exists(site.StoreFile(i)) || File.Exists(Retired(site, i)))),
            Cancel);
        Assert.Equal(5, (await Isocatalog.RunAsync("confirm", "database-lost", "--config", site.ConfigurationPath)).ExitCode);
    }

    [Fact]
    public async Task A_new_site_has_lost_nothing()
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 1 << 20, 1)), Cancel);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(File.Exists(Retired(site, image))), Cancel);
    }

    /// <summary>The site looks for orphans, and for what may be evicted, each ten seconds: once it has found a new orphan it has looked at both.</summary>
    private static async Task StaysAsync(TestSite site, Witness witness, ImageView held, ImageView gone, string orphan)
    {
        for (var look = 1; look <= 2; look++)
        {
            var path = Path.Combine(site.Data, "store", "00", $"{orphan}-{look}");
            await File.WriteAllTextAsync(path, "", Cancel);
            await witness.DriftAsync("store-orphan", path);
            File.Delete(path);
        }

        Assert.Contains("isocatalog confirm", (await witness.DriftAsync("database-lost")).Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(site.StoreFile(held)));
        Assert.True(File.Exists(Path.Combine(site.Console, held.Name)));
        Assert.True(File.Exists(Retired(site, gone)));
        Assert.Contains((await site.Client.GetRetiredAsync(Cancel)).Retired, r => r.Id == gone.Id);
    }

    private static string Retired(TestSite site, ImageView image) => Path.Combine(site.Data, "retired", image.Root.ToString());

    private static async Task<long> ReadBytesAsync(TestSite site) => long.Parse(
        (await File.ReadAllLinesAsync($"/proc/{site.ProcessId}/io", Cancel)).First(l => l.StartsWith("rchar:", StringComparison.Ordinal))[6..],
        CultureInfo.InvariantCulture);
}
