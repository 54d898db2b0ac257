using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Swarm;
using IsoCatalog.Testing.Hostile;
using Xunit;

namespace IsoCatalog.IntegrationTests.Swarm;

/// <summary>What else a certificate says than its key, to the swarm's port and to whoever connects from there.</summary>
[Collection(typeof(WholeMachine))]
public sealed class CertificateTests
{
    private const int MiB = 1024 * 1024;

    /// <summary>The other tests here would hold without it if nobody ever called.</summary>
    [Fact]
    public async Task Whoever_builds_a_chain_for_such_a_certificate_calls_where_it_says()
    {
        await using var trap = new IssuerTrap();
        using var certificate = OddCertificate.OfIssuerAt(trap.Url);
        using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck } };

        Assert.False(chain.Build(certificate));
        Assert.NotEqual(0, trap.Calls);
    }

    [Theory]
    [InlineData("seeder")]
    [InlineData("fetcher")]
    public async Task The_URL_of_an_issuer_is_not_called(string trapped)
    {
        await using var trap = new IssuerTrap();
        await using var sites = new SwarmSites();
        sites.Show(trapped, OddCertificate.OfIssuerAt(trap.Url));
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB);
        var (seeder, fetcher) = (sites.Start("seeder"), sites.Start("fetcher"));
        seeder.Seed(image.Torrent, image.Path);
        fetcher.SetPeers([sites.Peer("seeder", seeder)]);

        await sites.Completed(fetcher.Fetch(image.Torrent, sites.Combine("b.iso")));

        Assert.Equal(0, trap.Calls);
    }

    [Theory]
    [InlineData("seeder")]
    [InlineData("fetcher")]
    public async Task A_certificate_that_is_too_large_is_refused_though_its_key_is_known(string large)
    {
        await using var sites = new SwarmSites();
        sites.Show(large, OddCertificate.Large());
        var image = SwarmImage.Make(sites.Combine("a.iso"), MiB);
        var (seeder, fetcher) = (sites.Start("seeder"), sites.Start("fetcher"));
        seeder.Seed(image.Torrent, image.Path);
        fetcher.SetPeers([sites.Peer("seeder", seeder)]);

        var transfer = fetcher.Fetch(image.Torrent, sites.Combine("b.iso"));
        var other = large == "seeder" ? fetcher : seeder;
        await SwarmSites.Until(() => other.Counters.Cuts.GetValueOrDefault(CutReason.Untrusted) > 0, "it is refused");

        Assert.Equal(0, seeder.Counters.BytesSent);
        Assert.Equal(0, transfer.Progress.Fetched);
    }
}
