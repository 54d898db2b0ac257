using System.Security.Cryptography;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Files;

public sealed class DurableFileTests : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Writing_atomically_replaces_the_content_and_sets_the_mode_exactly()
    {
        var path = _folder.Combine("state.json");
        DurableFile.WriteAtomically(path, "old"u8, Private);
        var mode = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
        DurableFile.WriteAtomically(path, "new"u8, mode);
        Assert.Equal("new", File.ReadAllText(path));
        Assert.Equal(mode, new FileInfo(path).UnixFileMode);
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task The_bytes_are_synced_before_the_name_and_the_folder_after_it()
    {
        var trace = _folder.Combine("trace");
        var child = await Counterpart.RunAsync(
            "strace",
            [
                "-f", "-qq", "-y", "-o", trace, "-e", "trace=pwrite64,fchmod,fsync,rename,renameat2",
                Environment.ProcessPath!, "-explicit", "only", "-method", $"*.{nameof(Write_in_another_process)}",
            ],
            Cancel);
        child.Succeeded();
        var calls = (await File.ReadAllLinesAsync(trace, Cancel))
            .Where(line => line.Contains("traced.state", StringComparison.Ordinal) || line.Contains("isocatalog-traced", StringComparison.Ordinal))
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..]))
            .ToArray();
        Assert.Collection(
            calls,
            call => Assert.StartsWith("pwrite64(", call, StringComparison.Ordinal),
            call => Assert.StartsWith("fchmod(", call, StringComparison.Ordinal),
            call => Assert.Matches(@"^fsync\(.*\.traced\.state\.[0-9a-f]{8}\.tmp>\) += 0", call),
            call => Assert.Matches(@"^rename\(.*\.tmp"", "".*/traced\.state""\) += 0", call),
            call => Assert.Matches(@"^fsync\(.*isocatalog-traced[0-9]*>\) += 0", call));
    }

    /// <summary>What the test above traces. Never run for itself.</summary>
    [Fact(Explicit = true)]
    public void Write_in_another_process()
    {
        var folder = Path.Combine(Path.GetTempPath(), $"isocatalog-traced{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        DurableFile.WriteAtomically(Path.Combine(folder, "traced.state"), "bytes"u8, Private);
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Writing_atomically_replaces_a_link_and_not_what_it_points_to()
    {
        var target = _folder.Write("target", "untouched"u8);
        File.CreateSymbolicLink(_folder.Combine("link"), target);
        DurableFile.WriteAtomically(_folder.Combine("link"), "new"u8, Private);
        Assert.Equal("untouched", File.ReadAllText(target));
        Assert.Equal("new", File.ReadAllText(_folder.Combine("link")));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_content_and_nothing_else()
    {
        Directory.CreateDirectory(_folder.Combine("busy"));
        Assert.Throws<IOException>(() => DurableFile.WriteAtomically(_folder.Combine("busy"), "new"u8, Private));
        Assert.Equal([_folder.Combine("busy")], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public async Task A_full_disk_is_told_as_such_and_the_old_content_stays()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("64k");
        var path = Path.Combine(mounted.Path, "state");
        DurableFile.WriteAtomically(path, "old"u8, Private);
        var failure = Assert.Throws<IOException>(() => DurableFile.WriteAtomically(path, new byte[200_000], Private));
        Assert.True(DiskFault.IsFull(failure));
        Assert.Equal("old", await File.ReadAllTextAsync(path, Cancel));
        Assert.Equal([path], Directory.GetFileSystemEntries(mounted.Path));
    }

    [Fact]
    public async Task A_read_only_disk_is_told_as_such()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("64k");
        await mounted.RemountAsync("ro");
        Assert.True(DiskFault.IsReadOnly(Assert.Throws<IOException>(
            () => DurableFile.WriteAtomically(Path.Combine(mounted.Path, "state"), "new"u8, Private))));
        Assert.True(FreeSpace.Of(mounted.Path).ReadOnly);
    }

    [Fact]
    public void Renaming_without_replacing_refuses_whatever_is_there()
    {
        var from = _folder.Write("from", "new"u8);
        var file = _folder.Write("file", "old"u8);
        File.CreateSymbolicLink(_folder.Combine("dangling"), "nowhere");
        Directory.CreateDirectory(_folder.Combine("folder"));
        Assert.True(DurableFile.TryHardLink(from, _folder.Combine("same")));
        foreach (var taken in new[] { "file", "dangling", "folder", "same" })
        {
            Assert.False(DurableFile.RenameNoReplace(from, _folder.Combine(taken)));
        }

        Assert.Equal("old", File.ReadAllText(file));
        Assert.True(DurableFile.RenameNoReplace(from, _folder.Combine("free")));
        Assert.Equal("new", File.ReadAllText(_folder.Combine("free")));
        Assert.False(File.Exists(from));
    }

    [Fact]
    public void Renaming_what_is_missing_says_so() => Assert.Throws<FileNotFoundException>(
        () => DurableFile.RenameNoReplace(_folder.Combine("nothing"), _folder.Combine("to")));

    [Fact]
    public async Task A_hard_link_across_file_systems_is_no_error_but_one_over_a_file_is()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("64k");
        var file = _folder.Write("a", "bytes"u8);
        Assert.False(DurableFile.TryHardLink(file, Path.Combine(mounted.Path, "a")));
        Assert.Throws<IOException>(() => DurableFile.TryHardLink(file, _folder.Write("b", [])));
    }

    [Fact]
    public void Deleting_twice_is_fine_and_a_folder_is_refused()
    {
        var file = _folder.Write("a", []);
        DurableFile.Delete(file);
        DurableFile.Delete(file);
        Directory.CreateDirectory(_folder.Combine("folder"));
        Assert.Throws<IOException>(() => DurableFile.Delete(_folder.Combine("folder")));
    }

    [Fact]
    public async Task Cloning_shares_blocks_on_btrfs_and_says_no_on_tmpfs()
    {
        await using var tmpfs = await MountedFolder.TmpfsAsync("1m");
        Assert.False(Clone(tmpfs.Path));
        await using var btrfs = await MountedFolder.LoopAsync("mkfs.btrfs", 128 << 20);
        Assert.True(Clone(btrfs.Path));
    }

    [Fact]
    public void A_new_file_is_never_an_old_one()
    {
        _folder.Write("there", []);
        File.CreateSymbolicLink(_folder.Combine("dangling"), _folder.Combine("nowhere"));
        Assert.Throws<IOException>(() => DurableFile.CreateNew(_folder.Combine("there")));
        Assert.Throws<IOException>(() => DurableFile.CreateNew(_folder.Combine("dangling")));
        Assert.False(File.Exists(_folder.Combine("nowhere")));
    }

    [Fact]
    public async Task A_receipt_agrees_with_stat_and_a_rename_moves_only_ctime()
    {
        var path = _folder.Write("a", new byte[12_345]);
        var receipt = FileIdentity.Of(path, default)!.Value;
        var stat = (await Counterpart.RunAsync("stat", ["-c", "%d %i %s %.9Y %.9Z", path], Cancel)).Succeeded();
        Assert.Equal(
            $"{receipt.Device} {receipt.Inode} {receipt.Size} {Seconds(receipt.ModifiedNs)} {Seconds(receipt.ChangedNs)}", stat.Trim());
        File.Move(path, _folder.Combine("b"));
        Assert.True(FileIdentity.SameContent(receipt, FileIdentity.Of(_folder.Combine("b"), default)!.Value));
        File.SetLastWriteTimeUtc(_folder.Combine("b"), DateTime.UnixEpoch);
        Assert.False(FileIdentity.SameContent(receipt, FileIdentity.Of(_folder.Combine("b"), default)!.Value));
    }

    [Fact]
    public async Task What_is_no_regular_file_has_no_receipt_but_a_kind()
    {
        File.CreateSymbolicLink(_folder.Combine("link"), _folder.Write("a", []));
        (await Counterpart.RunAsync("mkfifo", [_folder.Combine("pipe")], Cancel)).Succeeded();
        foreach (var (path, expected) in new[]
        {
            ("link", FileKind.Link), ("pipe", FileKind.Pipe), ("", FileKind.Folder), ("nothing", FileKind.Missing), ("a/below", FileKind.Missing),
        })
        {
            Assert.Null(FileIdentity.Of(_folder.Combine(path), default, out var kind));
            Assert.Equal(expected, kind);
        }

        Assert.Throws<IOException>(() => new UncachedReader(_folder.Combine("pipe")));
        Assert.Throws<IOException>(() => new UncachedReader(_folder.Combine("link")));
    }

    [Fact]
    public async Task Free_space_agrees_with_df()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("3m");
        await File.WriteAllBytesAsync(Path.Combine(mounted.Path, "a"), new byte[1 << 20], Cancel);
        Assert.Equal(new FreeSpace(2 << 20, 3 << 20, false, 0), FreeSpace.Of(mounted.Path) with { FileSystemId = 0 });
        Assert.Throws<FileNotFoundException>(() => FreeSpace.Of(_folder.Combine("nothing")));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(UncachedReader.BlockSize)]
    [InlineData((2 * UncachedReader.BlockSize) + 4097)]
    public void Reading_past_the_cache_gives_every_byte(int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        using var reader = new UncachedReader(_folder.Write("a", bytes));
        using var seen = new MemoryStream();
        Assert.Equal(size, reader.ReadAll(block => seen.Write(block), Cancel));
        Assert.Equal(bytes, seen.ToArray());
        foreach (var (offset, length) in new[] { (0, 10), (1, 5000), (4095, 2), (size / 2, 8192), (Math.Max(0, size - 3), 10), (size + 5000, 1) })
        {
            var part = new byte[length];
            var expected = bytes.AsSpan(Math.Min(offset, size), Math.Max(0, Math.Min(length, size - offset)));
            Assert.Equal(expected.Length, reader.Read(offset, part));
            Assert.True(expected.SequenceEqual(part.AsSpan(0, expected.Length)));
        }
    }

    [Fact]
    public void A_reader_that_is_told_to_stop_or_whose_taker_fails_ends_cleanly()
    {
        using var source = new CancellationTokenSource();
        using var reader = new UncachedReader(_folder.Write("a", new byte[5 * UncachedReader.BlockSize]));
        Assert.Throws<OperationCanceledException>(() => reader.ReadAll(_ => source.Cancel(), source.Token));
        Assert.Throws<InvalidDataException>(() => reader.ReadAll(_ => throw new InvalidDataException(), Cancel));
        Assert.Equal(reader.Length, reader.ReadAll(_ => { }, Cancel));
    }

    [Fact]
    public async Task A_lock_keeps_others_out_until_its_holder_is_gone()
    {
        var path = _folder.Combine("lock");
        using (var first = FolderLock.TryTake(path))
        {
            Assert.NotNull(first);
            Assert.Null(FolderLock.TryTake(path));
            Assert.Equal(Environment.ProcessId, FolderLock.HolderOf(path));
            Assert.NotEqual(0, (await Counterpart.RunAsync("flock", ["-n", path, "true"], Cancel)).ExitCode);
        }

        using var second = FolderLock.TryTake(path);
        Assert.NotNull(second);
    }

    private static bool Clone(string folder)
    {
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        File.WriteAllBytes(Path.Combine(folder, "a"), bytes);
        using var source = DurableFile.OpenRead(Path.Combine(folder, "a"));
        using var target = DurableFile.CreateNew(Path.Combine(folder, "b"));
        var cloned = DurableFile.TryClone(source, target);
        Assert.Equal(cloned ? bytes : [], File.ReadAllBytes(Path.Combine(folder, "b")));
        return cloned;
    }

    private static string Seconds(long nanoseconds) => $"{nanoseconds / 1_000_000_000}.{nanoseconds % 1_000_000_000:d9}";
}
