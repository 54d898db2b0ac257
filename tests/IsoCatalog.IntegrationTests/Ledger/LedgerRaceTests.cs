using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>Two sides of a race, with the real objects: each side's last step is held until the other is done, in either order.</summary>
public sealed class LedgerRaceTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Removal_against_lease_whichever_comes_second_sees_the_first()
    {
        await using var held = await HeldSite.OpenAsync();
        var lease = held.Lease();
        Done(held.Leases.Add(lease));
        Done(held.Catalog.Delete(held.Id, "test", null));
        held.OutOfSight();
        Assert.False(held.Retire(), "a file that is leased stays");
        Assert.True(File.Exists(held.Path));
        Assert.Equal(RefusalCode.NotFound, Refused(held.Leases.Add(held.Lease())).Code);

        held.Leases.End(lease.Id, "test");
        held.OutOfSight();
        Assert.True(held.Retire());
        Assert.False(File.Exists(held.Path));
    }

    /// <summary>The file was found gone and fetched again, and meanwhile somebody had put a folder into its place.</summary>
    [Fact]
    public async Task Promotion_against_a_folder_in_the_way_the_folder_makes_way()
    {
        await using var held = await HeldSite.OpenAsync();
        var copy = Path.Combine(held.Folders.Staging, "copy");
        File.Move(held.Path, copy);
        Directory.CreateDirectory(Path.Combine(held.Path, "something"));
        var receipt = FileIdentity.Of(copy, held.Image.Value.Root, out _)!.Value;

        held.Store.Promote(copy, receipt);

        Assert.True(File.Exists(held.Path));
        Assert.True(Directory.Exists(Path.Combine(Assert.Single(Directory.GetDirectories(held.Folders.Quarantine)), "something")));
    }

    /// <summary>The same with both at once, many times: a lease that was granted has its file, from the moment that it is granted to its end.</summary>
    [Fact]
    public async Task Removal_against_lease_at_the_same_time_a_lease_that_was_granted_has_its_file()
    {
        await using var held = await HeldSite.OpenAsync();
        var granted = 0;
        for (var round = 0; round < 30; round++)
        {
            var lease = held.Lease(round % 2 == 0 ? "bmc" : "console");
            var leasing = Task.Run(() => held.Leases.Add(lease), Cancel);
            var removing = Task.Run(() => held.Catalog.Delete(held.Id, "test", null), Cancel);
            Done(await removing);
            var isHeld = await leasing is Outcome<Lease>.Done;
            held.OutOfSight();
            Assert.Equal(!isHeld, held.Retire());
            Assert.Equal(isHeld, File.Exists(held.Path));
            granted += isHeld ? 1 : 0;

            held.Leases.End(lease.Id, "test");
            held.OutOfSight();
            held.Retire();
            Done(held.Catalog.Restore(held.Id, "test"));
            Assert.True(held.Files.TryMove(
                held.Root, _ => true, () => new StoreFile.Present(held.Store.Return(held.Image, ((StoreFile.Retired)held.File!).Receipt))));
            Advertise(held, "bmc");
            Advertise(held, "console");
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{granted} of 30 leases came first.");
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("recalled")]
    [InlineData("hidden")]
    [InlineData("removed and restored")]
    public async Task Publish_against_removal_what_was_staged_before_is_not_shown_after_it(string change)
    {
        await using var held = await HeldSite.OpenAsync();
        held.Cells.ChangeCell(held.Cell("console"), _ => new Cell(CellState.Staged, TimeProvider.System.GetUtcNow()));
        var receipt = ((StoreFile.Present)held.File!).Receipt;
        switch (change)
        {
            case "recalled":
                Done(held.Catalog.Block(held.Id, "test", null));
                break;
            case "hidden":
                Done(held.Catalog.SetMeta(held.Id, meta => meta with { Hidden = true }, "test"));
                break;
            default:
                Done(held.Catalog.Delete(held.Id, "test", null));
                break;
        }

        if (change == "removed and restored")
        {
            Done(held.Catalog.Restore(held.Id, "test"));
        }

        Assert.False(Listed(held.Cells.TryAdvertise(held.Cell("console"), receipt, "debian-12.iso", together: false)));
        Assert.False(held.Ledger.View.IsAvailable(held.Id, held.Ledger.View.Surfaces[1]));
    }

    [Fact]
    public async Task Restore_against_retire_a_file_that_is_wanted_again_is_not_moved()
    {
        await using var held = await HeldSite.OpenAsync();
        Done(held.Catalog.Delete(held.Id, "test", null));
        held.OutOfSight();
        Assert.True(CellPlan.MayRetire(held.Ledger.View, held.Root), "the keeper is about to move it");
        Done(held.Catalog.Restore(held.Id, "test"));
        Assert.False(held.Retire());
        Assert.IsType<StoreFile.Present>(held.File);
        Assert.True(File.Exists(held.Path));
    }

    [Fact]
    public async Task Restore_against_eviction_a_file_that_is_wanted_again_is_not_deleted()
    {
        await using var held = await HeldSite.OpenAsync();
        Done(held.Catalog.Delete(held.Id, "test", null));
        held.OutOfSight();
        Assert.True(held.Retire());
        Done(held.Catalog.Restore(held.Id, "test"));
        Assert.False(held.Forget());
        Assert.True(File.Exists(held.Folders.RetiredFile(held.Image.Value.Root)));

        Done(held.Catalog.Delete(held.Id, "test", null));
        Assert.True(held.Forget());
        Assert.Equal(RefusalCode.NotRestorable, Refused(held.Catalog.Restore(held.Id, "test")).Code);
    }

    [Fact]
    public async Task A_recall_against_a_restore_whichever_comes_second_sees_the_first()
    {
        await using var held = await HeldSite.OpenAsync();
        Done(held.Catalog.Delete(held.Id, "test", null));
        Done(held.Catalog.Block(held.Id, "test", "hole"));
        Assert.Equal(RefusalCode.Blocked, Refused(held.Catalog.Restore(held.Id, "test")).Code);
        Done(held.Catalog.Unblock(held.Id, "test"));
        Done(held.Catalog.Restore(held.Id, "test"));
        Done(held.Catalog.Block(held.Id, "test", "hole"));
        Assert.False(held.Ledger.View.IsWanted(held.Id));
    }

    /// <summary>Reading takes minutes: what was read before somebody added the image again says nothing about the new file.</summary>
    [Fact]
    public async Task What_a_reading_found_is_no_news_about_a_file_that_was_added_meanwhile()
    {
        await using var held = await HeldSite.OpenAsync();
        var (image, path, bytes) = (held.Image, held.Path, await File.ReadAllBytesAsync(held.Path, Cancel));
        File.Delete(path);
        held.Files.Set(held.Root, null);
        await File.WriteAllBytesAsync(path, new byte[bytes.Length], Cancel);
        var read = ImageStore.Read(path, image.Value.Root, null, Cancel);
        Assert.IsType<StoreRead.Wrong>(read);

        var staging = held.Folders.NewStagingFile();
        await File.WriteAllBytesAsync(staging, bytes, Cancel);
        var right = Assert.IsType<StoreRead.Right>(ImageStore.Read(staging, image.Value.Root, null, Cancel));
        Done(held.Catalog.Put(image.Value, AddedDescription.Nothing, replace: false, () => held.Store.Promote(staging, right.Receipt), () => Assert.Fail("It is taken."), "test"));

        Assert.True(held.Keeper.Conclude(image, path, null, read));
        Assert.IsType<StoreFile.Present>(held.File);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(path, Cancel));
        Assert.Empty(Directory.GetFiles(held.Folders.Quarantine));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_read_counts_only_for_the_file_as_it_is_at_the_end(bool replaced)
    {
        await using var held = await HeldSite.OpenAsync();
        var (image, path) = (held.Image, held.Path);
        Assert.True(held.Files.TryDoubt(held.Root, _ => true, "test"));
        var doubted = held.File;
        var read = ImageStore.Read(path, image.Value.Root, null, Cancel);
        Assert.IsType<StoreRead.Right>(read);
        if (replaced)
        {
            await File.WriteAllBytesAsync(path + ".other", new byte[image.Value.Size], Cancel);
            File.Move(path + ".other", path, overwrite: true);
        }
        else
        {
            DurableFile.TryHardLink(path, path + ".name");
            File.Delete(path + ".name");
        }

        Assert.False(held.Keeper.Conclude(image, path, doubted, read), "it is to be read again");
        Assert.IsType<StoreFile.Doubted>(held.File);
        Assert.True(held.Keeper.Conclude(image, path, doubted, ImageStore.Read(path, image.Value.Root, null, Cancel)));
        Assert.Equal(!replaced, held.File is StoreFile.Present);
        Assert.Equal(replaced ? 1 : 0, Directory.GetFiles(held.Folders.Quarantine).Length);
    }

    [Fact]
    public async Task A_reading_that_ends_after_the_removal_leaves_a_file_that_can_be_retired_and_restored()
    {
        await using var held = await HeldSite.OpenAsync();
        var (image, path) = (held.Image, held.Path);
        Assert.True(held.Files.TryDoubt(held.Root, _ => true, "test"));
        var doubted = held.File;
        var read = ImageStore.Read(path, image.Value.Root, null, Cancel);
        Done(held.Catalog.Delete(held.Id, "test", null));
        held.OutOfSight();
        Assert.False(held.Retire(), "a file in doubt is not moved");
        Assert.True(held.Keeper.Conclude(image, path, doubted, read));
        Assert.True(held.Retire());
        Done(held.Catalog.Restore(held.Id, "test"));
    }

    /// <summary>Of bytes that changed while they were read nothing is known: neither that they are right, nor that they are wrong.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_file_that_changes_each_time_it_is_read_is_drift_after_three_times_and_never_set_aside(bool wrong)
    {
        await using var held = await HeldSite.OpenAsync();
        var (image, path) = (held.Image, held.Path);
        held.Doubts.AboutStore(held.Root, "It was touched.");
        var since = Assert.IsType<StoreFile.Doubted>(held.File).Since;
        foreach (var code in new[] { "store-doubted", "store-doubted", ReasonCode.StoreRestless, ReasonCode.StoreRestless })
        {
            var read = ImageStore.Read(path, wrong ? default : held.Root, new Touch(path), Cancel);
            Assert.IsType<StoreRead.Undecided>(read);
            Assert.True(held.Keeper.Conclude(image, path, held.File, read));
            var doubted = Assert.IsType<StoreFile.Doubted>(held.File);
            Assert.Equal((code, since), (doubted.Code, doubted.Since));
            Assert.Contains("changed while it was read", doubted.Reason, StringComparison.Ordinal);
        }

        Assert.True(File.Exists(path));
        Assert.Empty(Directory.GetFiles(held.Folders.Quarantine));
        Assert.True(held.Ledger.View.IsAvailable(held.Id, held.Ledger.View.Surfaces[1]), "a copy has nothing to do with it");
        Assert.True(held.Keeper.Conclude(image, path, held.File, ImageStore.Read(path, held.Root, null, Cancel)));
        Assert.IsType<StoreFile.Present>(held.File);
    }

    /// <summary>It would see half of its own change; a mistake of ours, which a test is to meet and not a site.</summary>
    [Fact]
    public async Task Whoever_has_the_turn_takes_no_second_one()
    {
        await using var held = await HeldSite.OpenAsync();
        var lease = held.Lease();
        Done(held.Leases.Add(lease));
        TakeTwice();
        Assert.Equal(lease, held.Leases.End(lease.Id, "test"));

        void TakeTwice()
        {
            using var turn = held.Ledger.Take();
            Assert.Throws<InvalidOperationException>(() => held.Leases.End(lease.Id, "test"));
            Assert.Single(turn.View.Leases);
        }
    }

    /// <summary>What else happened to the inode meanwhile was our own doing, and says nothing of a name that is gone or leads elsewhere.</summary>
    [Theory]
    [InlineData("it stands there")]
    [InlineData("gone")]
    [InlineData("replaced")]
    public async Task A_link_of_ours_against_a_name_that_somebody_takes_away_the_name_leaves_the_list(string name)
    {
        await using var held = await HeldSite.OpenAsync();
        var other = Path.Combine(held.Folders.Staging, "other");
        await File.WriteAllTextAsync(other, "other bytes", Cancel);
        using (held.Doubts.ExpectLinkChange(held.Root))
        {
            Assert.True(DurableFile.TryHardLink(held.Path, Path.Combine(held.Folders.Staging, "link")));
            Look();
        }

        Look();
        Assert.Equal(name == "it stands there", held.Ledger.View.CellOf(held.Id, "bmc") is { State: CellState.Advertised });
        Assert.IsType<StoreFile.Present>(held.File);

        void Look()
        {
            var seen = held.Ledger.View.CellOf(held.Id, "bmc")!;
            var found = name == "gone" ? (Receipt?)null : FileIdentity.Of(name == "replaced" ? other : held.Path, seen.Evidence!.Root);
            held.Doubts.AboutPublished(held.Id, "bmc", seen, found, name == "gone" ? ReasonCode.FileMissing : ReasonCode.FileChanged, "test");
        }
    }

    private sealed class Touch(string path) : IProgress<long>
    {
        public void Report(long value) => File.SetLastWriteTimeUtc(path, TimeProvider.System.GetUtcNow().UtcDateTime);
    }

    private static void Advertise(HeldSite held, string surface)
    {
        held.Cells.ChangeCell(held.Cell(surface), _ => new Cell(CellState.Staged, TimeProvider.System.GetUtcNow()));
        Assert.True(Listed(held.Cells.TryAdvertise(held.Cell(surface), ((StoreFile.Present)held.File!).Receipt, "debian-12.iso", together: false)));
    }

    private static bool Listed(Outcome<bool> outcome) => Assert.IsType<Outcome<bool>.Done>(outcome).Value;

    private static void Done<T>(Outcome<T> outcome) => Assert.True(outcome is Outcome<T>.Done, (outcome as Outcome<T>.Refused)?.Refusal.Message);

    private static Refusal Refused<T>(Outcome<T> outcome) => Assert.IsType<Outcome<T>.Refused>(outcome).Refusal;
}
