using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>What is no image, or cannot be taken now: refused with the reason, and nothing of it stays.</summary>
public sealed class BadInputTests
{
    private static readonly byte[] Good = IsoBuilder.InMemory("GOOD", 1 << 20, 1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("not an ISO", "not-an-iso", "bad.iso")]
    [InlineData("empty", "empty-image", "empty", "again")]
    [InlineData("truncated", "truncated-image", "bytes", "missing", "again")]
    [InlineData("corrupt", "corrupt-image", "sector", "Copy or download the image again")]
    public async Task A_file_that_is_no_whole_image_is_refused_and_leaves_no_trace(string what, string code, params string[] words)
    {
        await using var site = await Scenario.StartAsync();
        await site.AddAsync(site.Write("good.iso", Good), Cancel);
        var bytes = IsoBuilder.InMemory("BAD", 1 << 20, 2);
        switch (what)
        {
            case "not an ISO":
                bytes = RandomNumberGenerator.GetBytes(bytes.Length);
                break;
            case "empty":
                bytes = [];
                break;
            case "truncated":
                bytes = bytes[..(bytes.Length / 2)];
                break;
            default:
                // The root directory's record, without which nothing mounts it.
                bytes.AsSpan(20 * 2048, 64).Clear();
                break;
        }

        var source = site.Write("bad.iso", bytes);
        var before = await site.SnapshotAsync(source);
        (await site.RefusedUploadAsync(bytes, "bad.iso")).Says(code, [.. words, "bad.iso"]);
        Assert.Equal(before, await site.SnapshotAsync(source));
        (await site.AddPathAsync(new AddRequest(Path: source))).Problem.Says(code, [.. words, source]);
        Assert.Equal(before, await site.SnapshotAsync(source));
    }

    [Fact]
    public async Task Bytes_with_another_sha256_than_expected_are_refused_with_both()
    {
        await using var site = await Scenario.StartAsync();
        var source = site.Write("good.iso", Good);
        var (real, wrong) = (Digest(Good), Digest([1]));
        var before = await site.SnapshotAsync(source);
        (await site.RefusedUploadAsync(Good, "good.iso", wrong)).Says("sha256-mismatch", "good.iso", real.ToString(), wrong.ToString(), "again");
        (await site.AddPathAsync(new AddRequest(Path: source, Sha256: wrong))).Problem.Says("sha256-mismatch", source, real.ToString());
        Assert.Equal(before, await site.SnapshotAsync(source));
        Assert.Equal("done", (await site.AddPathAsync(new AddRequest(Path: source, Sha256: real))).State);
    }

