using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Client;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Several sites of one fleet on this machine, each in a process of its own, told where the others are; and the oVirt engine that they share.</summary>
internal sealed class DemoFleet : IAsyncDisposable
{
    private static readonly string[] Names = ["ams", "nyc", "msk", "sin", "lon", "fra", "sao", "syd", "tyo"];

    private DemoFleet(IReadOnlyList<DemoSiteProcess> sites, DemoEngine engine, string panelToken) => (Sites, Engine, PanelToken) = (sites, engine, panelToken);

    public static int Most => Names.Length;

    public IReadOnlyList<DemoSiteProcess> Sites { get; }

    public DemoEngine Engine { get; }

    /// <summary>With the role panel at every site. Made anew at each start, and kept nowhere but as its hash.</summary>
    public string PanelToken { get; }

    /// <summary>Makes what is missing in the folder, starts the sites, and brings them together.</summary>
    public static async Task<DemoFleet> StartAsync(string folder, int count, CancellationToken cancellationToken)
    {
        var engine = await DemoEngine.StartAsync(folder, [.. Names.Take(count)], cancellationToken);
        List<Task<DemoSiteProcess>> starting = [];
        try
        {
            var plans = new List<DemoSitePlan>();
            var (panelToken, hash) = Token.Generate();
            foreach (var id in Names.Take(count))
            {
                plans.Add(await DemoSitePlan.MakeAsync(id, Path.Combine(folder, id), hash, engine.SurfaceOf(id), cancellationToken));
            }

            Found([.. plans.Select(p => p.Configuration)]);
            starting = [.. plans.Select(p => DemoSiteProcess.StartAsync(p, cancellationToken))];
            var fleet = new DemoFleet(await Task.WhenAll(starting), engine, panelToken);
            await fleet.IntroduceAsync(cancellationToken);
            return fleet;
        }
        catch
        {
            foreach (var started in starting.Where(s => s.IsCompletedSuccessfully))
            {
                await (await started).DisposeAsync();
            }

            await engine.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts again whichever site ends, until it is cancelled.</summary>
    /// <exception cref="DemoException">A site does not start any more.</exception>
    public async Task KeepUpAsync(Action<string> tell, CancellationToken cancellationToken) =>
        await await Task.WhenAny(Sites.Select(s => s.KeepUpAsync(PeersOf(s), tell, cancellationToken)));

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Sites.Select(s => s.DisposeAsync().AsTask()));
        await Engine.DisposeAsync();
    }

    /// <summary>A fleet for the demonstration alone: its root key lives as long as this call. A folder of an earlier one keeps its fleet.</summary>
    private static void Found(IReadOnlyList<SiteConfiguration> sites)
    {
        var folders = sites.Select(s => new SiteFolders(s.Data, s.Inbox.Path)).ToList();
        if (folders.All(TrustStore.Exists))
        {
            return;
        }

        if (folders.Any(TrustStore.Exists))
        {
            throw new DemoException("The folder holds a demonstration with another number of sites. Give the same --sites again, or another --dir.");
        }

        using var root = SigningKey.Generate();
        var document = TrustDocument.First(RandomId.New(), [root.Public], 1, TrustDrafts.Whole(TimeProvider.System.GetUtcNow()), TrustDrafts.Lifetime);
        foreach (var (site, folder) in sites.Zip(folders))
        {
            document = document.WithSite(site.Site, SiteKeys.ReadSigningPublic(folder), SiteKeys.ReadTlsPublic(folder), null);
        }

        var envelope = TrustDrafts.Sign(document, [root]).ToJson();
        folders.ForEach(f => TrustStore.Begin(f, [envelope]));
    }

    /// <summary>The ports are known only now.</summary>
    private async Task IntroduceAsync(CancellationToken cancellationToken)
    {
        foreach (var site in Sites)
        {
            using var socket = ApplianceClient.OverSocket(site.Socket);
            await socket.SetPeersAsync(new PeerSetting(PeersOf(site)), cancellationToken);
        }
    }

    private IReadOnlyList<PeerAddress> PeersOf(DemoSiteProcess site) =>
        [.. Sites.Where(s => s != site).Select(s => new PeerAddress(s.Id, s.Fleet!, s.Swarm!))];
}
