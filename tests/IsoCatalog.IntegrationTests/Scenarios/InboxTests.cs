using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Appliance.Commands;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.IntegrationTests.Files;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>What people and their programs put into the inbox, and what becomes of it.</summary>
public sealed class InboxTests
{
    private const string Refused = "inbox-refused";
    private const string Rescan = "store: { floor: 1MiB }\ninbox: { rescan: 1s }";

    private static readonly byte[] Good = IsoBuilder.InMemory("GOOD", 1 << 20, 1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A quarter of an hour is nine seconds there.</summary>
    private static TestSiteOptions Hurried => new() { Extra = Rescan, Clock = static _ => new HurriedClock(100) };

    [Fact]
    public async Task A_download_that_was_broken_off_waits_beside_its_control_file_and_is_taken_up_when_it_is_whole()
    {
        var aria2 = Counterpart.Require("aria2c");
        await using var site = await Scenario.StartAsync(Hurried);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DOWNLOAD", 8 << 20, 2);
        await using var publisher = new Publisher(bytes);
        string[] arguments = ["--file-allocation=trunc", "--summary-interval=0", "-q", "-c", "-x1", "-k1M", "-d", site.Inbox, "-o", "big.iso", publisher.Url];
        var path = Path.Combine(site.Inbox, "big.iso");

        publisher.StopAfter(2 << 20);
        using (var download = Process.Start(new ProcessStartInfo(aria2, ["--max-tries=1", "--timeout=600", .. arguments]))!)
        {
            await publisher.Stopped;
            (await Counterpart.RunAsync("kill", ["-INT", $"{download.Id}"], Cancel)).Succeeded();
            await download.WaitForExitAsync(Cancel);
        }

        Assert.Equal(bytes.Length, new FileInfo(path).Length);
        Assert.True(File.Exists(path + ".aria2"));
        var drift = await witness.DriftAsync(ReasonCode.Incomplete, path);
        Assert.Contains("big.iso.aria2", drift.Reason, StringComparison.Ordinal);
        Assert.Contains($"isocatalog add {path}", drift.Reason, StringComparison.Ordinal);
        Assert.Empty((await site.Client.GetImagesAsync(Cancel)).Images);
        Assert.Empty((await site.Client.GetJobsAsync(Cancel)).Jobs);

        publisher.StopAfter(long.MaxValue);
        (await Counterpart.RunAsync(aria2, arguments, Cancel)).Succeeded();
        await GoneAsync(path);
        Assert.Equal(SHA256.HashData(bytes), (await site.Client.GetImageAsync("big.iso", Cancel)).Sha256.ToArray());
        await NoDriftAsync(site);
    }

    [Theory]
    [InlineData("x.iso.part")]
    [InlineData(".x.iso.Ab3dEf")]
    [InlineData("~syncthing~x.iso.tmp")]
    [InlineData("x.iso.some-program")]
    public async Task An_image_beside_unfinished_work_is_taken_up_when_that_is_gone(string beside)
    {
        await using var site = await Scenario.StartAsync(Hurried);
        using var witness = new Witness(site);
        await File.WriteAllTextAsync(Path.Combine(site.Inbox, beside), "", Cancel);
        var path = await DropAsync(site, "x.iso", Good);
        await witness.DriftAsync(ReasonCode.Incomplete, path);
        Assert.Empty((await site.Client.GetJobsAsync(Cancel)).Jobs);
        File.Delete(Path.Combine(site.Inbox, beside));
        await GoneAsync(path);
        await NoDriftAsync(site);
    }

    [Fact]
    public async Task Holes_in_the_volume_wait_for_a_checksum_or_for_the_add_which_warns()
    {
        await using var site = await Scenario.StartAsync(Hurried);
        using var witness = new Witness(site);
        var (path, bytes) = await DropSparseAsync(site, "sparse.iso", 3);
        var drift = await witness.DriftAsync(ReasonCode.Incomplete, path);
        Assert.Contains("nothing was ever written", drift.Reason, StringComparison.Ordinal);
        Assert.Contains($"isocatalog add {path}", drift.Reason, StringComparison.Ordinal);
        Assert.Empty((await site.Client.GetImagesAsync(Cancel)).Images);

        await File.WriteAllTextAsync(path + ".sha256", $"{Convert.ToHexStringLower(SHA256.HashData(bytes))}  sparse.iso\n", Cancel);
        await GoneAsync(path);
        await GoneAsync(path + ".sha256");
        Assert.False(IsWarned(site));

        var (other, _) = await DropSparseAsync(site, "other.iso", 4);
        Assert.Equal("done", (await site.AddPathAsync(new AddRequest(Path: other))).State);
        Assert.True(IsWarned(site));
        await GoneAsync(other);
        await NoDriftAsync(site);
    }

    /// <summary>One that the inbox would never have looked at again.</summary>
    [Fact]
    public async Task What_was_added_by_hand_from_the_inbox_is_deleted_there()
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Extra = Rescan });
        await File.WriteAllTextAsync(Path.Combine(site.Inbox, "x.iso.part"), "", Cancel);
        var path = await DropAsync(site, "x.iso", Good);
        Assert.Equal("done", (await site.AddPathAsync(new AddRequest(Path: path, Name: "another.iso"))).State);
        await GoneAsync(path);
        Assert.Equal(["another.iso"], (await site.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Name));
    }

    [Fact]
    public async Task A_hole_behind_the_volume_is_padding()
    {
        await using var site = await Scenario.StartAsync();
        var path = await DropAsync(site, "padded.iso", Good, file => file.SetLength(Good.Length + (1 << 20)));
        await GoneAsync(path);
        Assert.Equal(Good.Length + (1 << 20), (await site.Client.GetImageAsync("padded.iso", Cancel)).Size);
    }

    public static TheoryData<string, string, string> Programs => new()
    {
        { "x.iso.sha256", "sha256sum", "x.iso" },
        { "SHA256SUMS", "sha256sum", "-b x.iso" },
        { "CHECKSUM", "sha256sum", "--tag x.iso" },
        { "x.iso.sha256sum", "openssl", "dgst -sha256 x.iso" },
        { "sha256sum.txt", "cksum", "-a sha256 x.iso" },
        { "SHA256", "cksum", "-a sha256 --untagged x.iso" },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_checksum_beside_an_image_is_what_it_must_have(string list, string program, string arguments)
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var work = site.Write("x.iso", Good);
        var written = await Counterpart.RunAsync("/bin/sh", ["-c", $"cd '{site.Root}' && {program} {arguments}"], Cancel);
        written.Succeeded();
        var listed = Path.Combine(site.Inbox, list);

        // Other bytes than the list says: refused in words, and left.
        await File.WriteAllTextAsync(listed, written.Output, Cancel);
        var path = await DropAsync(site, "x.iso", IsoBuilder.InMemory("OTHER", 1 << 20, 5));
        var drift = await witness.DriftAsync(Refused, path);
        Assert.Contains(list, drift.Reason, StringComparison.Ordinal);
        Assert.Contains("not the expected", drift.Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(path));
        Assert.Empty((await site.Client.GetImagesAsync(Cancel)).Images);

        File.Move(work, path, overwrite: true);
        await GoneAsync(path);
        Assert.Equal(SHA256.HashData(Good), (await site.Client.GetImageAsync("x.iso", Cancel)).Sha256.ToArray());
        await NoDriftAsync(site);
    }

    [Fact]
    public async Task A_list_that_is_signed_or_mended_or_comes_later_counts_as_it_is_then()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var (right, wrong) = (Convert.ToHexStringLower(SHA256.HashData(Good)), new string('a', 64));
        var list = Path.Combine(site.Inbox, "x-CHECKSUM");
        await File.WriteAllTextAsync(
            list, $"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA256\r\n\r\nSHA256 (x.iso) = {wrong}\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\n=abcd\r\n-----END PGP SIGNATURE-----\r\n", Cancel);
        var path = await DropAsync(site, "x.iso", Good);
        Assert.Contains(wrong, (await witness.DriftAsync(Refused, path)).Reason, StringComparison.Ordinal);

        // The image did not change, the list did.
        await File.WriteAllTextAsync(list, $"SHA256 (x.iso) = {right}\n", Cancel);
        await GoneAsync(path);
        await NoDriftAsync(site);

        // Too late to refuse it; not too late to say so.
        await File.WriteAllTextAsync(Path.Combine(site.Inbox, "SHA256SUMS"), $"{wrong} *x.iso\n", Cancel);
        var late = await witness.DriftAsync(Refused, "SHA256SUMS");
        Assert.Contains("isocatalog rm x.iso", late.Reason, StringComparison.Ordinal);
        File.Delete(Path.Combine(site.Inbox, "SHA256SUMS"));
        await NoDriftAsync(site);
    }

    [Fact]
    public async Task What_cannot_be_deleted_is_taken_up_once_across_restarts_and_does_not_undo_a_removal()
    {
        await using var site = await PrepareForNobodyAsync();

        // As /tmp is: another's file in it can be read, and not be deleted.
        File.SetUnixFileMode(site.Inbox, (UnixFileMode)0b001_111_111_111);
        (await Counterpart.RunAsync("chown", ["0:0", site.Inbox], Cancel)).Succeeded();
        await StartAsNobodyAsync(site);
        using var witness = new Witness(site);
        var path = await DropAsync(site, "kept.iso", Good);
        var drift = await witness.DriftAsync(ReasonCode.InboxNotEmptied, path);
        Assert.Contains("cannot be deleted", drift.Reason, StringComparison.Ordinal);
        var image = await site.Client.GetImageAsync("kept.iso", Cancel);
        Assert.Equal(image.Id, drift.Image);

        await site.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
        await StartAsNobodyAsync(site);
        Assert.Equal(drift.Since.ToUnixTimeMilliseconds(), (await witness.DriftAsync(ReasonCode.InboxNotEmptied, path)).Since.ToUnixTimeMilliseconds());

        // Later than the rescans that would have taken it up again: another file was, dropped after the start.
        var next = await DropAsync(site, "next.iso", IsoBuilder.InMemory("NEXT", 1 << 20, 6));
        await witness.DriftAsync(ReasonCode.InboxNotEmptied, next);
        Assert.DoesNotContain((await site.Client.GetJobsAsync(Cancel)).Jobs, j => j.Subject.Contains("kept", StringComparison.Ordinal));
        Assert.Equal(["next.iso"], (await site.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Name));
        Assert.Contains(ReasonCode.InboxNotEmptied, await ReadinessAsync(site, witness), StringComparison.Ordinal);

        // Another edition under the name is another file.
        var other = IsoBuilder.InMemory("EDITION", 1 << 20, 7);
        await File.WriteAllBytesAsync(path, other, Cancel);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetImagesAsync(Cancel)).Images.Any(i => i.Name == "kept.iso"), Cancel);
        Assert.Equal(SHA256.HashData(other), (await site.Client.GetImageAsync("kept.iso", Cancel)).Sha256.ToArray());

        // What can be deleted again is; what somebody else deletes is forgotten.
        File.Delete(next);
        File.SetUnixFileMode(site.Inbox, (UnixFileMode)0b111_111_111);
        await GoneAsync(path);
        await NoDriftAsync(site);
    }

    [Fact]
    public async Task An_inbox_on_a_mount_for_reading_only_is_drift_and_each_file_is_taken_up_once()
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Extra = Rescan });
        using var witness = new Witness(site);
        await using var mounted = await MountedFolder.OverAsync(site.Inbox);
        await File.WriteAllBytesAsync(Path.Combine(mounted.Device, "x.iso"), Good, Cancel);
        await mounted.RemountAsync("bind,ro");
        var path = Path.Combine(site.Inbox, "x.iso");
        await witness.DriftAsync(ReasonCode.InboxNotEmptied, $"The inbox {site.Inbox} cannot be emptied");
        var drift = await witness.DriftAsync(ReasonCode.InboxNotEmptied, path);
        await site.Client.RemoveImageAsync(drift.Image!.Value.ToString(), null, Cancel);

        // Out of sight and back: the same file.
        await mounted.UnmountAsync(lazily: true);
        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.All(d => d.Code != ReasonCode.InboxNotEmptied), Cancel);
        await mounted.MountAgainAsync();
        await mounted.RemountAsync("bind,ro");
        await witness.DriftAsync(ReasonCode.InboxNotEmptied, path);
        Assert.Single((await site.Client.GetJobsAsync(Cancel)).Jobs);
        Assert.Empty((await site.Client.GetImagesAsync(Cancel)).Images);
        await mounted.RemountAsync("bind,rw");
        await GoneAsync(path);
    }

    [Fact]
    public async Task Nothing_that_lies_there_is_passed_over_in_silence()
    {
        // What is put into a folder after that was looked at is found at the next rescan.
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Extra = Rescan });
        using var witness = new Witness(site);
        var good = site.Write("elsewhere.iso", Good);
        (await Counterpart.RunAsync(
            "bash",
            [
                "-c",
                $"""
                cd '{site.Inbox}' && cp '{good}' $'caf\xe9.iso' && ln -s '{good}' link.iso && mkfifo pipe.iso && mkdir -p drivers/deep && cp '{good}' drivers/deep/d.iso
                mkdir folder.iso && /usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket.iso")' && mknod device.iso c 1 5 && cp '{good}' .hidden.iso
                """,
            ],
            Cancel)).Succeeded();
        try
        {
            foreach (var (name, why) in new[]
            {
                ("caf\\xE9.iso", "no UTF-8"), ("link.iso", "a link"), ("pipe.iso", "a pipe"), ("drivers", "drivers/deep/d.iso"), ("folder.iso", "a folder"), ("socket.iso", "a socket"), ("device.iso", "a device"),
                (".hidden.iso", "hidden"),
            })
            {
                Assert.Contains(why, (await witness.DriftAsync(Refused, Path.Combine(site.Inbox, name))).Reason, StringComparison.Ordinal);
            }

            Assert.Empty((await site.Client.GetJobsAsync(Cancel)).Jobs);
        }
        finally
        {
            // .NET cannot delete what it cannot name.
            (await Counterpart.RunAsync("bash", ["-c", $"cd '{site.Inbox}' && rm -r * .hidden.iso"], Cancel)).Succeeded();
        }

        await NoDriftAsync(site);
    }

    [Fact]
    public async Task The_advice_for_a_file_of_the_inbox_is_to_rename_it()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var first = await DropAsync(site, "debian.iso", Good);
        await GoneAsync(first);
        foreach (var (name, why) in new[] { ("Debian.ISO", "Debian."), ("dé.iso", "U+00E9"), ("a😀.iso", "U+1F600"), ("a..b.iso", "two dots") })
        {
            var path = await DropAsync(site, name, IsoBuilder.InMemory("ADVICE", 1 << 20, 8));
            var drift = await witness.DriftAsync(Refused, why);
            Assert.Contains("by renaming it in the inbox", drift.Reason, StringComparison.Ordinal);
            Assert.DoesNotContain("--name", drift.Reason, StringComparison.Ordinal);
            File.Delete(path);
            await NoDriftAsync(site);
        }

        var twice = await DropAsync(site, "twice.iso", Good);
        Assert.Contains("Delete the file", (await witness.DriftAsync(Refused, twice)).Reason, StringComparison.Ordinal);

        // Nor is another name proposed for what no image is called like.
        foreach (var (name, proposed) in new[] { ("SHA256SUMS", "NAME.iso"), ("x.iso.filepart", "--name x.iso"), ("x.iso.gz", "--name x.iso") })
        {
            var problem = (await site.AddPathAsync(new AddRequest(Path: site.Write(name, Good)))).Problem!;
            Assert.Contains(proposed, problem.Detail, StringComparison.Ordinal);
            Assert.DoesNotContain(name + ".iso", problem.Detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_pipe_a_folder_a_device_or_a_socket_is_no_image_and_nobody_waits_for_it()
    {
        await using var site = await Scenario.StartAsync();
        var pipe = Path.Combine(site.Root, "pipe.iso");
        (await Counterpart.RunAsync("mkfifo", [pipe], Cancel)).Succeeded();
        File.CreateSymbolicLink(Path.Combine(site.Root, "link.iso"), pipe);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(Path.Combine(site.Root, "s.iso")));
        foreach (var (path, word) in new[]
        {
            (pipe, "a pipe"), (Path.Combine(site.Root, "link.iso"), "a pipe"), (site.Root, "a folder"), ("/dev/null", "a device"), (Path.Combine(site.Root, "s.iso"), "a socket"),
        })
        {
            var result = await Isocatalog.RunAsync("add", path, "--socket", site.Socket);
            Assert.Equal(ExitCode.Refused, result.ExitCode);
            Assert.Contains($"{path} is not a file: it is {word}", result.Error, StringComparison.Ordinal);
        }

        var job = await site.AddPathAsync(new AddRequest(Path: pipe));
        Assert.Contains("a pipe", job.Problem!.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing", "no such folder")]
    [InlineData("a file", "no folder")]
    [InlineData("closed", "Permission denied")]
    [InlineData("for reading", "cannot be emptied")]
    public async Task An_inbox_that_cannot_be_used_stops_no_site_and_is_said_beforehand_and_while_it_runs(string state, string why)
    {
        await using var site = await PrepareForNobodyAsync();
        var inbox = Path.Combine(site.Root, "elsewhere", "inbox");
        Directory.CreateDirectory(Path.GetDirectoryName(inbox)!);
        await site.ConfigureAsync("rescan: 1s", $"rescan: 1s, path: {inbox}");
        switch (state)
        {
            case "a file":
                await File.WriteAllTextAsync(inbox, "", Cancel);
                break;
            case "closed":
                Directory.CreateDirectory(inbox, UnixFileMode.UserRead);
                break;
            case "for reading":
                Directory.CreateDirectory(inbox, (UnixFileMode)0b111_101_101);
                File.SetUnixFileMode(inbox, (UnixFileMode)0b111_101_101);
                break;
        }

        var check = await Counterpart.RunAsync(Counterpart.Require("setpriv"), [.. Nobody(site), "dotnet", Isocatalog.Assembly, "check-config", site.ConfigurationPath], Cancel);
        Assert.Equal(0, check.ExitCode);
        Assert.Contains($"inbox.path: The inbox {inbox}", check.Output, StringComparison.Ordinal);
        Assert.Contains(why, check.Output, StringComparison.Ordinal);

        await StartAsNobodyAsync(site);
        using var witness = new Witness(site);
        var drift = await witness.DriftAsync(state == "for reading" ? ReasonCode.InboxNotEmptied : ReasonCode.InboxUnlistable, inbox);
        Assert.Contains(why, drift.Reason, StringComparison.Ordinal);
        var ready = await ReadinessAsync(site, witness);
        Assert.StartsWith("ready\n", ready, StringComparison.Ordinal);
        Assert.Contains($"{drift.Code}: {drift.Reason}", ready, StringComparison.Ordinal);
    }

    private static async Task<string> ReadinessAsync(TestSite site, Witness witness) =>
        Encoding.UTF8.GetString(await witness.BytesOfAsync(new Uri(site.Api, "readyz").ToString()));

    private static string[] Nobody(TestSite site) => ["--reuid=65534", "--regid=65534", "--clear-groups", "env", $"HOME={site.Root}"];

    private static async Task<TestSite> PrepareForNobodyAsync()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Running the site as another user needs root.");
        var site = await Scenario.PrepareAsync(new TestSiteOptions { Extra = Rescan });
        Directory.CreateDirectory(site.Inbox);
        (await Counterpart.RunAsync("chown", ["-R", "65534:65534", site.Root], Cancel)).Succeeded();
        return site;
    }

    private static Task StartAsNobodyAsync(TestSite site) => site.StartAgainAsync(Cancel, [Counterpart.Require("setpriv"), .. Nobody(site)]);

    /// <summary>As a move would: whole from the first moment.</summary>
    private static async Task<string> DropAsync(TestSite site, string name, ReadOnlyMemory<byte> bytes, Action<FileStream>? then = null)
    {
        var prepared = Path.Combine(site.Root, "prepared-" + Guid.NewGuid().ToString("N"));
        await using (var file = File.Create(prepared))
        {
            await file.WriteAsync(bytes, Cancel);
            await file.FlushAsync(Cancel);
            then?.Invoke(file);
        }

        var path = Path.Combine(site.Inbox, name);
        File.Move(prepared, path, overwrite: true);
        return path;
    }

    /// <summary>An image whose middle is a hole.</summary>
    private static async Task<(string Path, byte[] Bytes)> DropSparseAsync(TestSite site, string name, int seed)
    {
        var bytes = IsoBuilder.InMemory("SPARSE", 2 << 20, seed);
        var (from, to) = (1 << 20, (1 << 20) + (256 << 10));
        bytes.AsSpan(from..to).Clear();
        var path = await DropAsync(site, name, bytes.AsMemory(0, from), file =>
        {
            file.Position = to;
            file.Write(bytes.AsSpan(to));
        });
        using var opened = File.OpenHandle(path);
        Assert.InRange(SparseFile.FirstHole(opened, bytes.Length), from, to);
        return (path, bytes);
    }

    /// <summary>With the entry of some image is signed that it had holes.</summary>
    private static bool IsWarned(TestSite site) =>
        Directory.EnumerateFiles(Path.Combine(site.Data, "catalog", "chunks")).Any(f => File.ReadAllText(f).Contains("Nothing was ever written", StringComparison.Ordinal));

    private static Task GoneAsync(string path) => TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(path)), Cancel);

    private static async Task NoDriftAsync(TestSite site)
    {
        IReadOnlyList<DriftView> drift = [];
        await TestSite.EventuallyAsync(async () => (drift = (await site.Client.GetDriftAsync(Cancel)).Drift).Count == 0, Cancel, otherwise: () => string.Join('\n', drift.Select(d => d.Reason)));
    }

    /// <summary>A web server that stops in the middle.</summary>
    private sealed class Publisher : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _end = new();
        private readonly byte[] _bytes;
        private readonly Task _serving;
        private TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private long _until = long.MaxValue;

        public Publisher(byte[] bytes)
        {
            _bytes = bytes;
            _listener.Start();
            _serving = ServeAsync();
        }

        public string Url => $"http://{_listener.LocalEndpoint}/big.iso";

        public Task Stopped => _stopped.Task;

        public void StopAfter(long bytes)
        {
            _stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _until, bytes);
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            _listener.Dispose();
            await _serving.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            _end.Dispose();
        }

        private async Task ServeAsync()
        {
            var answers = new List<Task>();
            try
            {
                while (true)
                {
                    answers.Add(AnswerAsync(await _listener.AcceptTcpClientAsync(_end.Token)));
                }
            }
            catch (OperationCanceledException)
            {
                await Task.WhenAll(answers).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using var connection = client;
            var stream = client.GetStream();
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            var from = 0L;
            while (await reader.ReadLineAsync(_end.Token) is { Length: > 0 } line)
            {
                if (line.StartsWith("Range: bytes=", StringComparison.OrdinalIgnoreCase))
                {
                    from = long.Parse(line["Range: bytes=".Length..].Split('-')[0], System.Globalization.CultureInfo.InvariantCulture);
                }
            }

            var range = from == 0 ? "" : $"Content-Range: bytes {from}-{_bytes.Length - 1}/{_bytes.Length}\r\n";
            await stream.WriteAsync(
                Encoding.ASCII.GetBytes($"HTTP/1.1 {(from == 0 ? "200 OK" : "206 Partial Content")}\r\nAccept-Ranges: bytes\r\nContent-Length: {_bytes.Length - from}\r\n{range}Connection: close\r\n\r\n"), _end.Token);
            for (var at = from; at < _bytes.Length; at += 1 << 16)
            {
                if (at >= Interlocked.Read(ref _until))
                {
                    // Nothing more comes, and the connection stays.
                    _stopped.TrySetResult();
                    await Task.Delay(Timeout.InfiniteTimeSpan, _end.Token);
                }

                await stream.WriteAsync(_bytes.AsMemory((int)at, (int)Math.Min(1 << 16, _bytes.Length - at)), _end.Token);
            }
        }
    }
}
