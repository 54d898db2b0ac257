using System.Net;
using System.Text;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>Who may talk to a site, and for how long.</summary>
public sealed class TrustTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stranger_may_hand_over_trust_documents_and_nothing_else()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams");
        var ams = fleet["ams"];
        await ams.PutAsync("one.iso", 1);
        using var key = RawPeer.Certificate();
        using var stranger = RawPeer.Client(ams.FleetAddress!, key);
        var document = Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(ams.Data, "catalog", "documents", "ams"))[0]);
        var chunk = Path.GetFileNameWithoutExtension(Directory.GetFiles(Path.Combine(ams.Data, "catalog", "chunks"))[0]);
        foreach (var path in new[] { "state", $"documents/{document}", $"chunks/{chunk}", "holdings/ams", "members/ams", "torrents/" + document, "nothing" })
        {
            using var answer = await stranger.GetAsync(path, Cancel);
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Contains("unknown-key", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        using var notify = await stranger.PostAsync("notify", new StringContent("{}"), Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, notify.StatusCode);
        foreach (var path in new[] { "trust/1", "trust/2" })
        {
            // The same answer whether there is one or not.
            using var answer = await stranger.GetAsync(path, Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.DoesNotContain(ams.FleetAddress!, await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        }

        using var garbage = await stranger.PostAsync("trust", new ByteArrayContent("{}"u8.ToArray()), Cancel);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, garbage.StatusCode);
        using var large = new HttpRequestMessage(HttpMethod.Post, "trust") { Content = new ByteArrayContent(new byte[4 << 20]), Headers = { ExpectContinue = true } };
        using var endless = await stranger.SendAsync(large, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, endless.StatusCode);

        // In the form of one, and by nobody's root key: it is not read.
        using var own = IsoCatalog.Core.Trust.SigningKey.Generate();
        using var forged = await stranger.PostAsync("trust", new ByteArrayContent(own.Sign(IsoCatalog.Core.Trust.TrustDocument.PayloadType, "{\"root\":null}"u8.ToArray()).ToJson()), Cancel);
        Assert.Contains("No root key", await forged.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);

        var slowed = false;
        for (var i = 0; i < 60 && !slowed; i++)
        {
            using var again = await stranger.GetAsync("trust/1", Cancel);
            slowed = again.StatusCode == HttpStatusCode.TooManyRequests;
        }

        Assert.True(slowed);
    }

    [Fact]
    public async Task No_other_listener_knows_the_routes_of_the_fleet_listener_and_the_other_way_round()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams");
        var ams = fleet["ams"];
        using var api = new ApiCaller(ams.Api);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync("/fleet/v1/state")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await api.GetAsync("/fleet/v1/trust/1")).Status);
        using var own = RawPeer.Certificate(ams.TlsKey());
        using var client = RawPeer.Client(ams.FleetAddress!, own);
        foreach (var path in new[] { "/api/v1/images", "/metrics", "/healthz", "/" })
        {
            using var answer = await client.GetAsync(path, Cancel);
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }

        // Two machines with the keys of one site are told so.
        using var self = await client.GetAsync("state", Cancel);
        Assert.Contains("own-key", await self.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whoever_shows_no_certificate_or_speaks_an_older_TLS_gets_no_answer()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams");
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new System.Net.Security.SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, peer, _, _) => peer is not null },
        };
        using var nobody = new HttpClient(handler);
        await Assert.ThrowsAsync<HttpRequestException>(() => nobody.GetAsync($"https://{fleet["ams"].FleetAddress}/fleet/v1/trust/1", Cancel));

        var result = await Counterpart.RunAsync(
            "openssl", ["s_client", "-connect", fleet["ams"].FleetAddress!, "-tls1_2", "-cert", fleet["ams"].TlsKey()], Cancel);
        Assert.NotEqual(0, result.ExitCode);
    }

    [Fact]
    public async Task A_site_that_is_taken_out_is_cut_off_within_five_seconds_and_its_images_stay_in_the_catalog()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc", "msk");
        var (ams, nyc, msk) = (fleet["ams"], fleet["nyc"], fleet["msk"]);
        var image = await msk.PutAsync("from-msk.iso", 1);
        await ams.KnowsAsync(image.Id);
        await nyc.KnowsAsync(image.Id);
        using var key = RawPeer.Certificate(msk.TlsKey());
        using var client = RawPeer.Client(ams.FleetAddress!, key);
        (await client.GetAsync("state", Cancel)).EnsureSuccessStatusCode().Dispose();

        await FleetCalls.VerbAsync(0, "trust", "remove-site", "msk", "--config", ams.ConfigurationPath, "--root-key", ams.RootKey, "--yes");
        using var refused = await client.GetAsync("state", Cancel);
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        // A key that was a site's may still learn that it is one no more.
        Assert.NotEmpty(await client.GetByteArrayAsync("trust/1", Cancel));
        await nyc.TrustsAsync(4, seconds: 5);
        await TestSite.EventuallyAsync(async () => await CodeAsync(nyc, "msk") != "ok" && await CodeAsync(ams, "msk") != "ok", Cancel, seconds: 5);

        Assert.NotNull(await ams.FindAsync(image.Id));
        Assert.NotNull(await nyc.FindAsync(image.Id));
        var good = await nyc.PutAsync("good.iso", 3);
        await ams.KnowsAsync(good.Id);

        // The site itself hears of it by the one thing that it may still ask, and signs nothing more.
        await msk.TrustsAsync(4);
        var refused503 = await Assert.ThrowsAsync<ApplianceException>(() => msk.PutAsync("late.iso", 2));
        Assert.Equal("site-not-trusted", refused503.Problem.Code);
        Assert.Contains((await msk.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == "site-not-trusted");

        static async Task<string> CodeAsync(TestSite site, string peer) =>
            (await site.Client.GetPeersAsync(Cancel)).Peers.FirstOrDefault(p => p.Site == peer) is { } view ? view.ErrorCode ?? "ok" : "gone";
    }

    [Fact]
    public async Task A_site_that_was_away_while_others_joined_learns_of_them_from_its_peers()
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc");
        await fleet["nyc"].KillAsync();
        var msk = await fleet.AddAsync("msk", Cancel);
        await msk.StartAgainAsync(Cancel);
        await fleet["nyc"].StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        await fleet["nyc"].TrustsAsync(3);
        var image = await msk.PutAsync("one.iso", 1);
        await fleet["nyc"].KnowsAsync(image.Id);
        await fleet["ams"].KnowsAsync(image.Id);
    }

    [Fact]
    public async Task A_root_key_that_is_left_on_the_machine_is_an_alarm()
    {
        await using var site = await TestSite.PrepareAsync(Cancel, TestSiteOptions.InOwnProcess);
        var left = Path.Combine(site.Root, "root-key.pem");
        File.Copy(site.RootKey, left);
        await site.StartAgainAsync(Cancel);
        await TestSite.EventuallyAsync(
            async () => (await site.Client.GetStatusAsync(Cancel)).Drift.Any(d => d.Code == "root-key-present" && d.Reason.Contains(left, StringComparison.Ordinal)), Cancel);
        using var api = new ApiCaller(site.Api);
        Assert.Contains("isocatalog_drift{code=\"root-key-present\"", (await api.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        Assert.Contains(left, await site.StopAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Peers_and_trust_are_changed_through_the_socket_alone()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        using var api = new ApiCaller(site.Api);
        (await api.JsonAsync(HttpMethod.Put, "/api/v1/peers", """{"peers":[]}""")).Refused(403, "socket-only");
        (await api.SendAsync(HttpMethod.Post, "/api/v1/trust", new ByteArrayContent(Encoding.ASCII.GetBytes("{}")) { Headers = { ContentType = new("application/octet-stream") } }))
            .Refused(403, "socket-only");
        using var local = ApplianceClient.OverSocket(site.Socket);
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => local.SetPeersAsync(new PeerSetting([new PeerAddress("nyc", "nowhere", "nowhere:1")]), Cancel));
        Assert.Contains("host:port", refused.Problem.Detail, StringComparison.Ordinal);
        Assert.Single((await local.SetPeersAsync(new PeerSetting([new PeerAddress("nyc", "nyc.example.com:1", "[::1]:2")]), Cancel)).Peers);
    }
}
