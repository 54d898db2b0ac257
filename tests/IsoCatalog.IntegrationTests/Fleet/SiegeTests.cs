using System.Net;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>Few addresses with many connections, on the ports that sites, panels and clients of the swarm need.</summary>
public sealed class SiegeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Half_open_handshakes_of_nine_addresses_leave_a_known_site_its_place_at_the_fleet_port()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc");
        var ams = fleet["ams"];
        await ams.StartAgainAsync(Cancel);
        using var held = await HeldSockets.OpenAsync(IPEndPoint.Parse(ams.FleetAddress!), addresses: 9, each: 64, Cancel);

        using var key = RawPeer.Certificate(fleet["nyc"].TlsKey());
        using var nyc = RawPeer.Client(ams.FleetAddress!, key);
        using var answer = await nyc.GetAsync("state", Cancel);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.True(await TurnedAwayAsync(ams.Api, "fleet") >= 9 * 64 - 64);
    }

    [Fact]
    public async Task Half_requests_of_many_addresses_leave_the_panel_its_place_at_the_api()
    {
        await using var ams = await TestSite.StartAsync(Cancel, TestSiteOptions.InOwnProcess);
        using var held = await HeldSockets.OpenAsync(
            new IPEndPoint(IPAddress.Loopback, ams.Api.Port), addresses: 40, each: 60, Cancel, say: "GET /api/v1/images HTTP/1.1\r\nX-Half: "u8.ToArray());

        Assert.Empty((await ams.Client.GetImagesAsync(Cancel)).Images);
        using var http = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = ams.Api };
        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("healthz", Cancel)).StatusCode);

        // Far fewer than were opened.
        Assert.InRange(Directory.GetFiles($"/proc/{ams.ProcessId}/fd").Length, 1, 1500);
        Assert.True(await TurnedAwayAsync(ams.Api, "api") >= 40 * 60 - 512);
    }

    /// <summary>As the metrics have it.</summary>
    private static async Task<int> TurnedAwayAsync(Uri api, string listener)
    {
        using var caller = new ApiCaller(api);
        var series = $"isocatalog_connections_turned_away_total{{listener=\"{listener}\"}} ";
        return int.Parse((await caller.GetAsync("/metrics")).Text.Split('\n').Single(line => line.StartsWith(series, StringComparison.Ordinal))[series.Length..]);
    }
}
