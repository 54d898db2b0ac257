using System.Diagnostics.Metrics;
using System.Net;
using IsoCatalog.Appliance.Mounts;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Ipmi;
using IsoCatalog.IntegrationTests.Ledger;
using IsoCatalog.Surfaces.Ipmi;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Mounts;

/// <summary>The URLs of leases against the leases, with a real listener: each step is taken by the test.</summary>
public sealed class LeaseRoutesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Whoever looked at the leases before one ended still has it in hand.</summary>
    [Theory]
    [InlineData("ended")]
    [InlineData("ended and shut")]
    public async Task A_lease_that_ended_is_not_opened_again_by_who_saw_it_before(string how)
    {
        await using var held = await HeldSite.OpenAsync();
        using var meter = new Meter("isocatalog.test");
        await using var listener = await IsoListener.StartAsync(
            new IsoListenerOptions { Routes = held.Routes, Plain = new IPEndPoint(IPAddress.Loopback, 0), Meter = meter }, NullLoggerFactory.Instance, TimeProvider.System, Cancel);
        await using var bmc = new IpmiSurface(new IpmiSurfaceOptions { Name = "bmc", UrlSecret = ServingSite.Secret }, listener, TimeProvider.System, NullLogger<IpmiSurface>.Instance);
        using var routes = new LeaseRoutes(held.Ledger, held.Store, [bmc], held.Setbacks, held.Time, NullLogger<LeaseRoutes>.Instance);
        var lease = held.Lease() with { Token = bmc.NewToken() };
        Assert.IsType<Outcome<Lease>.Done>(held.Leases.Add(lease));
        var url = new Uri(routes.MountOf(lease)!.Url!);
        Assert.Equal(404, await StatusAsync());
        Assert.True(routes.Open(lease));
        Assert.Equal(200, await StatusAsync());

        Assert.NotNull(held.Leases.End(lease.Id, "test"));
        if (how == "ended and shut")
        {
            routes.Apply();
        }

        Assert.False(routes.Open(lease));
        routes.Apply();
        Assert.Equal(404, await StatusAsync());
        Assert.Equal(url.AbsolutePath, new Uri(routes.MountOf(lease)!.Url!).AbsolutePath);
        Assert.Equal(404, await StatusAsync());

        async Task<int> StatusAsync() => (await RawClient.AskAsync(listener.PlainEndPoint!, RawClient.Head(url.AbsolutePath))).Status;
    }

    /// <summary>A surface may be taken out of the configuration while somebody holds an image there.</summary>
    [Fact]
    public async Task A_lease_of_a_surface_that_is_not_configured_any_more_opens_nothing_and_stops_nothing()
    {
        await using var held = await HeldSite.OpenAsync();
        using var routes = new LeaseRoutes(held.Ledger, held.Store, [], held.Setbacks, held.Time, NullLogger<LeaseRoutes>.Instance);
        var lease = held.Lease();
        Assert.IsType<Outcome<Lease>.Done>(held.Leases.Add(lease));
        Assert.Null(routes.MountOf(lease));
        routes.Apply();
    }
}
