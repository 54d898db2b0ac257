using System.Threading.Channels;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Testing;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>
/// A real site's ledger, store and keeper, opened on its folders without anything that acts by itself: a test takes each step, and so holds a race at the very
/// point where the other side comes in.
/// </summary>
internal sealed class HeldSite : IAsyncDisposable
{
    private readonly TestSite _site;
    private readonly SiteKeys _keys;

    private HeldSite(TestSite site, ImageId image)
    {
        _site = site;
        Folders = new SiteFolders(site.Data, site.Inbox);
        Store = new ImageStore(Folders);
        _keys = SiteKeys.Load(Folders);
        var events = new EventLog(TimeProvider.System);
        Alarms = new SiteAlarms(events, TimeProvider.System);
        SiteTime = new SiteTime(Clock, ClockRules.Jump);
        var reserve = new Reserve(Folders, 1 << 20, Alarms);
        var documents = new FleetDocuments(site.Id, Folders, _keys.Signing, new DocumentDisk(Folders, reserve, Alarms), events, Alarms, SiteTime, NullLogger<FleetDocuments>.Instance);
        Ledger = new SiteLedger(
            SiteDatabase.Open(Folders.Database),
            documents,
            [
                new SurfaceStatus("bmc", "ipmi", "ipmi", ServesStoreInode: true, Witness.Now) { LeaseUrls = true },
                new SurfaceStatus("console", "volume", "console", ServesStoreInode: false, Witness.Now) { ShowsFiles = true },
            ],
            events,
            Alarms,
            new ChangeLimits(),
            reserve,
            SiteTime,
            NullLogger<SiteLedger>.Instance);
        Catalog = new CatalogBook(Ledger, documents, events);
        Cells = new CellBook(Ledger, events, NullLogger<CellBook>.Instance);
        Files = new StoreBook(Ledger, events);
        Leases = new LeaseBook(Ledger, events);
        Aliases = new AliasBook(Ledger, documents, events);
        Documents = new DocumentBook(Ledger, documents, Alarms, events);
        Documents.LetSign();
        Setbacks = new Setbacks(Time);
        Keeper = new StoreKeeper(Ledger, Files, Store, Setbacks, Time, NullLogger<StoreKeeper>.Instance);
        var links = new OwnLinks();
        Routes = new IsoRoutes(
            new IsoStoreFiles(FileIdentity.Of, PageCache.Drop, (path, done, cancel) => ReadBack.Of(path, done, cancel) is var (before, after) ? (before, after) : default, links),
            Channel.CreateUnbounded<ImageDoubt>().Writer,
            TimeProvider.System);
        Doubts = new Doubts(Ledger, Cells, Files, Store, Routes, links, NullLogger<Doubts>.Instance);
        Id = image;
    }

    public SiteConfiguration Configuration => Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Load(_site.ConfigurationPath)).Configuration;

    /// <summary>Of whatever a test lets run on the site; the ledger's own goes on by itself.</summary>
    public FakeTimeProvider Time { get; } = new(Witness.Now);

    /// <summary>The clock of the machine.</summary>
    public SteppedClock Clock { get; } = new();

    /// <summary>What the ledger goes by.</summary>
    public SiteTime SiteTime { get; }

    public Setbacks Setbacks { get; }

    public SiteFolders Folders { get; }

    /// <summary>The volume of the surface <c>console</c>.</summary>
    public string Console => _site.Console;

    public ImageStore Store { get; }

    public SiteLedger Ledger { get; }

    public SiteAlarms Alarms { get; }

    public CatalogBook Catalog { get; }

    public CellBook Cells { get; }

    public StoreBook Files { get; }

    public LeaseBook Leases { get; }

    public AliasBook Aliases { get; }

    public DocumentBook Documents { get; }

    public StoreKeeper Keeper { get; }

    public IsoRoutes Routes { get; }

    public Doubts Doubts { get; }

    /// <summary>The image, or the first of them; it is advertised on both surfaces.</summary>
    public ImageId Id { get; }

    public CatalogImage Image => Ledger.View.Catalog.Images[Id];

    public Sha256Digest Root => Image.Value.Root;

    public StoreFile? File => Ledger.View.FileOf(Id);

    public string Path => Folders.StoreFile(Image.Value.Root);

    /// <param name="images">How many it has.</param>
    /// <param name="before">SQL that is run on the site's database before anything reads it.</param>
    /// <param name="lie">Done to the site while it is down.</param>
    public static async Task<HeldSite> OpenAsync(int images = 1, string? before = null, Action<TestSite>? lie = null)
    {
        var cancel = TestContext.Current.CancellationToken;
        var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 300_000, 1)), cancel);
        for (var i = 1; i < images; i++)
        {
            await site.AddAsync(site.Write($"debian-12-{i}.iso", IsoBuilder.InMemory("DEBIAN", 100_000, 1 + i)), cancel);
        }

        await site.StopAsync();
        if (before is not null)
        {
            Execute(System.IO.Path.Combine(site.Data, "isocatalog.db"), before);
        }

        lie?.Invoke(site);
        return new HeldSite(site, image.Id);
    }

    /// <summary>Runs SQL on the database beside the site's own connection.</summary>
    public void Execute(string sql) => Execute(Folders.Database, sql);

    public CellKey Cell(string surface) => new(Id, surface);

    public Lease Lease(string surface = "bmc") =>
        new(Guid.NewGuid().ToString("N"), Id, surface, "127.0.0.1", null, Witness.Now, Witness.Now.AddHours(1));

    /// <summary>The surfaces have taken it out of sight, where nobody holds it.</summary>
    public void OutOfSight()
    {
        foreach (var surface in new[] { "bmc", "console" })
        {
            if (!Ledger.View.IsHeldInSight(Id, Ledger.View.Surfaces.First(s => s.Name == surface)))
            {
                Cells.ChangeCell(Cell(surface), view => CellOutcome.OutOfSight(view, Cell(surface)));
            }
        }
    }

    /// <summary>What the keeper does once it has seen that the file may be retired.</summary>
    public bool Retire() => Files.TryMove(
        Root,
        view => CellPlan.MayRetire(view, Root),
        () => new StoreFile.Retired(Store.Retire(Image, ((StoreFile.Present)File!).Receipt), Witness.Now));

    public bool Forget() => Files.TryMove(Root, view => CellPlan.MayEvict(view, Root), () =>
    {
        DurableFile.Delete(Folders.RetiredFile(Root));
        return null;
    });

    private static void Execute(string database, string sql)
    {
        // It brings the library.
        SiteDatabase.Open(database).Dispose();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = database, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public async ValueTask DisposeAsync()
    {
        Routes.Dispose();
        Keeper.Dispose();
        Ledger.Dispose();
        _keys.Dispose();
        await _site.DisposeAsync();
    }
}
