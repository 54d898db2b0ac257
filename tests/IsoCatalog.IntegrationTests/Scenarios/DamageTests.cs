using System.Runtime.InteropServices;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Somebody lays hands on the files of a running site, or of one that is down.</summary>
public sealed partial class DamageTests
{
    private const int CurrentFolder = -100;
    private const uint ExchangeNames = 2;
    private const int Size = 3 << 20;

    /// <summary>The periodic check is far too slow to be what noticed anything within two seconds.</summary>
    private static readonly TestSiteOptions Watching = new()
    {
        Surfaces =
            """
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
              - { name: console, kind: volume, path: "{root}/console", check: 5s }
            """,
    };

    private static readonly TestSiteOptions Linked = new()
    {
        Surfaces =
            """
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
              - { name: console, kind: volume, path: "{root}/console", check: 5s, readOnly: true }
            """,
        Extra = "store: { floor: 1MiB }\noffer: asap",
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("deleted")]
    [InlineData("truncated")]
    [InlineData("replaced")]
    [InlineData("renamed away")]
    [InlineData("edited in place")]
    [InlineData("appended")]
    [InlineData("made writable")]
    [InlineData("touched")]
    [InlineData("a dangling link")]
    [InlineData("a folder")]
    [InlineData("given to somebody else")]
    public async Task A_published_file_that_is_damaged_leaves_the_list_within_two_seconds_and_comes_back_whole(string damage)
    {
        await using var site = await Scenario.StartAsync(Watching);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var published = Path.Combine(site.Console, image.Name);

        // As long as it is open, its inode's number cannot be given to another file.
        using var held = File.OpenHandle(published, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var inode = FileIdentity.Of(held, default).Inode;

        var before = Witness.Now;
        await DamageAsync(published, damage);
        var left = await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, Witness.Now);
        Assert.Equal(damage is "deleted" or "renamed away" ? ReasonCode.FileMissing : ReasonCode.FileChanged, left.Code);
        await TestSite.EventuallyAsync(
            async () => (await witness.EventsAsync()).Any(e => e.Type == "drift" && e.Code == left.Code && e.Surface == "console" && e.Image == image.Id), Cancel);
        Assert.Equal(1, await witness.MetricAsync($$"""isocatalog_drift_found_total{code="{{left.Code}}",surface="console"}"""));

        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.NotEqual(inode, FileIdentity.Of(published, default)!.Value.Inode);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(published, Cancel));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(site.StoreFile(image), Cancel));
        Assert.Empty(await witness.LeftAsync(image.Id, "bmc", before));
    }

    [Fact]
    public async Task A_foreign_file_in_the_place_of_a_published_one_is_kept_aside_and_reported()
    {
        await using var site = await Scenario.StartAsync(Watching);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        var foreign = IsoBuilder.InMemory("EVIL", Size, 666);
        var before = Witness.Now;
        File.Move(site.Write("other.bin", foreign), Path.Combine(site.Console, image.Name), overwrite: true);
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, Witness.Now);
        await witness.ListedAsync(image.Id, "console");

        var kept = Assert.Single(Directory.GetFiles(Path.Combine(site.Console, ".isocatalog", "foreign")));
        Assert.Equal(foreign, await File.ReadAllBytesAsync(kept, Cancel));
        Assert.Equal("console", (await witness.DriftAsync("foreign-file", kept)).Surface);
    }

    [Fact]
    public async Task A_store_file_that_is_edited_withdraws_everywhere_and_the_same_bytes_bring_it_back()
    {
        await using var site = await Scenario.StartAsync(Watching);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 1);
        var source = site.Write("debian-12.iso", bytes);
        var image = await site.AddAsync(source, Cancel);
        var (bmc, console) = (await witness.ETagAsync("bmc"), await witness.ETagAsync("console"));
        var before = Witness.Now;
        await DamageAsync(site.StoreFile(image), "edited in place");
        var after = Witness.Now;

        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, after);
        await LostAsync(site, witness, image, ReasonCode.StoreDamaged);
        Assert.NotEqual(bmc, await witness.ETagAsync("bmc"));
        Assert.NotEqual(console, await witness.ETagAsync("console"));
        await TestSite.EventuallyAsync(() => Task.FromResult(Directory.GetFiles(Path.Combine(site.Data, "quarantine")).Length == 1), Cancel);
        var aside = Assert.Single(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));
        Assert.NotEqual(bytes, await File.ReadAllBytesAsync(aside, Cancel));
        Assert.False(File.Exists(site.StoreFile(image)));

        Assert.Equal(image.Id, (await site.AddAsync(source, Cancel)).Id);
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Console, image.Name), Cancel));
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    [Fact]
    public async Task A_store_file_that_is_deleted_withdraws_everywhere_and_the_same_bytes_bring_it_back()
    {
        await using var site = await Scenario.StartAsync(Watching);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 1);
        var source = site.Write("debian-12.iso", bytes);
        var image = await site.AddAsync(source, Cancel);
        var before = Witness.Now;
        File.Delete(site.StoreFile(image));
        var after = Witness.Now;

        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, after);
        await LostAsync(site, witness, image, ReasonCode.StoreMissing);
        Assert.Equal(image.Id, (await site.AddAsync(source, Cancel)).Id);
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    [Fact]
    public async Task A_store_file_that_is_only_touched_is_read_again_and_comes_back_by_itself()
    {
        await using var site = await Scenario.StartAsync(Watching);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var before = Witness.Now;
        await DamageAsync(site.StoreFile(image), "touched");
        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));

        // The copy on the volume has nothing to do with the store's inode.
        Assert.Empty(await witness.LeftAsync(image.Id, "console", before));
    }

    [Fact]
    public async Task A_volume_that_is_moved_away_lists_nothing_its_shadow_stays_empty_and_back_it_is_listed_and_watched()
    {
        await using var site = await Scenario.StartAsync(Watching);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        var away = Path.Combine(site.Root, "away");
        Directory.Move(site.Console, away);
        Directory.CreateDirectory(site.Console);
        await witness.DriftAsync(ReasonCode.SurfaceMissing, site.Console);
        await TestSite.EventuallyAsync(async () => !await site.ListsAsync("console", image.Id, Cancel), Cancel);

        // An add that ends meanwhile must not go to the empty mount point either.
        var second = await site.Client.UploadImageAsync(
            new MemoryStream(IsoBuilder.InMemory("SECOND", Size, 2)), "second.iso", null, null, null, Cancel);
        Assert.False(await site.ListsAsync("console", second.Id, Cancel));
        Assert.Empty(Directory.GetFileSystemEntries(site.Console));
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));

        Directory.Delete(site.Console);
        Directory.Move(away, site.Console);
        await witness.ListedAsync(image.Id, "bmc", "console");
        await witness.ListedAsync(second.Id, "bmc", "console");

        var before = Witness.Now;
        File.Delete(Path.Combine(site.Console, image.Name));
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, Witness.Now);
        await witness.ListedAsync(image.Id, "console");
    }

    /// <summary>With <c>umount -l</c> the file system lives on as long as somebody reads a file of it, so the kernel says nothing yet.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_volume_that_is_unmounted_lists_nothing_and_nothing_is_written_under_its_mount_point(bool lazily)
    {
        await using var volume = await MountedFolder.TmpfsAsync("64m");
        await using var site = await Scenario.StartAsync(new TestSiteOptions
        {
            Surfaces =
                $$"""
                  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
                  - { name: console, kind: volume, path: "{{volume.Path}}", check: 1s }
                """,
        });
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        using var held = lazily ? File.OpenHandle(Path.Combine(volume.Path, image.Name)) : null;
        await volume.UnmountAsync(lazily);
        await witness.DriftAsync(ReasonCode.SurfaceMissing, volume.Path);
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.Equal(0, await witness.MetricAsync("""isocatalog_surface_up{surface="console"}"""));
        Assert.Equal(1, await witness.MetricAsync("""isocatalog_drift{code="surface-missing",surface="console"}"""));
        Assert.Contains(await witness.EventsAsync(), e => e is { Type: "drift", Surface: "console", Code: ReasonCode.SurfaceMissing });
        var second = await site.Client.UploadImageAsync(
            new MemoryStream(IsoBuilder.InMemory("SECOND", Size, 2)), "second.iso", null, null, null, Cancel);
        Assert.Equal("present", second.Store.State);
        Assert.Empty(Directory.GetFileSystemEntries(volume.Path));
    }

    [Fact]
    public async Task A_read_only_volume_shows_the_stores_own_inode_and_publishing_there_never_disturbs_the_bmcs()
    {
        await using var site = await Scenario.StartAsync(Linked with { Surfaces = """  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }""" });
        using var witness = new Witness(site);
        var first = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        await site.StopAsync();
        var text = await File.ReadAllTextAsync(site.ConfigurationPath, Cancel);
        await File.WriteAllTextAsync(
            site.ConfigurationPath,
            text.TrimEnd() + $"\n  - {{ name: console, kind: volume, path: \"{site.Console}\", check: 1s, readOnly: true }}\n",
            Cancel);
        Directory.CreateDirectory(site.Console);
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", first.Id, Cancel));
        await witness.ListedAsync(first.Id, "console");

        // Each of these is on the list of the BMCs before it is linked into the volume.
        for (var seed = 2; seed < 8; seed++)
        {
            var image = await site.AddAsync(site.Write($"image-{seed}.iso", IsoBuilder.InMemory("MORE", Size, seed)), Cancel);
            Assert.Equal(
                FileIdentity.Of(site.StoreFile(image), default)!.Value.Inode,
                FileIdentity.Of(Path.Combine(site.Console, image.Name), default)!.Value.Inode);
        }

        var removed = await site.Client.RemoveImageAsync("image-7.iso", null, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(site.Console, "image-7.iso"))), Cancel);
        var events = await witness.EventsAsync();
        Assert.Contains(events, e => e.Surface == "console" && e.Text.Contains("is available", StringComparison.Ordinal));
        Assert.DoesNotContain(events, e => e.Image != removed.Id && e.Text.Contains("is not available", StringComparison.Ordinal));
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    [Fact]
    public async Task An_edit_through_a_name_that_shares_the_stores_inode_quarantines_every_cell()
    {
        await using var site = await Scenario.StartAsync(Linked);
        using var witness = new Witness(site);
        var source = site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1));
        var image = await site.AddAsync(source, Cancel);
        var before = Witness.Now;
        await DamageAsync(Path.Combine(site.Console, image.Name), "edited in place");
        var after = Witness.Now;
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, after);
        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, after);
        await LostAsync(site, witness, image, ReasonCode.StoreDamaged);

        await site.AddAsync(source, Cancel);
        Assert.Equal(await File.ReadAllBytesAsync(source, Cancel), await witness.ServedAsync(image.Id));
        Assert.Equal(await File.ReadAllBytesAsync(source, Cancel), await File.ReadAllBytesAsync(Path.Combine(site.Console, image.Name), Cancel));
    }

    /// <summary>The name on the volume is taken away while the store's file is read: its ctime moves, and that is no damage.</summary>
    [Fact]
    public async Task A_shared_inode_that_is_only_touched_is_never_set_aside_and_comes_back_by_itself()
    {
        await using var site = await Scenario.StartAsync(Linked);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 20 * Size, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var before = Witness.Now;
        await DamageAsync(Path.Combine(site.Console, image.Name), "touched");
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, Witness.Now);
        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    [Fact]
    public async Task What_was_damaged_while_the_site_was_down_is_not_in_its_first_answer()
    {
        await using var site = await Scenario.StartAsync(Watching);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("ONE", Size, 1);
        var copy = await site.AddAsync(site.Write("one.iso", bytes), Cancel);
        var store = await site.AddAsync(site.Write("two.iso", IsoBuilder.InMemory("TWO", Size, 2)), Cancel);
        var whole = await site.AddAsync(site.Write("three.iso", IsoBuilder.InMemory("THREE", Size, 3)), Cancel);
        await site.StopAsync();
        await DamageAsync(Path.Combine(site.Console, copy.Name), "edited in place");
        await DamageAsync(site.StoreFile(store), "edited in place");

        var before = Witness.Now;
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("console", whole.Id, Cancel));
        Assert.True(await site.ListsAsync("bmc", copy.Id, Cancel));
        Assert.False(await site.ListsAsync("bmc", store.Id, Cancel));
        await witness.ListedAsync(copy.Id, "console");
        Assert.NotEmpty(await witness.LeftAsync(copy.Id, "console", before));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Path.Combine(site.Console, copy.Name), Cancel));
        await LostAsync(site, witness, store, ReasonCode.StoreDamaged);
    }

    [Fact]
    public async Task After_a_restart_the_first_answer_is_complete_and_no_image_was_read_for_it()
    {
        const long Large = 300L << 20;
        await using var site = await Scenario.StartAsync(Watching);
        var path = site.Write("large.iso", IsoBuilder.InMemory("LARGE", 100_000, 1));
        await using (var file = File.OpenWrite(path))
        {
            file.SetLength(Large);
        }

        var image = await site.AddAsync(path, Cancel);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));
        var read = (await File.ReadAllLinesAsync($"/proc/{site.ProcessId}/io", Cancel)).First(l => l.StartsWith("rchar:", StringComparison.Ordinal));
        Assert.InRange(long.Parse(read[6..], System.Globalization.CultureInfo.InvariantCulture), 0, Large / 4);
    }

    /// <summary>Both cells say quarantined and why, nobody sees the image any more, and the drift list says what to do.</summary>
    private static async Task LostAsync(TestSite site, Witness witness, IsoCatalog.Client.ImageView image, string code)
    {
        foreach (var surface in new[] { "bmc", "console" })
        {
            await TestSite.EventuallyAsync(
                async () => (await site.CellAsync(image.Id, surface, Cancel)) is { State: CellState.Quarantined } cell && cell.Code == code, Cancel);
            Assert.Contains("isocatalog add", (await site.CellAsync(image.Id, surface, Cancel)).Reason, StringComparison.Ordinal);
            Assert.False(await site.ListsAsync(surface, image.Id, Cancel));
        }

        Assert.Equal(image.Id, (await witness.DriftAsync(code, image.Name)).Image);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(site.Console, image.Name))), Cancel);
    }

    internal static async Task DamageAsync(string path, string damage)
    {
        var writes = damage is "truncated" or "edited in place" or "appended";
        if (writes && !Environment.IsPrivilegedProcess)
        {
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        switch (damage)
        {
            case "deleted":
                File.Delete(path);
                break;
            case "truncated":
                await using (var file = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.SetLength(Size / 2);
                }

                break;
            case "replaced":
                await File.WriteAllBytesAsync(path + ".other", new byte[Size], Cancel);
                File.Move(path + ".other", path, overwrite: true);
                break;
            case "renamed away":
                File.Move(path, path + ".moved", overwrite: true);
                break;
            case "edited in place":
                (await Counterpart.RunAsync(
                    "dd", ["if=/dev/urandom", $"of={path}", "bs=16", "count=1", "seek=70000", "conv=notrunc", "status=none"], Cancel)).Succeeded();
                break;
            case "appended":
                await File.AppendAllTextAsync(path, "x", Cancel);
                break;
            case "made writable":
                File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                break;
            case "a dangling link":
                File.CreateSymbolicLink(path + ".other", "/nowhere/at/all");
                File.Move(path + ".other", path, overwrite: true);
                break;
            case "a folder":
                Directory.CreateDirectory(path + ".other");

                // In one step: in two, it is first a file that is gone.
                Assert.Equal(0, Exchange(CurrentFolder, path, CurrentFolder, path + ".other", ExchangeNames));
                File.Move(path + ".other", path + ".moved", overwrite: true);
                break;
            case "given to somebody else":
                Assert.SkipUnless(Environment.IsPrivilegedProcess, "Giving a file to somebody else needs root.");
                (await Counterpart.RunAsync("chown", ["65534:65534", path], Cancel)).Succeeded();
                break;
            case "touched":
                File.SetLastWriteTimeUtc(path, Witness.Now.UtcDateTime.AddDays(-1));
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage), damage, null);
        }
    }

    [LibraryImport("libc", EntryPoint = "renameat2", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Exchange(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);
}
