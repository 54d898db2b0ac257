using System.Security.Cryptography;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>
/// Two entries name one root: a good image, and one that nobody has. The site has computed neither, as one that only fetched the bytes, so it cannot know which lies.
/// The file belongs to both, deleted or not.
/// </summary>
public sealed class SharedRootTests
{
    private static readonly Sha256Digest Invented = new(SHA256.HashData("nobody has such bytes"u8));

    private static readonly ImageId Liar = new(Invented);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("signed as removed")]
    [InlineData("signed as added, and removed by an operator")]
    public async Task A_false_claim_that_is_removed_takes_nothing_with_it_and_schedules_nothing(string how)
    {
        await using var held = await OpenAsync(deleted: how == "signed as removed");
        if (how != "signed as removed")
        {
            Done(held.Catalog.Delete(Liar, "test", null));
        }

        held.OutOfSight();
        await KeepAsync(held);

        Assert.True(File.Exists(held.Path));
        Assert.IsType<StoreFile.Present>(held.File);
        Assert.False(CellPlan.MayRetire(held.Ledger.View, held.Root));
        Assert.Empty(Retired(held).List());
        Assert.Contains(held.Ledger.View.ImagesOf(held.Root), i => i.Id == Liar && i.Deleted);

        // The good one is live: what was claimed of its bytes is no reason to look for them elsewhere.
        Assert.DoesNotContain(held.Ledger.View.Store.Values, f => f is StoreFile.Lost or StoreFile.Retired);
    }

    [Fact]
    public async Task The_good_one_can_be_removed_and_restored_while_the_false_one_stands()
    {
        await using var held = await OpenAsync(deleted: false);
        Done(held.Catalog.Delete(held.Id, "test", null));
        held.OutOfSight();
        await KeepAsync(held);
        Assert.True(File.Exists(held.Path), "as long as an entry that names it is live, the file stays");
        Done(held.Catalog.Restore(held.Id, "test"));
        Assert.IsType<StoreFile.Present>(held.File);
    }

    /// <summary>Both are gone, the file is retired, and whichever of the two is restored brings it back, for the other too.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_retired_under_two_ids_comes_back_by_either_and_is_evicted_by_none_meanwhile(bool good)
    {
        await using var held = await OpenAsync(deleted: true);
        Done(held.Catalog.Delete(held.Id, "test", null));
        held.OutOfSight();
        await KeepAsync(held);
        Assert.IsType<StoreFile.Retired>(held.File);
        Assert.False(File.Exists(held.Path));

        Done(held.Catalog.Restore(good ? held.Id : Liar, "test"));
        Retired(held, keep: TimeSpan.Zero).Evict();
        await KeepAsync(held);

        Assert.True(File.Exists(held.Path));
        Assert.IsType<StoreFile.Present>(held.File);
        if (!good)
        {
            Done(held.Catalog.Restore(held.Id, "test"));
            Assert.IsType<StoreFile.Present>(held.File);
        }
    }

    /// <summary>It threw at the second entry and heard nothing from then on; here nobody else looks.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_watch_on_the_store_goes_on(bool deleted)
    {
        await using var held = await OpenAsync(deleted);
        Assert.Equal(2, held.Ledger.View.ImagesOf(held.Root).Count());
        var events = new EventLog(TimeProvider.System);
        var unwatched = new UnwatchedFolders(new SiteAlarms(events, TimeProvider.System));
        using var sentry = new FileSentry(held.Ledger, held.Store, held.Doubts, [], events, unwatched, held.Setbacks, TimeProvider.System, NullLogger<FileSentry>.Instance);
        await sentry.StartAsync(Cancel);
        for (var time = 0; time < 2; time++)
        {
            var trusted = Assert.IsType<StoreFile.Present>(held.File);
            File.SetLastWriteTimeUtc(held.Path, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1 - time));
            await TestSite.EventuallyAsync(() => Task.FromResult(held.File is StoreFile.Doubted), Cancel, seconds: 2);
            await KeepAsync(held);
            Assert.NotEqual(trusted, Assert.IsType<StoreFile.Present>(held.File));
        }

        await sentry.StopAsync(Cancel);
    }

    private static RetiredKeeper Retired(HeldSite held, TimeSpan? keep = null)
    {
        var configuration = held.Configuration;
        return new RetiredKeeper(
            new LiveConfiguration(configuration with { Retired = configuration.Retired with { Keep = keep ?? configuration.Retired.Keep } }),
            held.Folders,
            held.Ledger,
            held.Files,
            TimeProvider.System,
            NullLogger<RetiredKeeper>.Instance);
    }

    /// <summary>Lets the keeper do all that there is to do.</summary>
    /// <summary>A folder of the store is a link to itself: not even stat says anything.</summary>
    [Fact]
    public async Task A_file_that_cannot_be_looked_at_is_doubted_and_keeps_no_other_from_being_looked_at()
    {
        await using var held = await HeldSite.OpenAsync(images: 3);
        var files = held.Ledger.View.Store.Keys.ToDictionary(r => r, held.Folders.StoreFile);
        var hidden = files.Keys.First();
        foreach (var touched in files.Where(f => Path.GetDirectoryName(f.Value) != Path.GetDirectoryName(files[hidden])))
        {
            File.SetLastWriteTimeUtc(touched.Value, TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(-1));
        }

        var folder = Path.GetDirectoryName(files[hidden])!;
        Directory.Move(folder, folder + ".away");
        Directory.CreateSymbolicLink(folder, folder);

        held.Doubts.StatStore(Cancel);

        Assert.All(files.Keys, r => Assert.IsType<StoreFile.Doubted>(held.Ledger.View.Store[r]));
        File.Delete(folder);
        Directory.Move(folder + ".away", folder);
    }

    /// <summary>Touched after it was removed, by a backup say: it was read by nobody until the next start, and could not be restored.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_removed_and_is_doubted_is_read_too(bool damaged)
    {
        await using var held = await HeldSite.OpenAsync();
        Assert.IsType<Outcome<CatalogImage>.Done>(held.Catalog.Delete(held.Id, "tests", null));
        if (damaged)
        {
            File.SetUnixFileMode(held.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.AppendAllTextAsync(held.Path, "more", Cancel);
        }

        held.Doubts.AboutStore(held.Root, "It was touched.");
        Assert.IsType<StoreFile.Doubted>(held.File);
        held.OutOfSight();

        await KeepAsync(held);

        Assert.Equal(damaged, held.File is null);
        Assert.True(damaged || held.File is StoreFile.Retired);
    }

    private static async Task KeepAsync(HeldSite held)
    {
        await held.Keeper.StartAsync(Cancel);
        await TestSite.EventuallyAsync(
            () => Task.FromResult(held.File is not StoreFile.Doubted
                && (held.File is not StoreFile.Retired || held.Ledger.View.ImagesOf(held.Root).All(i => i.Deleted))
                && !CellPlan.MayRetire(held.Ledger.View, held.Root)),
            Cancel);
        await held.Keeper.StopAsync(Cancel);
    }

    private static Task<HeldSite> OpenAsync(bool deleted) => HeldSite.OpenAsync(before: "DELETE FROM computed", lie: site =>
    {
        var liar = new SiteInHand(site);
        var good = SiteInHand.Read(site).View.Images.Values.Single().Value;
        var claim = good with { Sha256 = Invented, FileName = "invented.iso" };
        if (deleted)
        {
            liar.SignRemoval(claim);
        }
        else
        {
            liar.Sign(claim);
        }
    });

    private static void Done<T>(Outcome<T> outcome) => Assert.True(outcome is Outcome<T>.Done, (outcome as Outcome<T>.Refused)?.Refusal.Message);
}
