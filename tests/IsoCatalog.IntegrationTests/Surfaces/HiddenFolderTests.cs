using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Ovirt;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.ConsoleVolume;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>Whoever may write to an export puts something else in the place of what the appliance keeps hidden there.</summary>
public sealed class HiddenFolderTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("own")]
    [InlineData("foreign")]
    public async Task On_a_volume_nothing_behind_a_link_is_read_written_or_deleted(string what)
    {
        using var folder = new TempFolder();
        var volume = Directory.CreateDirectory(folder.Combine("volume")).FullName;
        string? marker = null;
        using var there = new Victim(folder.Combine("victim"));
        Task KeepAsync(string id) => Task.FromResult(marker = id);
        var surface = new ConsoleVolumeSurface(new("console", "console", volume, null, false, TimeSpan.FromSeconds(10)), marker, (id, _) => KeepAsync(id));
        await AttackedAsync(surface, folder, volume, Path.Combine(volume, ".isocatalog"), what, there);
    }

    [Theory]
    [InlineData("")]
    [InlineData("own")]
    [InlineData("foreign")]
    [InlineData("retired")]
    public async Task In_an_iso_domain_nothing_behind_a_link_is_read_written_or_deleted(string what)
    {
        await using var bench = await OvirtBench.StartAsync();
        using var folder = new TempFolder();
        using var there = new Victim(folder.Combine("victim"));
        await AttackedAsync(bench.Open(grace: TimeSpan.Zero), folder, bench.Files, bench.Hidden, what, there);
    }

    [Theory]
    [InlineData("images")]
    [InlineData("images/11111111-1111-1111-1111-111111111111")]
    public async Task In_an_iso_domain_a_folder_on_the_way_that_is_a_link_is_not_entered(string what)
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        await bench.PublishAsync(image);
        var path = Path.Combine(bench.Export, OvirtBench.Domain.ToString("D"), what);
        Directory.Move(path, path + ".real");
        Directory.CreateSymbolicLink(path, path + ".real");

        var refused = OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, null, Cancel), ReasonCode.SurfaceMissing);

        Assert.Contains("a link is not followed", refused.Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(bench.Shown(image)));
    }

    [Fact]
    public async Task A_hidden_folder_of_somebody_else_is_left_alone_and_named()
    {
        using var folder = new TempFolder();
        var volume = Directory.CreateDirectory(folder.Combine("volume")).FullName;
        var surface = new ConsoleVolumeSurface(new("console", "console", volume, null, false, TimeSpan.FromSeconds(10)), null, null);
        Assert.IsType<SurfaceOutcome.Done>(await surface.CheckAsync(Cancel));
        (await Counterpart.RunAsync("chown", ["1234:1234", Path.Combine(volume, ".isocatalog")], Cancel)).Succeeded();

        var refused = Assert.IsType<SurfaceOutcome.Refused>(await surface.CheckAsync(Cancel));

        Assert.Equal(ReasonCode.ForeignFile, refused.Code);
        Assert.Contains("belongs to user 1234", refused.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hidden_folder_that_others_may_write_to_is_closed_again()
    {
        using var folder = new TempFolder();
        var volume = Directory.CreateDirectory(folder.Combine("volume")).FullName;
        var surface = new ConsoleVolumeSurface(new("console", "console", volume, null, false, TimeSpan.FromSeconds(10)), null, null);
        Assert.IsType<SurfaceOutcome.Done>(await surface.CheckAsync(Cancel));
        (await Counterpart.RunAsync("chmod", ["0777", Path.Combine(volume, ".isocatalog")], Cancel)).Succeeded();

        Assert.IsType<SurfaceOutcome.Done>(await surface.CheckAsync(Cancel));

        Assert.Equal((UnixFileMode)Convert.ToInt32("0700", 8), File.GetUnixFileMode(Path.Combine(volume, ".isocatalog")));
    }

    [Theory]
    [InlineData("owner")]
    [InlineData("second link")]
    public async Task A_staged_file_that_somebody_else_could_write_to_is_made_anew(string how)
    {
        using var folder = new TempFolder();
        var volume = Directory.CreateDirectory(folder.Combine("volume")).FullName;
        var surface = new ConsoleVolumeSurface(new("console", "console", volume, null, false, TimeSpan.FromSeconds(10)), null, null);
        Assert.IsType<SurfaceOutcome.Done>(await surface.CheckAsync(Cancel));
        var (image, bytes) = ContractImages.Put(folder.Combine("store"), "a.iso", 70_000);
        var part = Path.Combine(volume, ".isocatalog", image.Root + ".part");
        await File.WriteAllBytesAsync(folder.Combine("theirs"), bytes, Cancel);
        (how == "owner"
            ? await Counterpart.RunAsync("install", ["-o", "1234", folder.Combine("theirs"), part], Cancel)
            : await Counterpart.RunAsync("ln", [folder.Combine("theirs"), part], Cancel)).Succeeded();

        OvirtBench.Done(await surface.StageAsync(image, null, Cancel));

        // By its owner and its names: its inode may have the number that theirs had.
        var staged = FileStat.Of(part);
        Assert.Equal((Libc.EffectiveUser(), 1u), (staged.User, staged.Links));
    }

    [Fact]
    public async Task A_marker_without_an_id_never_replaces_a_known_one()
    {
        using var folder = new TempFolder();
        var volume = Directory.CreateDirectory(folder.Combine("volume")).FullName;
        string? marker = null;
        ConsoleVolumeSurface Open() => new(
            new("console", "console", volume, null, false, TimeSpan.FromSeconds(10)), marker, (id, _) => Task.FromResult(marker = id));
        Assert.IsType<SurfaceOutcome.Done>(await Open().CheckAsync(Cancel));
        var known = marker!;
        await File.WriteAllTextAsync(Path.Combine(volume, ".isocatalog", "volume"), "surface: console\n", Cancel);

        var refused = Assert.IsType<SurfaceOutcome.Refused>(await Open().CheckAsync(Cancel));

        Assert.Equal((ReasonCode.SurfaceMissing, known), (refused.Code, marker));
        Assert.Contains($"\"volume: {known}\"", refused.Reason, StringComparison.Ordinal);

        // What it says is what helps.
        await File.WriteAllTextAsync(Path.Combine(volume, ".isocatalog", "volume"), $"surface: console\nvolume: {known}\n", Cancel);
        Assert.IsType<SurfaceOutcome.Done>(await Open().CheckAsync(Cancel));
    }

    private static async Task AttackedAsync(ISurface surface, TempFolder folder, string visible, string hidden, string what, Victim victim)
    {
        await surface.CheckAsync(Cancel);
        var published = new List<(StoredImage Image, Evidence Evidence)>();
        foreach (var name in new[] { "kept.iso", "gone.iso", "replaced.iso" })
        {
            var (image, _) = ContractImages.Put(folder.Combine("store"), name, 70_000 + published.Count);
            OvirtBench.Done(await surface.StageAsync(image, null, Cancel));
            published.Add((image, OvirtBench.Done(await surface.AdvertiseAsync(image, Cancel))));
        }

        // In the place of a published file lies something of somebody else, so that one is to be moved aside, too.
        File.Delete(Path.Combine(visible, "replaced.iso"));
        await File.WriteAllTextAsync(Path.Combine(visible, "replaced.iso"), "theirs", Cancel);
        var place = Path.Combine(hidden, what).TrimEnd('/');
        if (Directory.Exists(place))
        {
            Directory.Move(place, folder.Combine("aside"));
        }

        // It has what the appliance looks for: a marker, notes, parts, things that are going, things that were withdrawn long ago.
        foreach (var part in what.Length == 0 ? new[] { "", "own", "retired", "foreign" } : [""])
        {
            victim.Fill(part);
        }

        Directory.CreateSymbolicLink(place, victim.Path);
        var (late, _) = ContractImages.Put(folder.Combine("store"), "late.iso", 80_000);
        SurfaceOutcome[] outcomes =
        [
            await surface.CheckAsync(Cancel),
            await surface.StageAsync(late, null, Cancel),
            await surface.AdvertiseAsync(late, Cancel),
            await surface.WithdrawAsync(published[1].Image, published[1].Evidence, Cancel),
            await surface.WithdrawAsync(published[2].Image, published[2].Evidence, Cancel),
            await surface.ResumeAsync(published[0].Image, published[0].Evidence, Cancel),
            await surface.VerifyAsync(published[0].Image, published[0].Evidence, null, Cancel),
            await surface.CheckAsync(Cancel),
        ];
        var findings = await surface.ObserveAsync([new PublishedImage(published[0].Image, published[0].Evidence)], Cancel);

        victim.Untouched();
        var said = outcomes.OfType<SurfaceOutcome.Refused>().Select(o => (o.Code, o.Reason)).Concat(findings.Select(f => (f.Code, f.Reason)));
        Assert.Contains(said, s => s.Code == ReasonCode.ForeignFile && s.Reason.Contains($"{place} is a link", StringComparison.Ordinal));
        Assert.DoesNotContain(said, s => s.Reason.Contains("/proc/", StringComparison.Ordinal));

        // Once it is gone everything goes on.
        File.Delete(place);
        if (Directory.Exists(folder.Combine("aside")))
        {
            Directory.Move(folder.Combine("aside"), place);
        }

        await surface.CheckAsync(Cancel);
        OvirtBench.Done(await surface.StageAsync(late, null, Cancel));
        OvirtBench.Done(await surface.AdvertiseAsync(late, Cancel));
        Assert.IsType<SurfaceOutcome.Done>(await surface.WithdrawAsync(published[1].Image, published[1].Evidence, Cancel));
        Assert.False(File.Exists(Path.Combine(visible, "gone.iso")));
    }

    /// <summary>A folder elsewhere, with old files of every name that the appliance deletes or moves.</summary>
    private sealed class Victim(string path) : IDisposable
    {
        private readonly Dictionary<string, (string Text, DateTime Written)> _files = [];

        public string Path { get; } = Directory.CreateDirectory(path).FullName;

        public void Fill(string below)
        {
            Directory.CreateDirectory(System.IO.Path.Combine(Path, below));
            foreach (var name in new[] { "volume", "gone.iso", "kept.iso", "kept.iso.1", "old.iso.12345", "x.iso.going", ".note.12345678.tmp", new string('a', 64) + ".part" })
            {
                var file = System.IO.Path.Combine(Path, below, name);
                var text = name == "volume" ? "surface: console\n" : $"precious {below} {name}";
                File.WriteAllText(file, text);
                File.SetLastWriteTimeUtc(file, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
                _files.Add(file, (text, new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc)));
            }
        }

        public void Untouched()
        {
            Assert.Equal(_files.Keys.Order(StringComparer.Ordinal), Directory.GetFiles(Path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal));
            Assert.All(_files, file => Assert.Equal((file.Value.Text, file.Value.Written), (File.ReadAllText(file.Key), File.GetLastWriteTimeUtc(file.Key))));
        }

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
