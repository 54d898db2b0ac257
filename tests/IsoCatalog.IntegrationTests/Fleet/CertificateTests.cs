using IsoCatalog.Testing;
using IsoCatalog.Testing.Hostile;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>What else a certificate says than its key, to the fleet's port and to a site that calls another.</summary>
public sealed class CertificateTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_URL_of_a_callers_issuer_is_not_called()
    {
        await using var trap = new IssuerTrap();
        await using var site = await TestFleet.StartAsync(Cancel, "ams");
        using var certificate = OddCertificate.OfIssuerAt(trap.Url);
        using var stranger = RawPeer.Client(site["ams"].FleetAddress!, certificate);

        using var answer = await stranger.GetAsync("state", Cancel);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, answer.StatusCode);

        Assert.Equal(0, trap.Calls);
    }

    [Fact]
    public async Task The_URL_of_a_called_sites_issuer_is_not_called()
    {
        await using var trap = new IssuerTrap();
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc");
        await using var peer = new RawPeer(OddCertificate.OfIssuerAt(trap.Url, fleet["nyc"].TlsKey()), _ => null);
        await fleet["ams"].StartAgainAsync(Cancel);
        await fleet["ams"].SetPeersAsync([new("nyc", peer.Address, peer.Address)], Cancel);

        await TestSite.EventuallyAsync(() => Task.FromResult(peer.Requests.Count > 0), Cancel);

        Assert.Equal(0, trap.Calls);
    }

    [Fact]
    public async Task A_certificate_that_is_too_large_is_refused_though_its_key_is_known()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc");
        var (ams, key) = (fleet["ams"], fleet["nyc"].TlsKey());
        await using var peer = new RawPeer(OddCertificate.Large(key), _ => null);
        await ams.StartAgainAsync(Cancel);
        using var large = OddCertificate.Large(key);
        using var caller = RawPeer.Client(ams.FleetAddress!, large);
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => caller.GetAsync("state", Cancel));
        using var certificate = RawPeer.Certificate(key);
        using var same = RawPeer.Client(ams.FleetAddress!, certificate);
        (await same.GetAsync("state", Cancel)).EnsureSuccessStatusCode().Dispose();

        await ams.SetPeersAsync([new("nyc", peer.Address, peer.Address)], Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.PeerAsync("nyc")).ErrorCode == "wrongkey", Cancel);

        // It looks at the certificate when its own half of the handshake is done: the peer sees a connection, and no word on it.
        Assert.All(peer.Requests, Assert.Empty);
    }
}
