using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Ledger;
using IsoCatalog.Surfaces.ConsoleVolume;
using IsoCatalog.Swarm;
using IsoCatalog.Testing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Upkeep;

/// <summary>
/// Everything that follows the ledger has four things to do, and the first of them fails: the other three are done at once, the first is drift once it has lasted,
/// and is done when its reason is gone, though nothing changes in the ledger.
/// </summary>
public sealed class OneFailingImageTests
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_removed_image_that_cannot_be_moved_to_retired_holds_up_no_other()
    {
        await using var held = await HeldSite.OpenAsync(images: 4);
        var images = Removed(held);
        var blocked = held.Folders.RetiredFile(images[0].Value.Root);
        Directory.CreateDirectory(Path.Combine(blocked, "somebody's"));

        await FailsAndComesBackAsync(
            held, held.Keeper, images, image => held.Ledger.View.FileOf(image.Id) is StoreFile.Retired, () => Directory.Delete(blocked, recursive: true));
        Assert.All(images, i => Assert.True(File.Exists(held.Folders.RetiredFile(i.Value.Root))));
    }

    [Fact]
    public async Task An_image_whose_SHA_256_cannot_be_confirmed_holds_up_no_other()
    {
        await using var held = await HeldSite.OpenAsync(images: 4, before: "DELETE FROM computed");
        var view = held.Ledger.View;
        var images = view.Store.Keys.Select(root => view.ImagesOf(root).Single()).ToList();
        var mend = Break(held.Folders.StoreFile(images[0].Value.Root));
        using var confirmation = new Confirmation(
            held.Ledger, held.Files, held.Store, new EventLog(held.Time), held.Setbacks, held.Time, NullLogger<Confirmation>.Instance);

        await FailsAndComesBackAsync(held, confirmation, images, image => held.Ledger.View.IsConfirmed(image.Id), mend);
    }

    [Fact]
    public async Task An_image_that_cannot_be_seeded_holds_up_no_other()
    {
        await using var held = await HeldSite.OpenAsync(images: 4);
        await using var swarm = new SwarmEngine(new SwarmOptions(), TimeProvider.System);
        var view = held.Ledger.View;
        var images = view.Store.Keys.Select(root => view.ImagesOf(root).Single()).ToList();
        var mend = Break(held.Folders.StoreFile(images[0].Value.Root));
        var torrents = new TorrentSource(held.Ledger, held.Folders, exchange: null!, NullLogger<TorrentSource>.Instance);
        using var seeding = new Seeding(held.Ledger, held.Store, swarm, torrents, held.Setbacks, held.Time, NullLogger<Seeding>.Instance);

        // The engine keeps what it serves open.
        await FailsAndComesBackAsync(held, seeding, images, image => IsOpen(held.Folders.StoreFile(image.Value.Root)), mend);
    }

    /// <summary>Its name breaks the rule for aliases, so no document takes it; nothing mends that but taking it back.</summary>
    [Fact]
    public async Task A_move_of_an_alias_that_cannot_be_signed_holds_up_no_other()
    {
        const string Refused = "no name!";
        await using var held = await HeldSite.OpenAsync(images: 4);
        var images = held.Ledger.View.Catalog.Live.ToList();
        string[] aliases = [Refused, "one", "two", "three"];
        images.ForEach(i => held.Cells.ChangeCell(new CellKey(i.Id, "console"), _ => null));
        foreach (var (alias, image) in aliases.Zip(images))
        {
            Assert.NotNull(Assert.IsType<Outcome<AliasChange>.Done>(held.Aliases.Set(alias, image.Id, null, "test")).Value.Waiting);
        }

        foreach (var image in images)
        {
            var key = new CellKey(image.Id, "console");
            held.Cells.ChangeCell(key, _ => new Cell(CellState.Staged, held.Time.GetUtcNow()));
            Assert.IsType<Outcome<bool>.Done>(
                held.Cells.TryAdvertise(key, ((StoreFile.Present)held.Ledger.View.FileOf(image)!).Receipt, image.FileName, together: false));
        }

        using var mover = new AliasMover(held.Ledger.Fleet.Site, held.Ledger, held.Aliases, held.Setbacks, held.Time, NullLogger<AliasMover>.Instance);
        await mover.StartAsync(Cancel);
        await UntilAsync(() => aliases.Skip(1).All(held.Ledger.View.Catalog.Aliases.ContainsKey));
        await UntilAsync(() => held.Ledger.View.AliasMoves.Keys.SequenceEqual([Refused]));
        await InTimeAsync(held, () => held.Setbacks.Lasting.Any());
        Assert.Equal(images[0].Id, Assert.Single(held.Setbacks.Lasting).Image);

        Assert.IsType<Outcome<AliasChange>.Done>(held.Aliases.Remove(Refused, "test"));
        await UntilAsync(() => !held.Setbacks.Lasting.Any());
        await mover.StopAsync(Cancel);
    }

    [Fact]
    public async Task An_image_that_cannot_be_put_into_the_list_holds_up_no_other_and_says_so_in_its_cell()
    {
        await using var held = await HeldSite.OpenAsync(images: 4);
        Directory.Delete(held.Console, recursive: true);
        Directory.CreateDirectory(held.Console);
        await using var volume = new ConsoleVolumeSurface(
            new ConsoleVolumeOptions("console", "console", held.Console, "/isos", ReadOnly: false, TimeSpan.FromSeconds(10)), null, (_, _) => Task.CompletedTask);
        await volume.CheckAsync(Cancel);
        using var publisher = new SurfacePublisher(
            volume, held.Ledger, held.Cells, held.Store, held.Doubts, together: false, held.Setbacks, held.Time, NullLogger<SurfacePublisher>.Instance);
        var images = held.Ledger.View.Cells.Keys.Where(k => k.Surface == "console").Select(k => held.Ledger.View.Catalog.Images[k.Image]).ToList();
        images.ForEach(i => held.Cells.ChangeCell(new CellKey(i.Id, "console"), _ => new Cell(CellState.Absent, held.Time.GetUtcNow())));
        held.Execute(
            $"CREATE TRIGGER fault BEFORE INSERT ON cell WHEN NEW.image = '{images[0].Id}' AND NEW.state = 'Advertised' BEGIN SELECT RAISE(ABORT, 'a fault'); END");

        await publisher.StartAsync(Cancel);
        await UntilAsync(() => images.Skip(1).All(IsListed));
        await UntilAsync(() => CellDrift.Of(held.Ledger.View).Any(d => d.Image == images[0].Id && d.Reason.Contains("a fault", StringComparison.Ordinal)));
        Assert.False(IsListed(images[0]));

        held.Execute("DROP TRIGGER fault");
        await InTimeAsync(held, () => IsListed(images[0]));
        await publisher.StopAsync(Cancel);

        bool IsListed(CatalogImage image) => held.Ledger.View.IsAvailable(image.Id, held.Ledger.View.Surfaces[1]);
    }

    /// <param name="images">In the order in which the service comes to them; the first one fails.</param>
    private static async Task FailsAndComesBackAsync(
        HeldSite held, BackgroundService service, List<CatalogImage> images, Func<CatalogImage, bool> isDone, Action mend)
    {
        Assert.Equal(4, images.Count);
        await service.StartAsync(Cancel);
        await UntilAsync(() => images.Skip(1).All(isDone));
        Assert.False(isDone(images[0]));
        Assert.Empty(held.Setbacks.Lasting);

        await InTimeAsync(held, () => held.Setbacks.Lasting.Any());
        Assert.Equal(images[0].Id, Assert.Single(held.Setbacks.Lasting).Image);

        var before = held.Ledger.View;
        mend();
        Assert.Same(before, held.Ledger.View);
        await InTimeAsync(held, () => isDone(images[0]));
        await UntilAsync(() => !held.Setbacks.Lasting.Any());
        await service.StopAsync(Cancel);
    }

    private static List<CatalogImage> Removed(HeldSite held)
    {
        foreach (var id in held.Ledger.View.Catalog.Images.Keys)
        {
            Assert.IsType<Outcome<CatalogImage>.Done>(held.Catalog.Delete(id, "test", null));
            foreach (var key in held.Ledger.View.Surfaces.Select(s => new CellKey(id, s.Name)))
            {
                held.Cells.ChangeCell(key, view => CellOutcome.OutOfSight(view, key));
            }
        }

        return [.. held.Ledger.View.Catalog.Images.Values];
    }

    /// <summary>A folder in the place of a file, which stays the same file until it is put back.</summary>
    private static Action Break(string path)
    {
        File.Move(path, path + ".away");
        Directory.CreateDirectory(path);
        return () =>
        {
            Directory.Delete(path);
            File.Move(path + ".away", path);
        };
    }

    private static bool IsOpen(string path) => Directory.EnumerateFiles("/proc/self/fd").Any(fd => new FileInfo(fd).LinkTarget == path);

    /// <summary>The clock goes on and nothing else happens; a try that was under way when it was moved is put off from then.</summary>
    private static Task InTimeAsync(HeldSite held, Func<bool> holds) => UntilAsync(() =>
    {
        held.Time.Advance(LongestRetry);
        return holds();
    });

    private static Task UntilAsync(Func<bool> holds) => TestSite.EventuallyAsync(() => Task.FromResult(holds()), Cancel);
}
