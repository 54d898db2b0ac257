using System.Net;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Ipmi;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>An image leaves the list while somebody holds a lease on it: that one goes on, by a URL of its own, and nobody else does.</summary>
public sealed class StandingUrlTests
{
    private const long Large = 64L << 20;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("removed")]
    [InlineData("recalled")]
    [InlineData("hidden")]
    [InlineData("removed, and the site is restarted")]
    public async Task A_lease_keeps_its_own_url_and_the_standing_one_ends_with_what_is_being_read_by_it(string how)
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var path = site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 100_000, 1));
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(Large);
        }

        var image = await site.AddAsync(path, Cancel);
        var standing = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Url!;
        var bmc = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", 600), Cancel);
        var console = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "console", "a customer", 600), Cancel);
        using var standingReader = await ReaderAsync(standing);
        using var leaseReader = await ReaderAsync(bmc.Mount.Url!);

        switch (how)
        {
            case "recalled":
                await site.Client.BlockImageAsync(image.Name, new BlockRequest("hole"), Cancel);
                break;
            case "hidden":
                await site.Client.ChangeImageAsync(image.Name, new ImagePatch(Hidden: true), Cancel);
                break;
            default:
                await site.Client.RemoveImageAsync(image.Name, null, Cancel);
                break;
        }

        Assert.InRange((await standingReader.ReadToEndAsync()).Length, 0, Large - 1_000_000);
        Assert.Equal(404, await witness.StatusOfAsync(standing));
        Assert.InRange((await leaseReader.ReadToEndAsync()).Length, Large - 100_000, int.MaxValue);
        if (how.Contains("restarted", StringComparison.Ordinal))
        {
            await site.StopAsync();
            await site.StartAgainAsync(Cancel);
            standing = new UriBuilder(standing) { Port = new Uri("http://" + site.Iso).Port }.ToString();
            bmc = (await site.Client.GetLeasesAsync(Cancel)).Leases.Single(l => l.Id == bmc.Id);
        }

        Assert.Equal(404, await witness.StatusOfAsync(standing));
        Assert.Equal(200, await witness.StatusOfAsync(bmc.Mount.Url!));
        Assert.True(File.Exists(Path.Combine(site.Console, image.Name)), "a lease on a folder keeps the file");
        Assert.True(File.Exists(site.StoreFile(image)));

        await site.Client.EndLeaseAsync(console.Id, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(site.Console, image.Name))), Cancel);
        Assert.Equal(200, await witness.StatusOfAsync(bmc.Mount.Url!));
        await site.Client.EndLeaseAsync(bmc.Id, Cancel);
        Assert.Equal(404, await witness.StatusOfAsync(bmc.Mount.Url!));
    }

    /// <summary>A URL that ended is shut for good, whoever asks for the leases at that moment.</summary>
    [Fact]
    public async Task Whoever_asks_for_leases_while_they_end_opens_none_again()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 100_000, 1)), Cancel);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var asked = Enumerable.Range(0, 4).Select(_ => Task.Run(
            async () =>
            {
                while (!asking.IsCancellationRequested)
                {
                    await site.Client.GetLeasesAsync(Cancel);
                }
            },
            Cancel)).ToList();
        for (var round = 0; round < 40; round++)
        {
            var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", 600), Cancel);
            Assert.Equal(200, await witness.StatusOfAsync(lease.Mount.Url!));
            if (round % 2 == 0)
            {
                await site.Client.EndLeaseAsync(lease.Id, Cancel);
            }
            else
            {
                await site.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest(EndLeases: true), Cancel);
            }

            Assert.Equal(404, await witness.StatusOfAsync(lease.Mount.Url!));
            Assert.Equal(404, await witness.StatusOfAsync(lease.Mount.Url!));
            if (round % 2 == 1)
            {
                await site.Client.UnblockImageAsync(image.Id.ToString(), Cancel);
                await witness.ListedAsync(image.Id, "bmc");
            }
        }

        await asking.CancelAsync();
        await Task.WhenAll(asked);
    }

    private static async Task<RawClient> ReaderAsync(string url)
    {
        var reader = await RawClient.ConnectAsync(IPEndPoint.Parse(new Uri(url).Authority), receiveBuffer: 64 * 1024);
        await reader.SendAsync(RawClient.Get(new Uri(url).AbsolutePath, "Connection: close"));
        await reader.ReceiveAsync(50_000);
        return reader;
    }
}
