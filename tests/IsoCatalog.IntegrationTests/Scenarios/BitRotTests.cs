using IsoCatalog.Appliance;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>A bit turns on the disk, below the file system: no event, no time and no size says so, and only reading finds it.</summary>
public sealed class BitRotTests
{
    private const int Size = 4 << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bit_that_turned_on_the_disk_under_the_store_is_found_by_the_scrub_and_its_block_comes_from_the_other_site()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc");
        await using var disk = await MountedFolder.LoopAsync("mkfs.ext4", 64L << 20);
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var data = Path.Combine(disk.Path, "data");
        (await Counterpart.RunAsync("cp", ["-a", nyc.Data, data], Cancel)).Succeeded();
        await nyc.ConfigureAsync($"data: {nyc.Data}", $"data: {data}");
        Directory.CreateDirectory(nyc.Console);
        await ams.StartAgainAsync(Cancel);
        var loaded = Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Load(nyc.ConfigurationPath));
        await using var site = await SiteHost.StartAsync(
            loaded.Configuration,
            new SiteHostOptions(OpenOnLoopback: true)
            {
                Logging = _ =>
                {
                },
            },
            Cancel);
        using var client = ApplianceClient.At(site.Api);
        using var local = ApplianceClient.OverSocket(loaded.Configuration.Socket);
        using var caller = new ApiCaller(site.Api);
        await local.SetPeersAsync(new PeerSetting([new PeerAddress("ams", ams.FleetAddress!, ams.SwarmAddress!)]), Cancel);
        await ams.SetPeersAsync([new PeerAddress("nyc", site.Fleet!.ToString(), site.Swarm!.ToString())], Cancel);

        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 4);
        var image = await ams.Client.UploadImageAsync(new MemoryStream(bytes), "debian-12.iso", null, null, null, Cancel);
        await ListedAsync();
        var (file, fetched) = (Path.Combine(data, "store", image.Root.ToString()[..2], image.Root.ToString()), await FetchedAsync());
        Assert.Equal(1, Turn(disk.Device, bytes.AsSpan(Size / 2, 64)));

        // As long as the kernel has the right bytes in memory, the damaged copy is whole for whoever mends it from there, and nothing needs to be fetched.
        using (var handle = File.OpenHandle(file))
        {
            PageCache.Drop(handle);
        }

        Assert.False((await File.ReadAllBytesAsync(file, Cancel)).SequenceEqual(bytes));
        Assert.True(await IsListedAsync("bmc"));

        await site.Services.GetRequiredService<Scrub>().RunAsync(TimeSpan.Zero, Cancel);
        await TestSite.EventuallyAsync(
            async () => (await caller.GetAsync("/metrics")).Text.Contains("isocatalog_drift_found_total{code=\"store-damaged\",surface=\"\"} 1", StringComparison.Ordinal), Cancel);
        await ListedAsync();
        Assert.True((await File.ReadAllBytesAsync(file, Cancel)).SequenceEqual(bytes));
        Assert.InRange(await FetchedAsync() - fetched, 16 << 10, 512 << 10);

        async Task<bool> IsListedAsync(string surface) => (await client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.Any(i => i.Id == image.Id);

        Task ListedAsync() => TestSite.EventuallyAsync(async () => await IsListedAsync("bmc") && await IsListedAsync("console"), Cancel, seconds: 60);

        async Task<double> FetchedAsync() => (await caller.GetAsync("/metrics")).Text.Split('\n')
            .Where(l => l.StartsWith("isocatalog_swarm_received_bytes_total ", StringComparison.Ordinal))
            .Select(l => double.Parse(l.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).FirstOrDefault();
    }

    /// <returns>How often the bytes were found on the disk; one bit of each was turned.</returns>
    private static int Turn(string device, ReadOnlySpan<byte> there)
    {
        using var disk = new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var all = new byte[disk.Length];
        disk.ReadExactly(all);
        var found = 0;
        for (var at = all.AsSpan().IndexOf(there); at >= 0; found++)
        {
            disk.Position = at;
            disk.WriteByte((byte)(all[at] ^ 1));
            disk.Flush(flushToDisk: true);
            at = all.AsSpan(at + 1).IndexOf(there) is >= 0 and var next ? at + 1 + next : -1;
        }

        return found;
    }
}
