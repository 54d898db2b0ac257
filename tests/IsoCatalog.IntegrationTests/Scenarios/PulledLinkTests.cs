using System.Diagnostics;
using System.Net;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using IsoCatalog.Testing.Wan;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Two sites in network namespaces of their own, joined by a long link that is pulled in mid-transfer.</summary>
public sealed class PulledLinkTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_link_pulled_in_mid_transfer_and_plugged_in_again_ends_with_the_image_at_both_sites()
    {
        NetNamespace.Require();
        await using var here = await NetNamespace.CreateAsync("ams", Cancel);
        await using var there = await NetNamespace.CreateAsync("nyc", Cancel);
        await using var link = await WanLink.CreateAsync(here, there, new WanQuality(30, TimeSpan.FromMilliseconds(20)), Cancel);
        await using var fleet = await TestFleet.PrepareAsync(new TestSiteOptions { FleetHost = "0.0.0.0" }, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        await ams.StartAgainAsync(Cancel, here.Wrapper);
        await nyc.StartAgainAsync(Cancel, there.Wrapper);
        await ams.SetPeersAsync([At(nyc, link.AddressB)], Cancel);
        await nyc.SetPeersAsync([At(ams, link.AddressA)], Cancel);

        // The API listens inside the namespace; the socket is a file, and files are shared.
        using var amsClient = ApplianceClient.OverSocket(ams.Socket);
        using var nycClient = ApplianceClient.OverSocket(nyc.Socket);
        await using var content = new MemoryStream(IsoBuilder.InMemory("LARGE", 48 << 20, 1));
        var image = await amsClient.UploadImageAsync(content, "large.iso", null, null, null, Cancel);
        await TestSite.EventuallyAsync(async () => await CellAsync(nycClient, "nyc", image) is { State: CellState.Fetching, Progress: > 0.2 and < 0.9 }, Cancel, 60);

        await link.CutAsync(Cancel);
        await TestSite.EventuallyAsync(
            async () => await CellAsync(nycClient, "nyc", image) is { State: CellState.Fetching, Code: ReasonCode.WaitingForSource }, Cancel, 60);
        Assert.Empty((await nycClient.GetAvailableAsync(new AvailableRequest("console"), Cancel)).Images);

        var plugged = Stopwatch.StartNew();
        await link.MendAsync(Cancel);
        foreach (var client in new[] { amsClient, nycClient })
        {
            foreach (var surface in new[] { "bmc", "console" })
            {
                await TestSite.EventuallyAsync(
                    async () => (await client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.Any(i => i.Id == image.Id), Cancel, 90);
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"Listed everywhere {plugged.Elapsed.TotalSeconds:F1} s after the link was plugged in again.");
    }

    private static PeerAddress At(TestSite site, IPAddress address) =>
        new(site.Id, $"{address}:{Port(site.FleetAddress!)}", $"{address}:{Port(site.SwarmAddress!)}");

    private static string Port(string address) => address[(address.LastIndexOf(':') + 1)..];

    private static async Task<CellView?> CellAsync(IApplianceClient client, string site, ImageView image)
    {
        try
        {
            return (await client.GetImageAsync(image.Id.ToString(), Cancel)).Ready[site]["bmc"];
        }
        catch (ApplianceException e) when (e.Status == 404)
        {
            return null;
        }
    }
}
