using System.Globalization;
using System.Threading.Channels;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Files;

public sealed class FolderWatchTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly Channel<FolderEvent> _events = Channel.CreateUnbounded<FolderEvent>();
    private readonly FolderWatch _watch;
    private readonly CancellationTokenSource _limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);

    public FolderWatchTests() => _watch = new FolderWatch(null, _events.Writer);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _watch.Dispose();
        _limit.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Writing_a_new_file_is_created_modified_and_closed()
    {
        Assert.Null(_watch.Add(_folder.Path));
        _folder.Write("a.iso", "bytes"u8);
        Assert.Equal(
            [FolderEventKind.Created, FolderEventKind.Modified, FolderEventKind.ClosedAfterWrite],
            (await UntilAsync(FolderEventKind.ClosedAfterWrite, "a.iso")).Select(seen => seen.Kind).Distinct());
    }

    [Fact]
    public async Task Writing_into_the_middle_of_a_file_with_dd_is_seen()
    {
        var path = _folder.Write("a.iso", new byte[8192]);
        _watch.Add(_folder.Path);
        (await Counterpart.RunAsync("dd", ["if=/dev/urandom", $"of={path}", "conv=notrunc", "bs=1", "seek=4000", "count=1"], Cancel)).Succeeded();
        Assert.Contains(await UntilAsync(FolderEventKind.ClosedAfterWrite, "a.iso"), seen => seen.Kind == FolderEventKind.Modified);
    }

    [Fact]
    public async Task Truncating_by_path_is_seen_as_modified()
    {
        var path = _folder.Write("a.iso", new byte[8192]);
        _watch.Add(_folder.Path);
        (await Counterpart.RunAsync("truncate", ["-s", "100", path], Cancel)).Succeeded();
        await UntilAsync(FolderEventKind.Modified, "a.iso");
    }

    [Fact]
    public async Task Changing_the_mode_or_the_times_is_seen()
    {
        var path = _folder.Write("a.iso", new byte[10]);
        _watch.Add(_folder.Path);
        (await Counterpart.RunAsync("chmod", ["600", path], Cancel)).Succeeded();
        await UntilAsync(FolderEventKind.AttributesChanged, "a.iso");
    }

    [Fact]
    public async Task Deleting_a_file_is_seen()
    {
        var path = _folder.Write("a.iso", new byte[10]);
        _watch.Add(_folder.Path);
        File.Delete(path);
        await UntilAsync(FolderEventKind.Deleted, "a.iso");
    }

    [Fact]
    public async Task Renaming_over_a_file_is_seen_under_both_names()
    {
        _folder.Write("a.iso", new byte[10]);
        _folder.Write("b.iso", new byte[20]);
        _watch.Add(_folder.Path);
        File.Move(_folder.Combine("b.iso"), _folder.Combine("a.iso"), overwrite: true);
        Assert.Contains(await UntilAsync(FolderEventKind.MovedTo, "a.iso"), seen => seen is { Kind: FolderEventKind.MovedFrom, Name: "b.iso" });
    }

    [Fact]
    public async Task A_new_folder_says_that_it_is_one()
    {
        _watch.Add(_folder.Path);
        Directory.CreateDirectory(_folder.Combine("sub"));
        Assert.True((await UntilAsync(FolderEventKind.Created, "sub"))[^1].IsFolder);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_folder_that_is_renamed_or_deleted_is_gone_once_and_can_be_added_again(bool renamed)
    {
        var path = _folder.Combine("watched");
        Directory.CreateDirectory(path);
        _watch.Add(path);
        if (renamed)
        {
            Directory.Move(path, _folder.Combine("elsewhere"));
        }
        else
        {
            Directory.Delete(path);
        }

        await UntilAsync(FolderEventKind.FolderGone, null);
        Directory.CreateDirectory(path);
        Assert.Null(_watch.Add(path));
        await File.WriteAllBytesAsync(Path.Combine(path, "a.iso"), [], Cancel);
        Assert.DoesNotContain(await UntilAsync(FolderEventKind.Created, "a.iso"), seen => seen.Kind == FolderEventKind.FolderGone);
    }

    [Fact]
    public async Task An_unmounted_file_system_is_seen()
    {
        await using var mounted = await MountedFolder.TmpfsAsync("1m");
        _watch.Add(mounted.Path);
        await mounted.UnmountAsync();
        Assert.Equal(mounted.Path, (await UntilAsync(FolderEventKind.Unmounted, null))[^1].Folder);
        Assert.Null(_watch.Add(mounted.Path));
    }

    [Fact]
    public async Task Several_folders_are_told_apart_and_a_removed_one_is_silent()
    {
        var (first, second) = (_folder.Combine("1"), _folder.Combine("2"));
        Directory.CreateDirectory(first);
        Directory.CreateDirectory(second);
        _watch.Add(first);
        _watch.Add(second);
        _watch.Add(second + "/");
        _watch.Remove(first);
        _watch.Remove(first);
        await File.WriteAllBytesAsync(Path.Combine(first, "a.iso"), [], Cancel);
        await File.WriteAllBytesAsync(Path.Combine(second, "a.iso"), [], Cancel);
        var seen = await UntilAsync(FolderEventKind.Created, "a.iso");
        Assert.All(seen, one => Assert.Equal(second, one.Folder));
    }

    [Fact]
    public async Task Two_paths_to_one_folder_are_both_told()
    {
        var real = _folder.Combine("real");
        Directory.CreateDirectory(real);
        Directory.CreateSymbolicLink(_folder.Combine("alias"), _folder.Path);
        var alias = _folder.Combine("alias", "real");
        Assert.Null(_watch.Add(real));
        Assert.Null(_watch.Add(alias));
        await File.WriteAllBytesAsync(Path.Combine(real, "a.iso"), [], Cancel);
        Assert.Equal(real, (await UntilAsync(FolderEventKind.Created, "a.iso"))[^1].Folder);
        Assert.Equal(alias, (await UntilAsync(FolderEventKind.Created, "a.iso"))[^1].Folder);
    }

    [Fact]
    public void A_folder_that_is_not_there_fails_with_its_name()
    {
        Assert.Contains(_folder.Combine("nothing") + " is not watched: there is no such folder", _watch.Add(_folder.Combine("nothing")), StringComparison.Ordinal);
        Assert.NotNull(_watch.Add(_folder.Write("a.iso", [])));
    }

    [Fact]
    public async Task Hostile_names_arrive_and_do_no_harm()
    {
        _watch.Add(_folder.Path);
        var newline = "a\nb \u001b[31m.iso";
        var longest = new string('x', 255);
        await File.WriteAllBytesAsync(_folder.Combine(newline), [], Cancel);
        await UntilAsync(FolderEventKind.Created, newline);
        await File.WriteAllBytesAsync(_folder.Combine(longest), [], Cancel);
        await UntilAsync(FolderEventKind.Created, longest);
        (await Counterpart.RunAsync("bash", ["-c", "touch \"$0/\"$'bad\\xff\\xfename'", _folder.Path], Cancel)).Succeeded();
        await UntilAsync(FolderEventKind.Created, "bad\uFFFD\uFFFDname");
        (await Counterpart.RunAsync("bash", ["-c", "rm \"$0/\"$'bad\\xff\\xfename'", _folder.Path], Cancel)).Succeeded();
    }

    [Fact]
    public async Task A_burst_of_writes_in_one_batch_is_one_event()
    {
        var full = Channel.CreateBounded<FolderEvent>(1);
        using var watch = new FolderWatch(null, full.Writer);
        watch.Add(_folder.Path);

        // The channel holds one, the thread waits with the next: all that follows meets in one batch.
        _folder.Write("1", []);
        _folder.Write("2", []);
        await using (var file = File.OpenWrite(_folder.Write("a.iso", [])))
        {
            for (var index = 0; index < 500; index++)
            {
                // Two files in turn, or the kernel itself would merge them.
                await File.AppendAllTextAsync(_folder.Combine("2"), "x", Cancel);
                file.WriteByte(1);
                await file.FlushAsync(Cancel);
            }
        }

        _folder.Write("end", []);
        var modified = 0;
        await foreach (var seen in full.Reader.ReadAllAsync(Limit()))
        {
            modified += seen is { Kind: FolderEventKind.Modified, Name: "a.iso" } ? 1 : 0;
            if (seen is { Kind: FolderEventKind.Created, Name: "end" })
            {
                break;
            }
        }

        Assert.InRange(modified, 1, 20);
    }

    [Fact]
    public async Task When_the_kernel_loses_events_the_overflow_is_told()
    {
        var limit = int.Parse(await File.ReadAllTextAsync("/proc/sys/fs/inotify/max_queued_events", Cancel), CultureInfo.InvariantCulture);
        Assert.SkipWhen(limit > 200_000, "fs.inotify.max_queued_events is too high here to be filled in a test.");
        var full = Channel.CreateBounded<FolderEvent>(1);
        using var watch = new FolderWatch(null, full.Writer);
        watch.Add(_folder.Path);
        for (var index = 0; index < (limit / 3) + 2_000; index++)
        {
            // Two names in turn, or the kernel would merge equal neighbours.
            var path = _folder.Combine(index % 2 == 0 ? "a" : "b");
            await using (File.Create(path))
            {
                // Created, closed after write, deleted: three events.
            }

            File.Delete(path);
        }

        await foreach (var seen in full.Reader.ReadAllAsync(Limit()))
        {
            if (seen.Kind == FolderEventKind.Overflow)
            {
                break;
            }
        }

        _folder.Write("after", []);
        await foreach (var seen in full.Reader.ReadAllAsync(Limit()))
        {
            if (seen.Name == "after")
            {
                return;
            }
        }
    }

    [Fact]
    public void Disposing_ends_the_thread_even_while_the_channel_is_full_and_gives_every_descriptor_back()
    {
        // Other tests of this class run one after another; only another watch elsewhere could add to the count.
        var before = InotifyDescriptors();
        for (var index = 0; index < 20; index++)
        {
            var full = Channel.CreateBounded<FolderEvent>(1);
            using var watch = new FolderWatch(null, full.Writer);
            watch.Add(_folder.Path);
            _folder.Write("a", []);
            _folder.Write("b", []);
            _folder.Write("c", []);
        }

        Assert.InRange(InotifyDescriptors(), 0, before + 10);
    }

    [Fact]
    public async Task Adding_and_removing_while_events_pour_in_loses_no_folder()
    {
        var stable = _folder.Combine("stable");
        var moving = _folder.Combine("moving");
        Directory.CreateDirectory(stable);
        Directory.CreateDirectory(moving);
        _watch.Add(stable);
        var churn = Task.Run(
            () =>
            {
                for (var index = 0; index < 2_000; index++)
                {
                    _watch.Add(moving);
                    _watch.Remove(moving);
                }
            },
            Cancel);
        for (var index = 0; index < 500; index++)
        {
            await File.WriteAllBytesAsync(Path.Combine(moving, "m"), [], Cancel);
            await File.WriteAllBytesAsync(Path.Combine(stable, $"{index}"), [], Cancel);
        }

        await churn;
        await UntilAsync(FolderEventKind.Created, "499");
    }

    /// <summary>An event that does not come fails the test instead of stopping the run.</summary>
    private CancellationToken Limit()
    {
        _limit.CancelAfter(TimeSpan.FromSeconds(30));
        return _limit.Token;
    }

    private static int InotifyDescriptors() => new DirectoryInfo("/proc/self/fd").EnumerateFileSystemInfos()
        .Count(entry => entry.LinkTarget == "anon_inode:inotify");

    private async Task<List<FolderEvent>> UntilAsync(FolderEventKind kind, string? name)
    {
        var seen = new List<FolderEvent>();
        await foreach (var one in _events.Reader.ReadAllAsync(Limit()))
        {
            seen.Add(one);
            if (one.Kind == kind && one.Name == name)
            {
                return seen;
            }
        }

        throw new InvalidOperationException("The channel ended.");
    }
}
