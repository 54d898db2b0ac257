using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Simulators;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>What happens to the files of an ISO domain.</summary>
public sealed class IsoDomainFilesTests
{
    private static CancellationToken Cancel => OvirtBench.Cancel;

    [Fact]
    public async Task Nothing_is_written_where_the_export_is_not_mounted()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        Directory.Move(bench.Export, bench.Export + ".elsewhere");
        Directory.CreateDirectory(bench.Export);

        Assert.Contains("mounted", OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceMissing).Reason, StringComparison.Ordinal);
        OvirtBench.Refused(await bench.Surface.StageAsync(bench.Put("b.iso").Image, null, Cancel), ReasonCode.SurfaceMissing);
        OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, receipt, Cancel), ReasonCode.SurfaceMissing);
        Assert.Equal(ReasonCode.SurfaceMissing, Assert.Single(await bench.Surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel)).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Export));

        Directory.Delete(bench.Export);
        Directory.Move(bench.Export + ".elsewhere", bench.Export);
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.CheckAsync(Cancel));
        Assert.Empty(await bench.Surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
    }

    [Theory]
    [InlineData("CLASS=Iso", "CLASS=Data", "of class Data")]
    [InlineData("SDUUID=5a1f", "SDUUID=6a1f", "storage domain 6a1f")]
    [InlineData("SDUUID=", "ID=", "storage domain (none)")]
    public async Task Another_domain_is_named_and_left_alone(string there, string instead, string said)
    {
        await using var bench = await OvirtBench.StartAsync(check: false);
        var metadata = Path.Combine(bench.Export, OvirtBench.Domain.ToString("D"), "dom_md", "metadata");
        await File.WriteAllTextAsync(metadata, (await File.ReadAllTextAsync(metadata, Cancel)).Replace(there, instead, StringComparison.Ordinal), Cancel);

        Assert.Contains(said, OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceMissing).Reason, StringComparison.Ordinal);
        OvirtBench.Refused(await bench.Surface.StageAsync(bench.Put("a.iso").Image, null, Cancel), ReasonCode.SurfaceMissing);
        Assert.False(Directory.Exists(bench.Hidden));
    }

    [Theory]
    [InlineData("images/11111111-1111-1111-1111-111111111111", "0711", "cannot list it")]
    [InlineData("images/11111111-1111-1111-1111-111111111111", "0744", "cannot list it")]
    [InlineData("images", "0700", "cannot enter it")]
    [InlineData("", "0744", "cannot enter it")]
    public async Task A_folder_that_vdsm_cannot_list_is_named_with_the_command_that_mends_it(string folder, string mode, string said)
    {
        await using var bench = await OvirtBench.StartAsync();
        var path = Path.Combine(bench.Export, OvirtBench.Domain.ToString("D"), folder);
        Closed.Make(path, mode);

        var reason = OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.DomainUnlistable).Reason;
        Assert.Contains($"{path} has mode {mode}", reason, StringComparison.Ordinal);
        Assert.Contains(said, reason, StringComparison.Ordinal);
        Assert.Contains(await bench.Surface.ObserveAsync([], Cancel), f => f.Code == ReasonCode.DomainUnlistable);
        await MendAsync(reason);
        await TestSite.EventuallyAsync(async () => await bench.Surface.CheckAsync(Cancel) is SurfaceOutcome.Done, Cancel);
    }

    /// <summary>What else is wrong is said all the same, and the command that is named mends it.</summary>
    [Theory]
    [InlineData("a folder of rsync's")]
    [InlineData("a folder that can be listed and not searched")]
    [InlineData("a folder in a folder, with a quote")]
    [InlineData("a name in Latin-1")]
    [InlineData("a link to nothing")]
    [InlineData("a link to where vdsm may not go")]
    public async Task One_thing_that_vdsm_cannot_look_at_is_named_and_hides_nothing_else(string thing)
    {
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Lag = TimeSpan.FromMilliseconds(50) });
        var (image, _) = bench.Put("a.iso");
        var published = new PublishedImage(image, await bench.PublishAsync(image));
        bench.Engine.Faults = bench.Engine.Faults with { Hide = ["a.iso"], Invent = ["ghost.iso"], Status = new Dictionary<string, string> { ["Default"] = "maintenance" } };
        await File.WriteAllTextAsync(Path.Combine(bench.Files, "foreign.iso"), "somebody else's", Cancel);
        bench.Engine.Faults = bench.Engine.Faults with { Status = new Dictionary<string, string>() };
        await bench.Surface.RefreshAsync(Cancel);
        await bench.Surface.RefreshAsync(Cancel);
        bench.Engine.Faults = bench.Engine.Faults with { Status = new Dictionary<string, string> { ["Default"] = "maintenance" } };
        await PutAsync(bench, thing);

        // A check has little patience with an engine here, so on a busy machine its answer comes with a later one.
        IReadOnlyList<SurfaceFinding> findings = [];
        await TestSite.EventuallyAsync(
            async () =>
            {
                await bench.Surface.CheckAsync(Cancel);
                findings = await bench.Surface.ObserveAsync([published], Cancel);
                return findings.Any(f => f.Code == ReasonCode.DomainInactive);
            },
            Cancel);
        Assert.Contains(findings, f => f.Code == ReasonCode.EngineNotListed && f.Image == image.Id);
        Assert.Contains(findings, f => f.Code == ReasonCode.EngineListsMore && f.Reason.Contains("ghost.iso", StringComparison.Ordinal));
        Assert.Contains(findings, f => f.Code == ReasonCode.DomainInactive);
        Assert.Contains(findings, f => f.Code == ReasonCode.ForeignFile && f.Reason.Contains("foreign.iso", StringComparison.Ordinal));
        var unlistable = Assert.Single(findings, f => f.Code == ReasonCode.DomainUnlistable).Reason;
        bench.Engine.Faults = EngineFaults.None;
        Assert.Equal(unlistable, OvirtBench.Refused((await bench.Surface.RefreshAsync(Cancel)).Outcome, ReasonCode.DomainUnlistable).Reason);

        await MendAsync(unlistable);
        await TestSite.EventuallyAsync(async () => (await bench.Surface.RefreshAsync(Cancel)).Outcome is SurfaceOutcome.Done, Cancel);
        Assert.DoesNotContain(await bench.Surface.ObserveAsync([published], Cancel), f => f.Code == ReasonCode.DomainUnlistable);
    }

    [Fact]
    public async Task A_folder_that_is_too_deep_to_look_into_is_said_and_hides_nothing_else()
    {
        await using var bench = await OvirtBench.StartAsync();
        Directory.CreateDirectory(Path.Combine(bench.Files, "sub"));
        bench.Engine.Faults = bench.Engine.Faults with { Invent = ["sub/in.iso", "ghost.iso"] };
        await bench.Surface.RefreshAsync(Cancel);
        await bench.Surface.RefreshAsync(Cancel);
        var deep = Path.Combine(bench.Files, "sub", "2", "3", "4", "5", "6", "7", "8", "9");
        Directory.CreateDirectory(deep);
        await File.WriteAllTextAsync(Path.Combine(deep, "in.iso"), "deep", Cancel);

        var findings = await bench.Surface.ObserveAsync([], Cancel);
        Assert.Contains(findings, f => f.Code == ReasonCode.ForeignFile && f.Reason.Contains(deep, StringComparison.Ordinal) && f.Reason.Contains("not looked into", StringComparison.Ordinal));
        Assert.Equal(2, findings.Count(f => f.Code == ReasonCode.EngineListsMore));
    }

    [Fact]
    public async Task An_image_folder_that_is_a_link_is_not_followed()
    {
        await using var bench = await OvirtBench.StartAsync();
        Directory.Move(bench.Files, bench.Files + ".moved");
        Directory.CreateSymbolicLink(bench.Files, bench.Files + ".moved");

        OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceMissing);
    }

    [Fact]
    public async Task Staged_bytes_lie_on_the_same_file_system_and_outside_what_hosts_list()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var staged = OvirtBench.Done(await bench.Surface.StageAsync(image, null, Cancel));

        Assert.Empty(Directory.EnumerateFileSystemEntries(bench.Files));
        Assert.Empty(await bench.ListedAsync());
        var part = Path.Combine(bench.Hidden, image.Root + ".part");
        Assert.Equal(staged.Inode, FileIdentity.Of(part, default)!.Value.Inode);
        Assert.Equal(staged.Inode, OvirtBench.Done(await bench.Surface.AdvertiseAsync(image, Cancel)).Inode);
        Assert.Equal([bench.Shown(image)], Directory.EnumerateFileSystemEntries(bench.Files));
    }

    [Fact]
    public async Task A_published_file_can_be_read_by_all_and_belongs_to_vdsm_where_it_may_be_given_away()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        await bench.PublishAsync(image);

        var stat = FileStat.Of(bench.Shown(image));
        Assert.Equal(Convert.ToInt32("0644", 8), (int)stat.Mode);
        Assert.Equal(Environment.IsPrivilegedProcess ? (36u, 36u) : (FileStat.Of(bench.PasswordFile).User, FileStat.Of(bench.PasswordFile).Group), (stat.User, stat.Group));
    }

    [Fact]
    public async Task What_would_not_leave_the_reserve_is_not_begun()
    {
        await using var bench = await OvirtBench.StartAsync();
        var free = FreeSpace.Of(bench.Files).AvailableBytes;
        bench.Open(reserve: free + (1L << 40));

        Assert.Contains("left free", OvirtBench.Refused(await bench.Surface.StageAsync(bench.Put("a.iso").Image, null, Cancel), ReasonCode.NoSpace).Reason, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(bench.Hidden));
    }

    [Fact]
    public async Task A_name_that_is_there_is_never_replaced()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("virtio-win.iso");
        await File.WriteAllTextAsync(bench.Shown(image), "somebody else's", Cancel);
        OvirtBench.Done(await bench.Surface.StageAsync(image, null, Cancel));

        OvirtBench.Refused(await bench.Surface.AdvertiseAsync(image, Cancel), ReasonCode.ForeignFile);
        Assert.Equal("somebody else's", await File.ReadAllTextAsync(bench.Shown(image), Cancel));
        Assert.Contains(await bench.Surface.ObserveAsync([], Cancel), f => f.Code == ReasonCode.ForeignFile);
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, null, Cancel));
        Assert.True(File.Exists(bench.Shown(image)));
    }

    [Fact]
    public async Task Other_bytes_under_a_published_name_are_refused()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (first, bytes) = bench.Put("a.iso");
        await bench.PublishAsync(first);
        var (second, _) = bench.Put("a.iso");
        OvirtBench.Done(await bench.Surface.StageAsync(second, null, Cancel));

        OvirtBench.Refused(await bench.Surface.AdvertiseAsync(second, Cancel), ReasonCode.ForeignFile);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(bench.Shown(first), Cancel));
    }

    [Fact]
    public async Task A_file_that_a_crash_left_in_place_is_read_again_before_it_is_offered()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, bytes) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        bench.Open();

        OvirtBench.Refused(await bench.Surface.AdvertiseAsync(image, Cancel), ReasonCode.NotYetPublished);
        Assert.Equal(receipt.Inode, (await bench.PublishAsync(image)).Inode);

        Surfaces.SurfaceContract.FlipOneByte(bench.Shown(image));
        bench.Open();
        Assert.NotEqual(receipt.Inode, (await bench.PublishAsync(image)).Inode);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(bench.Shown(image), Cancel));
    }

    [Fact]
    public async Task A_crash_while_staging_leaves_nothing_after_the_next_check()
    {
        await using var bench = await OvirtBench.StartAsync();
        var part = Path.Combine(bench.Hidden, bench.Put("a.iso").Image.Root + ".part");
        await File.WriteAllTextAsync(part, "half", Cancel);
        bench.Open();

        await bench.Surface.CheckAsync(Cancel);
        Assert.False(File.Exists(part));
    }

    [Fact]
    public async Task A_withdrawn_file_is_renamed_away_and_deleted_after_its_grace()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, bytes) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await using var opened = File.OpenRead(bench.Shown(image));
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));

        Assert.DoesNotContain("a.iso", await bench.ListedAsync());
        var kept = Assert.Single(Directory.EnumerateFiles(Path.Combine(bench.Hidden, "retired")));
        Assert.Equal(receipt.Inode, FileIdentity.Of(kept, default)!.Value.Inode);
        Assert.Equal(bytes.Length, opened.Length);
        await bench.Surface.CheckAsync(Cancel);
        Assert.True(File.Exists(kept));

        bench.Open(grace: TimeSpan.Zero);
        await TestSite.EventuallyAsync(
            async () =>
            {
                await bench.Surface.CheckAsync(Cancel);
                return !File.Exists(kept);
            },
            Cancel);
    }

    [Fact]
    public async Task A_withdrawn_file_is_kept_as_long_as_the_engine_lists_it()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        bench.Open(grace: TimeSpan.Zero);
        bench.Engine.Faults = bench.Engine.Faults with { Invent = ["a.iso"] };
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));

        await bench.ListedAsync();
        await bench.Surface.CheckAsync(Cancel);
        Assert.Single(Directory.EnumerateFiles(Path.Combine(bench.Hidden, "retired")));
    }

    [Fact]
    public async Task What_was_withdrawn_just_now_is_not_missed_by_an_engine_whose_hosts_remember_it()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        bench.Engine.Faults = bench.Engine.Faults with { Lag = TimeSpan.FromHours(1) };
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        bench.Open();
        Assert.Contains("a.iso", await bench.ListedAsync());
        Assert.Contains("a.iso", await bench.ListedAsync());

        Assert.Empty(await bench.Surface.ObserveAsync([], Cancel));
        Assert.Equal(0, bench.Surface.Figures.Drift);

        bench.Open(OvirtBench.Quick with { Lag = TimeSpan.FromMilliseconds(1) });
        await bench.ListedAsync();
        await bench.ListedAsync();
        Assert.Equal(ReasonCode.EngineListsMore, Assert.Single(await bench.Surface.ObserveAsync([], Cancel)).Code);
    }

    [Fact]
    public async Task What_vdsm_would_say_is_said_before_the_engine_is_asked()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        await bench.PublishAsync(image);
        File.CreateSymbolicLink(Path.Combine(bench.Files, "gone.iso"), "/nowhere/at/all.iso");
        var forced = bench.Forced.Count();

        var (outcome, _) = await bench.Surface.RefreshAsync(Cancel);
        Assert.Contains("gone.iso", OvirtBench.Refused(outcome, ReasonCode.DomainUnlistable).Reason, StringComparison.Ordinal);
        Assert.Equal(forced, bench.Forced.Count());
        Assert.Contains(await bench.Surface.ObserveAsync([], Cancel), f => f.Code == ReasonCode.DomainUnlistable && f.Reason.Contains("gone.iso", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_foreign_thing_that_is_listed_wrongly_or_not_at_all_is_reported_and_stays()
    {
        await using var bench = await OvirtBench.StartAsync();
        Directory.CreateDirectory(Path.Combine(bench.Files, "sub"));
        foreach (var (name, mode) in new[] { ("closed.iso", UnixFileMode.UserRead), ("sub/inside.iso", UnixFileMode.OtherRead), (".hidden.iso", UnixFileMode.OtherRead) })
        {
            await File.WriteAllTextAsync(Path.Combine(bench.Files, name), name, Cancel);
            File.SetUnixFileMode(Path.Combine(bench.Files, name), mode);
        }

        File.CreateSymbolicLink(Path.Combine(bench.Files, "link.iso"), Path.Combine(bench.Files, ".hidden.iso"));
        var reasons = (await bench.Surface.ObserveAsync([], Cancel)).Select(f => f.Reason).ToList();

        foreach (var said in new[] { "closed.iso: with mode 0400", "inside.iso: it is in a folder", "link.iso: it is a symbolic link", ".hidden.iso is not ours" })
        {
            Assert.Contains(reasons, r => r.Contains(said, StringComparison.Ordinal));
        }

        Assert.Equal([".hidden.iso", "link.iso", "sub/inside.iso"], await bench.ListedAsync());
        Assert.True(File.Exists(Path.Combine(bench.Files, "closed.iso")));
    }

    [Fact]
    public async Task A_published_file_that_lost_its_mode_is_doubted()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        File.SetUnixFileMode(bench.Shown(image), UnixFileMode.UserRead);

        var finding = Assert.Single(await bench.Surface.ObserveAsync([new PublishedImage(image, receipt)], Cancel));
        Assert.Equal((image.Id, ReasonCode.FileChanged), (finding.Image!.Value, finding.Code));
        Assert.Contains("qemu may not read it", finding.Reason, StringComparison.Ordinal);
    }

    private static async Task PutAsync(OvirtBench bench, string thing)
    {
        switch (thing)
        {
            case "a folder of rsync's":
                Closed.Make(Path.Combine(bench.Files, ".~tmp~"), "0700");
                break;
            case "a folder that can be listed and not searched":
                Directory.CreateDirectory(Path.Combine(bench.Files, "sub", "inside"));
                Closed.Make(Path.Combine(bench.Files, "sub"), "0744");
                break;
            case "a folder in a folder, with a quote":
                Closed.Make(Path.Combine(bench.Files, "sub", "it's closed"), "0700");
                break;
            case "a name in Latin-1":
                await Closed.LatinNameAsync(bench.Files);
                break;
            case "a link to nothing":
                File.CreateSymbolicLink(Path.Combine(bench.Files, "gone away.iso"), "/nowhere/at/all.iso");
                break;
            default:
                var elsewhere = Path.Combine(bench.Export, "closed");
                Closed.Make(elsewhere, "0700");
                await File.WriteAllTextAsync(Path.Combine(elsewhere, "x.iso"), "x", Cancel);
                File.CreateSymbolicLink(Path.Combine(bench.Files, "link.iso"), Path.Combine(elsewhere, "x.iso"));
                break;
        }
    }

    /// <summary>Runs what stands behind "run:" or "Rename it:", as an operator would paste it. Only root may give files away.</summary>
    private static async Task MendAsync(string reason)
    {
        var (at, length) = new[] { "Run: ", "run: ", "Rename it: " }.Select(word => (At: reason.IndexOf(word, StringComparison.Ordinal), word.Length)).First(f => f.At >= 0);
        var command = reason[(at + length)..].Split(" - ")[0];
        if (!Environment.IsPrivilegedProcess && command.StartsWith("chown ", StringComparison.Ordinal))
        {
            command = command[(command.IndexOf(';', StringComparison.Ordinal) + 1)..];
        }

        (await Counterpart.RunAsync("bash", ["-c", "set -e; " + command], Cancel)).Succeeded();
    }
}
