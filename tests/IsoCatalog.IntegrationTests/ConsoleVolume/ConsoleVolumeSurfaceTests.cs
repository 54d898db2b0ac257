using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.IntegrationTests.Surfaces;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.ConsoleVolume;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.ConsoleVolume;

public sealed class ConsoleVolumeSurfaceTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private string? _marker;

    public ConsoleVolumeSurfaceTests() => Directory.CreateDirectory(Volume);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Volume => _folder.Combine("volume");

    private string Hidden => _folder.Combine("volume", ".isocatalog");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Writing_over_a_published_copy_leaves_the_store_intact_and_is_noticed()
    {
        var surface = Open();
        var (image, bytes) = Put("a.iso");
        var receipt = await PublishAsync(surface, image);
        (await Counterpart.RunAsync("chmod", ["u+w", Shown(image)], Cancel)).Succeeded();
        (await Counterpart.RunAsync("dd", ["if=/dev/urandom", $"of={Shown(image)}", "conv=notrunc", "bs=1", "seek=70000", "count=1"], Cancel)).Succeeded();
        Assert.Equal(bytes, await File.ReadAllBytesAsync(image.StorePath, Cancel));
        Assert.Equal(ReasonCode.FileChanged, (await surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel)).Single().Code);
    }

    [Fact]
    public async Task An_edit_whose_time_was_set_back_is_noticed_on_a_copy()
    {
        var surface = Open();
        var (image, _) = Put("a.iso");
        var receipt = await PublishAsync(surface, image);
        SurfaceContract.FlipOneByte(Shown(image));
        File.SetLastWriteTimeUtc(Shown(image), image.ModifiedAt.UtcDateTime);
        Assert.Equal(receipt.ModifiedNs, FileIdentity.Of(Shown(image), default)!.Value.ModifiedNs);
        Assert.Equal(ReasonCode.FileChanged, (await surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel)).Single().Code);
    }

    [Fact]
    public async Task A_file_is_linked_to_the_store_only_where_nobody_else_can_write()
    {
        var (image, _) = Put("a.iso");
        Assert.NotEqual(image.StoreReceipt.Inode, (await PublishAsync(Open(), image)).Inode);
        _marker = null;
        Directory.Delete(Volume, recursive: true);
        Directory.CreateDirectory(Volume);
        Assert.Equal(image.StoreReceipt.Inode, (await PublishAsync(Open(readOnly: true), image)).Inode);
    }

    [Fact]
    public async Task Another_link_to_a_shared_inode_is_no_doubt()
    {
        var surface = Open(readOnly: true);
        var (image, _) = Put("a.iso");
        var receipt = await PublishAsync(surface, image);
        Assert.True(DurableFile.TryHardLink(image.StorePath, _folder.Combine("elsewhere")));
        Assert.Empty(await surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
        Assert.IsType<SurfaceOutcome.Done>(await surface.ResumeAsync(image, receipt, Cancel));
    }

    [Fact]
    public async Task A_published_copy_cannot_be_written_by_its_group_or_others_and_has_the_time_the_image_was_added()
    {
        var (image, _) = Put("a.iso");
        await PublishAsync(Open(), image);
        var shown = new FileInfo(Shown(image));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, shown.UnixFileMode);
        Assert.Equal(image.ModifiedAt.UtcDateTime, shown.LastWriteTimeUtc);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, new DirectoryInfo(Hidden).UnixFileMode);
    }

    [Fact]
    public async Task A_foreign_file_at_the_name_is_never_replaced_nor_deleted()
    {
        var surface = Open();
        await surface.CheckAsync(Cancel);
        var (image, _) = Put("a.iso");
        await File.WriteAllTextAsync(Shown(image), "somebody's", Cancel);
        Assert.IsType<SurfaceOutcome.Done>(await surface.StageAsync(image, null, Cancel));
        var refused = Assert.IsType<SurfaceOutcome.Refused>(await surface.AdvertiseAsync(image, Cancel));
        Assert.Equal(ReasonCode.ForeignFile, refused.Code);
        Assert.Contains(Shown(image), refused.Reason, StringComparison.Ordinal);
        Assert.IsType<SurfaceOutcome.Done>(await surface.WithdrawAsync(image, null, Cancel));
        Assert.Equal("somebody's", await File.ReadAllTextAsync(Shown(image), Cancel));
        var finding = Assert.Single(await surface.ObserveAsync([], Cancel));
        Assert.Equal((null, ReasonCode.ForeignFile), (finding.Image, finding.Code));
    }

    [Theory]
    [InlineData("file")]
    [InlineData("same inode number")]
    [InlineData("link")]
    [InlineData("folder")]
    public async Task What_was_put_in_the_place_of_a_published_image_is_kept_aside_and_the_image_repaired(string kind)
    {
        var surface = Open();
        var (image, bytes) = Put("a.iso");
        var receipt = await PublishAsync(surface, image);
        switch (kind)
        {
            case "file":
                await File.WriteAllTextAsync(_folder.Combine("other"), "somebody's", Cancel);
                File.Move(_folder.Combine("other"), Shown(image), overwrite: true);
                break;
            case "same inode number":
                // ext4 hands the number out again at once; elsewhere this is the case above.
                File.Delete(Shown(image));
                await File.WriteAllTextAsync(Shown(image), "somebody's", Cancel);
                break;
            case "link":
                File.Delete(Shown(image));
                File.CreateSymbolicLink(Shown(image), image.StorePath);
                break;
            default:
                File.Delete(Shown(image));
                Directory.CreateDirectory(Shown(image));
                break;
        }

        Assert.Equal(ReasonCode.FileChanged, (await surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel)).Single().Code);
        Assert.IsType<SurfaceOutcome.Done>(await surface.WithdrawAsync(image, receipt, Cancel));
        var kept = Assert.Single(Directory.GetFileSystemEntries(Path.Combine(Hidden, "foreign")));
        if (kind is "file" or "same inode number")
        {
            Assert.Equal("somebody's", await File.ReadAllTextAsync(kept, Cancel));
        }

        var repaired = await PublishAsync(surface, image);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Shown(image), Cancel));
        var finding = Assert.Single(await surface.ObserveAsync([new PublishedImage(image, repaired)], Cancel));
        Assert.Equal(ReasonCode.ForeignFile, finding.Code);
        Assert.Contains(kept, finding.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edited_file_of_ours_is_deleted_and_not_kept()
    {
        var surface = Open();
        var (image, bytes) = Put("a.iso");
        var receipt = await PublishAsync(surface, image);
        SurfaceContract.FlipOneByte(Shown(image));
        await surface.WithdrawAsync(image, receipt, Cancel);
        Assert.False(Directory.Exists(Path.Combine(Hidden, "foreign")));
        await PublishAsync(surface, image);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Shown(image), Cancel));
    }

    [Fact]
    public async Task Withdrawing_by_an_old_receipt_leaves_the_image_that_has_the_name_now()
    {
        var surface = Open();
        var (old, _) = Put("a.iso");
        var receipt = await PublishAsync(surface, old);
        await surface.WithdrawAsync(old, receipt, Cancel);
        var (current, bytes) = Put("a.iso");
        await PublishAsync(surface, current);
        Assert.IsType<SurfaceOutcome.Done>(await surface.WithdrawAsync(old, receipt, Cancel));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Shown(current), Cancel));
    }

    [Fact]
    public async Task A_full_volume_says_how_much_is_missing_and_keeps_nothing()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("1m");
        var surface = Open(path: mounted.Path);
        var (image, _) = Put("a.iso", 3 << 20);
        var refused = Assert.IsType<SurfaceOutcome.Refused>(await surface.StageAsync(image, null, Cancel));
        Assert.Equal((ReasonCode.NoSpace, true), (refused.Code, refused.Retryable));
        var available = FreeSpace.Of(mounted.Path).AvailableBytes;
        Assert.Contains($"{(3 << 20) - available:N0} are missing", refused.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(mounted.Path, ".isocatalog")), file => file.EndsWith(".part", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_volume_that_fills_up_during_the_copy_says_so_and_keeps_nothing()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("4m");
        var surface = Open(path: mounted.Path);
        var (image, _) = Put("a.iso", 3 << 20);
        var refused = Assert.IsType<SurfaceOutcome.Refused>(await surface.StageAsync(
            image,
            new Reports(_ => File.WriteAllBytes(Path.Combine(mounted.Path, ".isocatalog", "ballast"), new byte[(3 << 20) - 300_000])),
            Cancel));
        Assert.Equal(ReasonCode.NoSpace, refused.Code);
        Assert.Contains("are missing", refused.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(Path.Combine(mounted.Path, ".isocatalog")), file => file.EndsWith(".part", StringComparison.Ordinal));
        File.Delete(Path.Combine(mounted.Path, ".isocatalog", "ballast"));
        await PublishAsync(surface, image);
    }

    [Fact]
    public async Task Under_an_unmounted_volume_nothing_is_written_and_it_is_missing()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("8m");
        var surface = Open(path: mounted.Path);
        var (image, _) = Put("a.iso");
        var receipt = await PublishAsync(surface, image);
        await mounted.UnmountAsync();
        foreach (var outcome in new[]
        {
            await surface.CheckAsync(Cancel),
            await surface.StageAsync(image, null, Cancel),
            await surface.AdvertiseAsync(image, Cancel),
            await surface.ResumeAsync(image, receipt, Cancel),
            await surface.VerifyAsync(image, receipt, null, Cancel),
            await surface.WithdrawAsync(image, receipt, Cancel),
            await Open(path: mounted.Path).CheckAsync(Cancel),
        })
        {
            Assert.Equal(ReasonCode.SurfaceMissing, Assert.IsType<SurfaceOutcome.Refused>(outcome).Code);
        }

        var finding = Assert.Single(await surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
        Assert.Equal((null, ReasonCode.SurfaceMissing), (finding.Image, finding.Code));
        Assert.Empty(Directory.GetFileSystemEntries(mounted.Path));
    }

    [Fact]
    public async Task A_missing_folder_and_somebody_elses_are_named()
    {
        var none = Assert.IsType<SurfaceOutcome.Refused>(await Open(path: _folder.Combine("none")).CheckAsync(Cancel));
        Assert.Equal(ReasonCode.SurfaceMissing, none.Code);
        Assert.Null(_marker);

        await Open().CheckAsync(Cancel);
        var other = new ConsoleVolumeSurface(new("console-2", "console", Volume, null, false, TimeSpan.FromSeconds(10)), null, null);
        Assert.Contains("console-1", Assert.IsType<SurfaceOutcome.Refused>(await other.CheckAsync(Cancel)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_volume_that_is_mounted_read_only_is_named_as_such()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("1m");
        await mounted.RemountAsync("ro");
        Assert.Equal(ReasonCode.SurfaceReadOnly, Assert.IsType<SurfaceOutcome.Refused>(await Open(path: mounted.Path).CheckAsync(Cancel)).Code);
    }

    [Fact]
    public async Task A_folder_in_use_is_taken_only_when_an_operator_agrees()
    {
        await File.WriteAllTextAsync(Path.Combine(Volume, "mine.iso"), "mine", Cancel);
        var refused = Assert.IsType<SurfaceOutcome.Refused>(await Open().CheckAsync(Cancel));
        Assert.Contains("surface: console-1", refused.Reason, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Hidden));

        Directory.CreateDirectory(Hidden);
        await File.WriteAllTextAsync(Path.Combine(Hidden, "volume"), "surface: console-1\n", Cancel);
        Assert.IsType<SurfaceOutcome.Done>(await Open().CheckAsync(Cancel));
        Assert.NotNull(_marker);
        Assert.IsType<SurfaceOutcome.Done>(await Open().CheckAsync(Cancel));
        Assert.Equal("mine", await File.ReadAllTextAsync(Path.Combine(Volume, "mine.iso"), Cancel));
    }

    [Fact]
    public async Task A_lost_database_does_not_make_our_files_foreign()
    {
        var (image, bytes) = Put("a.iso");
        var before = await PublishAsync(Open(), image);
        _marker = null;

        var surface = Open();
        await surface.CheckAsync(Cancel);
        var finding = Assert.Single(await surface.ObserveAsync([], Cancel));
        Assert.Equal((image.Id, ReasonCode.NotYetPublished), (finding.Image!.Value, finding.Code));
        Assert.IsType<SurfaceOutcome.Done>(await surface.StageAsync(image, null, Cancel));
        Assert.False(File.Exists(Shown(image)));
        var after = (Assert.IsType<SurfaceOutcome.Done>(await surface.AdvertiseAsync(image, Cancel))).Evidence!.FileReceipt!.Value;
        Assert.Equal(before.Inode, after.Inode);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Shown(image), Cancel));

        await Open().WithdrawAsync(image, null, Cancel);
        Assert.False(File.Exists(Shown(image)));
    }

    [Fact]
    public async Task Rot_below_the_file_system_is_found_by_reading_though_stat_agrees()
    {
        await using var mounted = await MountedFolder.LoopAsync("mkfs.ext4", 64 << 20);
        var surface = Open(path: mounted.Path);
        var (image, bytes) = Put("a.iso");
        var receipt = await PublishAsync(surface, image);
        var shown = Path.Combine(mounted.Path, "a.iso");
        Assert.Equal(bytes, await File.ReadAllBytesAsync(shown, Cancel));
        FlipIn(mounted.Device, bytes.AsSpan(3 << 20, 64));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(shown, Cancel));
        Assert.Empty(await surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
        var refused = Assert.IsType<SurfaceOutcome.Refused>(await surface.VerifyAsync(image, receipt, null, Cancel));
        Assert.Equal(ReasonCode.HashMismatch, refused.Code);
    }

    [Theory]
    [InlineData("mkfs.btrfs", 160 << 20)]
    [InlineData("mkfs.xfs", 320 << 20)]
    public async Task Where_blocks_can_be_shared_a_copy_takes_no_space_and_stands_alone(string mkfs, long size)
    {
        await using var mounted = await MountedFolder.LoopAsync(mkfs, size);
        var surface = Open(path: Path.Combine(mounted.Path, "volume"));
        Directory.CreateDirectory(Path.Combine(mounted.Path, "volume"));
        var (image, bytes) = ContractImages.Put(Path.Combine(mounted.Path, "store"), "a.iso", 40 << 20);
        var before = FreeSpace.Of(mounted.Path).AvailableBytes;
        await PublishAsync(surface, image);
        Assert.InRange(before - FreeSpace.Of(mounted.Path).AvailableBytes, long.MinValue, 20 << 20);
        SurfaceContract.FlipOneByte(Path.Combine(mounted.Path, "volume", "a.iso"));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(image.StorePath, Cancel));
    }

    [Fact]
    public void A_mount_names_the_path_on_the_host_the_clients_path_and_the_shares()
    {
        var (image, _) = Put("a+b.iso", 1000);
        var options = new ConsoleVolumeOptions(
            "console-1", "console", Volume, "/isos/", false, TimeSpan.FromSeconds(10), @"\\10.0.0.5\iso\{fileName}", "10.0.0.5:/iso/{fileName}");
        Assert.Equal(
            new SurfaceMount(Path: Shown(image), ClientPath: "/isos/a+b.iso", Urls: new SurfaceUrls(Smb: @"\\10.0.0.5\iso\a+b.iso", Nfs: "10.0.0.5:/iso/a+b.iso")),
            new ConsoleVolumeSurface(options, null, null).MountOf(image, null));
        Assert.Equal(
            new SurfaceMount(Path: Shown(image), ClientPath: Shown(image)),
            Open().MountOf(image, null));
    }

    private ConsoleVolumeSurface Open(bool readOnly = false, string? path = null) => new(
        new ConsoleVolumeOptions("console-1", "console", path ?? Volume, null, readOnly, TimeSpan.FromSeconds(10)),
        _marker,
        (marker, _) =>
        {
            _marker = marker;
            return Task.CompletedTask;
        });

    private (StoredImage Image, byte[] Bytes) Put(string name, int size = ContractImages.Size) =>
        ContractImages.Put(_folder.Combine("store"), name, size);

    private string Shown(StoredImage image) => Path.Combine(Volume, image.FileName);

    private static async Task<Receipt> PublishAsync(ConsoleVolumeSurface surface, StoredImage image)
    {
        var staged = await surface.StageAsync(image, null, Cancel);
        Assert.True(staged is SurfaceOutcome.Done, staged.ToString());
        var shown = await surface.AdvertiseAsync(image, Cancel);
        Assert.True(shown is SurfaceOutcome.Done, shown.ToString());
        return ((SurfaceOutcome.Done)shown).Evidence!.FileReceipt!.Value;
    }

    private static void FlipIn(string device, ReadOnlySpan<byte> pattern)
    {
        using var file = File.OpenHandle(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        var all = new byte[RandomAccess.GetLength(file)];
        RandomAccess.Read(file, all, 0);
        var at = all.AsSpan().IndexOf(pattern);
        Assert.True(at > 0);
        RandomAccess.Write(file, [(byte)(all[at] ^ 1)], at);
        DurableFile.Sync(file);
    }

    private sealed class Reports(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