    [Theory]
    [InlineData("good.iso")]
    [InlineData("other.iso")]
    public async Task The_same_bytes_twice_are_one_image_and_the_second_time_is_refused_by_name(string secondName)
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("good.iso", Good), Cancel);
        var before = await site.SnapshotAsync();
        var problem = await site.RefusedUploadAsync(Good, secondName);
        problem.Says("already-in-catalog", "good.iso", image.Id.ToString(), "PATCH");
        Assert.Equal((409, image.Id), (problem.Status, problem.Image));
        Assert.Equal(before, await site.SnapshotAsync());
    }

    [Theory]
    [InlineData("good.iso")]
    [InlineData("GOOD.iso")]
    public async Task Other_bytes_never_take_a_name_that_is_in_use_and_are_offered_one_of_their_own(string name)
    {
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(site.Write("good.iso", Good), Cancel);
        var other = IsoBuilder.InMemory("OTHER", 1 << 20, 2);
        var offered = $"{name[..^4]}.{Digest(other).ToString()[..8]}.iso";
        var before = await site.SnapshotAsync();
        var problem = await site.RefusedUploadAsync(other, name);
        problem.Says("name-taken", name, image.Id.ToString(), offered);
        Assert.Equal(before, await site.SnapshotAsync());
        await site.Client.UploadImageAsync(new MemoryStream(other), offered, null, null, null, Cancel);
    }

    public static TheoryData<string, string> HostileNames => new()
    {
        { "../x.iso", "path" },
        { "..\\x.iso", "path" },
        { "/etc/x.iso", "path" },
        { new string('a', 300) + ".iso", "255 bytes" },
        { "debian\u202Eosi.exe.iso", "U+202E" },
        { "x\0.iso", "U+0000" },
        { "x\n.iso", "U+000A" },
        { "x.img", ".iso" },
        { ".iso", "usable" },
    };

    [Theory]
    [MemberData(nameof(HostileNames))]
    public async Task A_hostile_name_is_refused_whichever_way_it_comes_and_a_usable_one_is_offered(string name, string why)
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var source = site.Write("good.iso", Good);
        var before = await site.SnapshotAsync(source);
        (await site.RefusedUploadAsync(Good, name)).Says("name-invalid", why, "--name", ".iso");
        (await site.AddPathAsync(new AddRequest(Path: source, Name: name))).Problem.Says("name-invalid", why, "--name");
        Assert.Equal(before, await site.SnapshotAsync(source));

        if (name.Length < 250 && !name.AsSpan().ContainsAny('/', '\0') && name[0] != '.')
        {
            var dropped = Path.Combine(site.Inbox, name);
            await File.WriteAllBytesAsync(dropped, Good, Cancel);
            Assert.Contains(why, (await witness.DriftAsync("inbox-refused")).Reason, StringComparison.Ordinal);
            Assert.Equal(Good, await File.ReadAllBytesAsync(dropped, Cancel));
            File.Delete(dropped);
            await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
            Assert.Equal(string.Join('\n', Without(before, site.Inbox)), string.Join('\n', Without(await site.SnapshotAsync(source), site.Inbox)));
        }
    }

    [Theory]
    [InlineData("renamed away")]
    [InlineData("replaced")]
    [InlineData("appended")]
    [InlineData("edited")]
    public async Task A_source_that_changes_while_it_is_read_is_refused(string change)
    {
        var strace = Counterpart.Require("strace");
        await using var site = await Scenario.PrepareAsync();
        var source = site.Write("slow.iso", IsoBuilder.InMemory("SLOW", 16 << 20, 1));

        // Each read of this one file takes 200 ms longer.
        await site.StartAgainAsync(
            Cancel, [strace, "-f", "-qq", "-o", "/dev/null", "-P", source, "-e", "trace=pread64", "-e", "inject=pread64:delay_enter=200ms"]);
        var before = await site.SnapshotAsync();
        var job = await site.Client.AddImageAsync(new AddRequest(Path: source), Cancel);
        await TestSite.EventuallyAsync(async () => (job = await site.Client.GetJobAsync(job.Id, Cancel)).Done > 0 || job.State != "running", Cancel);
        Assert.Equal(("running", "copying"), (job.State, job.Step));
        switch (change)
        {
            case "renamed away":
                File.Move(source, source + ".old");
                break;
            case "replaced":
                File.Move(site.Write("other", Good), source, overwrite: true);
                break;
            case "appended":
                await File.AppendAllTextAsync(source, "more", Cancel);
                break;
            default:
                await using (var file = new FileStream(source, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
                {
                    file.WriteByte(1);
                }

                break;
        }

        (await site.EndOfAsync(job)).Problem.Says("source-changed", source, "while it was read", "add it again");
        Assert.Equal(before, await site.SnapshotAsync());
    }

    [Fact]
    public async Task A_source_whose_disk_fails_is_refused_with_the_place()
    {
        var strace = Counterpart.Require("strace");
        await using var site = await Scenario.PrepareAsync();
        var source = site.Write("sick.iso", IsoBuilder.InMemory("SICK", 8 << 20, 1));
        await site.StartAgainAsync(
            Cancel, [strace, "-f", "-qq", "-o", "/dev/null", "-P", source, "-e", "trace=pread64", "-e", "inject=pread64:error=EIO:when=2+"]);
        var before = await site.SnapshotAsync(source);
        var job = await site.AddPathAsync(new AddRequest(Path: source));
        job.Problem.Says("read-error", source, "at byte 2097152", "dmesg");
        Assert.Equal(before, await site.SnapshotAsync(source));
    }

    [Fact]
    public async Task A_source_that_is_missing_or_no_file_is_refused()
    {
        await using var site = await Scenario.StartAsync();
        var before = await site.SnapshotAsync();
        var missing = Path.Combine(site.Root, "missing.iso");
        (await site.AddPathAsync(new AddRequest(Path: missing))).Problem.Says("source-missing", missing, "Check the path");
        var folder = Directory.CreateDirectory(Path.Combine(site.Root, "folder.iso")).FullName;
        (await site.AddPathAsync(new AddRequest(Path: folder))).Problem.Says("source-unreadable", folder);
        var fifo = Path.Combine(site.Root, "fifo.iso");
        (await Counterpart.RunAsync("mkfifo", [fifo], Cancel)).Succeeded();
        (await site.AddPathAsync(new AddRequest(Path: fifo))).Problem.Says("source-unreadable", fifo, "not a file");
        (await site.AddPathAsync(new AddRequest(Path: "/dev/zero", Name: "zero.iso"))).Problem.Says("source-unreadable", "/dev/zero");
        var relative = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.AddImageAsync(new AddRequest(Path: "good.iso"), Cancel));
        relative.Problem.Says("invalid-request", "absolute", "good.iso");
        Assert.Equal(before, await site.SnapshotAsync());
    }

    [Fact]
    public async Task A_source_that_the_sites_user_may_not_read_is_refused_with_the_remedy()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Running the site as another user needs root.");
        var setpriv = Counterpart.Require("setpriv");
        await using var site = await Scenario.PrepareAsync();
        (await Counterpart.RunAsync("chown", ["-R", "65534:65534", site.Root], Cancel)).Succeeded();
        var source = site.Write("secret.iso", Good);
        File.SetUnixFileMode(source, UnixFileMode.None);
        await site.StartAgainAsync(Cancel, [setpriv, "--reuid=65534", "--regid=65534", "--clear-groups", "env", $"HOME={site.Root}"]);
        var before = await site.SnapshotAsync(source);
        (await site.AddPathAsync(new AddRequest(Path: source))).Problem.Says("source-unreadable", source, "readable for the user");
        Assert.Equal(before, await site.SnapshotAsync(source));
        File.SetUnixFileMode(source, UnixFileMode.OtherRead);
        Assert.Equal("done", (await site.AddPathAsync(new AddRequest(Path: source))).State);
    }

    [Fact]
    public async Task A_file_in_the_inbox_is_not_taken_up_while_somebody_still_writes_it()
    {
        await using var site = await Scenario.StartAsync();
        var (slow, quick) = (Path.Combine(site.Inbox, "slow.iso"), Path.Combine(site.Inbox, "quick.iso"));
        await using (var writer = new FileStream(slow, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite))
        {
            await writer.WriteAsync(Good.AsMemory(0, Good.Length / 2), Cancel);
            await writer.FlushAsync(Cancel);

            // Dropped after the last write to the other one, and taken up before it: quiet time alone would have taken the other first.
            await File.WriteAllBytesAsync(quick, IsoBuilder.InMemory("QUICK", 1 << 20, 3), Cancel);
            await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(quick)), Cancel);
            Assert.Equal("quick.iso", Assert.Single((await site.Client.GetImagesAsync(Cancel)).Images).Name);
            Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
            await writer.WriteAsync(Good.AsMemory(Good.Length / 2), Cancel);
        }

        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(slow)), Cancel);
        var image = await site.Client.GetImageAsync("slow.iso", Cancel);
        Assert.Equal(Digest(Good), image.Sha256);
        Assert.Equal(Good, await File.ReadAllBytesAsync(site.StoreFile(image), Cancel));
    }

    [Fact]
    public async Task A_refused_file_stays_in_the_inbox_with_its_reason_and_is_tried_again_when_it_changes()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var path = Path.Combine(site.Inbox, "good.iso");
        await File.WriteAllBytesAsync(path, Good.AsMemory(0, Good.Length / 2), Cancel);
        Assert.Contains("missing", (await witness.DriftAsync("inbox-refused", path)).Reason, StringComparison.Ordinal);
        Assert.Equal(Good.Length / 2, new FileInfo(path).Length);
        Assert.Single((await site.Client.GetJobsAsync(Cancel)).Jobs);
        await File.WriteAllBytesAsync(path, Good, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(path)), Cancel);
        Assert.Equal("good.iso", Assert.Single((await site.Client.GetImagesAsync(Cancel)).Images).Name);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    [Fact]
    public async Task An_add_that_would_leave_too_little_space_is_refused_with_what_is_missing()
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Extra = "store: { floor: 900TiB }" });
        var source = site.Write("good.iso", Good);
        var before = await site.SnapshotAsync(source);
        var problem = await site.RefusedUploadAsync(Good, "good.iso");
        problem.Says("no-space", "good.iso", "store.floor", Path.Combine(site.Data, "staging"), "Free ");
        Assert.Equal(507, problem.Status);
        (await site.AddPathAsync(new AddRequest(Path: source))).Problem.Says("no-space", source);
        Assert.Equal(before, await site.SnapshotAsync(source));
    }

    [Theory]
    [InlineData("together", false)]
    [InlineData("asap", true)]
    public async Task A_volume_without_room_says_how_much_is_missing_and_holds_back_the_others_only_if_told_to(string offer, bool bmcHasIt)
    {
        await using var volume = await MountedFolder.TmpfsAsync("2m");
        await using var site = await Scenario.StartAsync(new TestSiteOptions
        {
            Surfaces =
                $$"""
                  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
                  - { name: console, kind: volume, path: "{{volume.Path}}", check: 1s }
                """,
            Extra = "store: { floor: 1MiB }\noffer: " + offer,
        });
        using var witness = new Witness(site);
        var image = await site.Client.UploadImageAsync(
            new MemoryStream(IsoBuilder.InMemory("BIG", 4 << 20, 1)), "big.iso", null, null, null, Cancel);
        var drift = await witness.DriftAsync(ReasonCode.NoSpace, volume.Path);
        Assert.Equal(("console", image.Id), (drift.Surface, drift.Image!.Value));
        Assert.Matches(@"[0-9,]+ are missing", drift.Reason);
        Assert.Equal(ReasonCode.NoSpace, (await site.CellAsync(image.Id, "console", Cancel)).Code);
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));
        await TestSite.EventuallyAsync(
            async () => (await site.CellAsync(image.Id, "bmc", Cancel)).State == (bmcHasIt ? CellState.Advertised : CellState.Staged), Cancel);
        Assert.Equal(bmcHasIt, await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.Empty(Directory.GetFiles(volume.Path));
        Assert.Empty(Directory.GetFiles(Path.Combine(volume.Path, ".isocatalog"), "*.part"));

        await volume.RemountAsync("size=32m");
        await witness.ListedAsync(image.Id, "bmc", "console");
    }

    [Fact]
    public async Task An_upload_that_breaks_off_is_refused_and_leaves_no_trace()
    {
        await using var site = await Scenario.StartAsync();
        var before = await site.SnapshotAsync();
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(site.Api.Host, site.Api.Port, Cancel);
            await using var stream = socket.GetStream();
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /api/v1/images?name=cut.iso HTTP/1.1\r\nHost: {site.Api.Authority}\r\nContent-Type: application/octet-stream\r\n"
                    + $"Content-Length: {Good.Length}\r\n\r\n"),
                Cancel);
            await stream.WriteAsync(Good.AsMemory(0, Good.Length / 2), Cancel);
            await TestSite.EventuallyAsync(async () => (await site.Client.GetJobsAsync(Cancel)).Jobs.Count == 1, Cancel);
        }

        await TestSite.EventuallyAsync(async () => (await site.Client.GetJobsAsync(Cancel)).Jobs.All(j => j.State == "failed"), Cancel);
        Assert.Single((await site.Client.GetJobsAsync(Cancel)).Jobs).Problem.Says("upload-incomplete", "cut.iso", "again");
        Assert.Equal(before, await site.SnapshotAsync());
    }

    [Fact]
    public async Task Without_a_plausible_clock_nothing_new_is_signed_and_the_list_goes_on_and_so_do_removals()
    {
        var faketime = Counterpart.Require("faketime");
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("good.iso", Good), Cancel);
        await site.StopAsync();
        await site.StartAgainAsync(Cancel, ["env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "DONT_FAKE_MONOTONIC=1", faketime, "-f", "@1970-01-02 00:00:00"]);
        Assert.True(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.True(await site.ListsAsync("console", image.Id, Cancel));
        Assert.Equal(Good, await witness.ServedAsync(image.Id));
        var problem = await site.RefusedUploadAsync(IsoBuilder.InMemory("LATE", 1 << 20, 2), "late.iso");
        problem.Says("clock-implausible", "1970-01-02", "timedatectl");
        Assert.Equal(503, problem.Status);
        Assert.Contains("timedatectl", (await witness.DriftAsync("clock-implausible")).Reason, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "staging")));
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await TestSite.EventuallyAsync(() => site.ListsAsync("bmc", image.Id, Cancel), Cancel);
    }

    private static Sha256Digest Digest(byte[] bytes) => new(SHA256.HashData(bytes));

    private static IEnumerable<string> Without(string snapshot, string folder) =>
        snapshot.Split('\n').Where(line => !line.StartsWith(folder, StringComparison.Ordinal));
}
