using IsoCatalog.Client;

namespace IsoCatalog.Testing;

/// <summary>Several whole sites of one fleet on loopback, told each other's addresses as the demonstration does.</summary>
public sealed class TestFleet : IAsyncDisposable
{
    private readonly List<TestSite> _sites = [];
    private readonly TestSiteOptions _common;

    private TestFleet(TestSiteOptions common) => _common = common;

    public IReadOnlyList<TestSite> Sites => _sites;

    public TestSite this[string id] => _sites.First(s => s.Id == id);

    /// <summary>Founds a fleet with the first, joins the others, starts all and lets them know each other.</summary>
    public static Task<TestFleet> StartAsync(CancellationToken cancellationToken, params string[] ids) =>
        StartAsync(new TestSiteOptions(), cancellationToken, ids);

    /// <param name="common">Of every site, but for its name and its place in the fleet.</param>
    public static async Task<TestFleet> StartAsync(TestSiteOptions common, CancellationToken cancellationToken, params string[] ids)
    {
        var fleet = await PrepareAsync(common, cancellationToken, ids);
        try
        {
            await fleet.StartAgainAsync(cancellationToken);
            await fleet.IntroduceAsync(cancellationToken);
            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>As <see cref="StartAsync(CancellationToken, string[])"/>, and nothing runs yet.</summary>
    public static Task<TestFleet> PrepareAsync(CancellationToken cancellationToken, params string[] ids) =>
        PrepareAsync(new TestSiteOptions(), cancellationToken, ids);

    /// <param name="common">Of every site, but for its name and its place in the fleet.</param>
    public static async Task<TestFleet> PrepareAsync(TestSiteOptions common, CancellationToken cancellationToken, params string[] ids)
    {
        var fleet = new TestFleet(common);
        try
        {
            foreach (var id in ids)
            {
                fleet._sites.Add(await fleet.MakeAsync(id, cancellationToken));
            }

            // The sites that joined first learn of the later ones from their peers.
            foreach (var joining in fleet._sites.Skip(1))
            {
                fleet._sites[0].LetIn(joining);
            }

            return fleet;
        }
        catch
        {
            await fleet.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts every site on its folder as it is, all at once; they do not know yet where the others are.</summary>
    public Task StartAgainAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(_sites.Select(s => s.StartAgainAsync(cancellationToken)));

    /// <summary>Makes a site and joins it by the verbs; it does not run yet. The first site may run.</summary>
    public async Task<TestSite> AddAsync(string id, CancellationToken cancellationToken)
    {
        var first = _sites[0];
        var site = await MakeAsync(id, cancellationToken);
        _sites.Add(site);
        await RunAsync("trust", "add-site", site.JoinRequest, "--config", first.ConfigurationPath, "--root-key", first.RootKey, "--yes", "--out", site.JoinFile);
        await RunAsync("join", site.JoinFile, "--config", site.ConfigurationPath);
        return site;

        async Task RunAsync(params string[] arguments)
        {
            var (exit, output, errors) = await TestSite.RunAsync(arguments, cancellationToken);
            if (exit != 0)
            {
                throw new InvalidOperationException($"isocatalog {arguments[0]} {arguments[1]} ended with {exit}: {output}{errors}");
            }
        }
    }

    private Task<TestSite> MakeAsync(string id, CancellationToken cancellationToken) =>
        TestSite.PrepareAsync(cancellationToken, _common with { Site = id, Fleet = true, Joins = _sites.Count > 0 });

    /// <summary>Tells each running site where the other running ones are.</summary>
    public async Task IntroduceAsync(CancellationToken cancellationToken)
    {
        var up = _sites.Where(s => !s.HasExited && s.FleetAddress is not null).ToList();
        foreach (var site in up)
        {
            await site.SetPeersAsync(up.Where(s => s != site).Select(s => new PeerAddress(s.Id, s.FleetAddress!, s.SwarmAddress ?? s.FleetAddress!)), cancellationToken);
        }
    }

    public async ValueTask DisposeAsync() => await Task.WhenAll(_sites.Select(s => s.DisposeAsync().AsTask()));
}
