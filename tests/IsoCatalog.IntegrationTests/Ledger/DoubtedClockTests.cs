using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Mounts;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>While the clock is doubted nothing is evicted, retired or ended, and what takes away or brings back is signed all the same.</summary>
public sealed class DoubtedClockTests
{
    private static readonly TimeSpan TenYears = TimeSpan.FromDays(3650);

    [Fact]
    public async Task A_clock_that_jumps_ahead_evicts_nothing_and_time_that_passed_does()
    {
        await using var site = await HeldSite.OpenAsync();
        Retire(site);
        var retired = site.Folders.RetiredFile(site.Root);
        Assert.True(System.IO.File.Exists(retired));
        var keeper = new RetiredKeeper(new LiveConfiguration(site.Configuration), site.Folders, site.Ledger, site.Files, site.SiteTime, NullLogger<RetiredKeeper>.Instance);

        site.Clock.Off = TenYears;
        keeper.Evict();
        Assert.True(System.IO.File.Exists(retired));
        Assert.NotNull(site.Ledger.Clock.Doubt);

        // Whoever looks at the clock says that it is right: it is followed, and the file is as old as that.
        site.SiteTime.Follow();
        keeper.Evict();
        Assert.False(System.IO.File.Exists(retired));
    }

    [Fact]
    public async Task A_clock_that_jumps_ahead_ends_no_lease_and_the_lease_is_as_long_as_it_was_when_the_clock_is_back()
    {
        await using var site = await HeldSite.OpenAsync();
        var now = site.SiteTime.GetUtcNow();
        var lease = new Lease("one", site.Id, "console", "a customer", null, now, now.AddMinutes(10));
        Assert.IsType<Outcome<Lease>.Done>(site.Leases.Add(lease));
        var leases = new Leases(site.Ledger, site.Leases, null!, Array.Empty<ISurface>(), site.SiteTime);

        foreach (var off in new[] { TenYears, -TenYears, TimeSpan.Zero })
        {
            site.Clock.Off = off;
            leases.Expire();
            Assert.Equal(lease, Assert.Single(site.Ledger.View.Leases).Value);
        }

        site.Clock.Off = TimeSpan.FromMinutes(11);
        site.SiteTime.Follow();
        leases.Expire();
        Assert.Empty(site.Ledger.View.Leases);
    }

    [Fact]
    public async Task Under_a_clock_that_jumped_a_removal_a_restore_and_a_recall_are_stamped_just_above_what_was_admitted_and_an_add_is_refused()
    {
        foreach (var off in new[] { TenYears, -TenYears })
        {
            await using var site = await HeldSite.OpenAsync();
            site.Clock.Off = off;
            var last = site.Ledger.View.Catalog.LastStamp!;
            var image = site.Image;
            Assert.IsType<Outcome<CatalogImage>.Done>(site.Catalog.Delete(image.Id, "tests", null));
            Assert.True(site.Image.Deleted);
            Assert.Equal((last.Ms, last.N + 1), (site.Image.Stamp.Ms, site.Image.Stamp.N));
            Assert.IsType<Outcome<CatalogImage>.Done>(site.Catalog.Restore(image.Id, "tests"));
            Assert.Equal((last.Ms, last.N + 2), (site.Image.Stamp.Ms, site.Image.Stamp.N));
            Assert.IsType<Outcome<BlockEntry>.Done>(site.Catalog.Block(image.Id, "tests", "CVE"));
            Assert.IsType<Outcome<BlockEntry>.Done>(site.Catalog.Unblock(image.Id, "tests"));
            Assert.Equal((last.Ms, last.N + 4), (site.Ledger.View.Catalog.LastStamp!.Ms, site.Ledger.View.Catalog.LastStamp.N));

            var refused = Assert.IsType<Outcome<CatalogImage>.Refused>(site.Catalog.SetMeta(image.Id, m => m with { Hidden = true }, "tests"));
            Assert.Equal(RefusalCode.ClockImplausible, refused.Refusal.Code);
            Assert.Contains("timedatectl", refused.Refusal.Message, StringComparison.Ordinal);
            refused = Assert.IsType<Outcome<CatalogImage>.Refused>(site.Catalog.Put(image.Value, AddedDescription.Nothing, replace: false, () => throw new InvalidOperationException("promoted"), () => { }, "tests"));
            Assert.Equal(RefusalCode.ClockImplausible, refused.Refusal.Code);

            site.Clock.Off = TimeSpan.Zero;
            Assert.IsType<Outcome<CatalogImage>.Done>(site.Catalog.SetMeta(image.Id, m => m with { Hidden = true }, "tests"));
        }
    }

    private static void Retire(HeldSite site)
    {
        Assert.IsType<Outcome<CatalogImage>.Done>(site.Catalog.Delete(site.Id, "tests", null));
        foreach (var surface in new[] { "bmc", "console" })
        {
            site.Cells.ChangeCell(new CellKey(site.Id, surface), view => CellOutcome.OutOfSight(view, new CellKey(site.Id, surface)));
        }

        Assert.True(site.Files.TryMove(
            site.Root,
            v => CellPlan.MayRetire(v, site.Root),
            () => new StoreFile.Retired(site.Store.Retire(site.Image, ((StoreFile.Present)site.File!).Receipt), site.SiteTime.GetUtcNow())));
    }
}
