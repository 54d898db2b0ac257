using IsoCatalog.Core.Readiness;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Somebody lays hands on a published file: on a console's volume and, beside it, in an ISO domain that a simulated engine lists.</summary>
public sealed class PublishedFileDamageTests
{
    private const int Size = 3 << 20;

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
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var started = Witness.Now;
        foreach (var (surface, folder) in Places(site, domain))
        {
            var published = Path.Combine(folder, image.Name);

            // As long as it is open, its inode's number cannot be given to another file.
            using var held = File.OpenHandle(published, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var (inode, mode) = (FileIdentity.Of(held, default).Inode, File.GetUnixFileMode(published));

            var before = Witness.Now;
            await Damage.DoAsync(published, damage);
            var left = await witness.LeftWithinTwoSecondsAsync(image.Id, surface, before, Witness.Now);
            Assert.Equal(damage is "deleted" or "renamed away" ? ReasonCode.FileMissing : ReasonCode.FileChanged, left.Code);
            await witness.ToldAsync(before, left.Code!, surface, image.Id);
            Assert.Equal(1, await witness.MetricAsync($$"""isocatalog_drift_found_total{code="{{left.Code}}",surface="{{surface}}"}"""));

            await witness.ListedAsync(image.Id, surface);

            // What is right is left to whoever has it mounted; what is wrong is published anew.
            Assert.Equal(damage is "touched" or "made writable" or "given to somebody else", inode == FileIdentity.Of(published, default)!.Value.Inode);
            Assert.Equal(mode, File.GetUnixFileMode(published));
            Assert.Equal(bytes, await File.ReadAllBytesAsync(published, Cancel));
        }

        Assert.Contains(image.Name, await domain.ListAsync(Cancel));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(site.StoreFile(image), Cancel));
        Assert.Empty(await witness.LeftAsync(image.Id, "bmc", started));
    }

    [Fact]
    public async Task A_foreign_file_in_the_place_of_a_published_one_is_kept_aside_and_reported()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        var foreign = IsoBuilder.InMemory("EVIL", Size, 666);
        foreach (var (surface, folder) in Places(site, domain))
        {
            var before = Witness.Now;
            File.Move(site.Write("other.bin", foreign), Path.Combine(folder, image.Name), overwrite: true);
            await witness.LeftWithinTwoSecondsAsync(image.Id, surface, before, Witness.Now);
            await witness.ListedAsync(image.Id, surface);

            var kept = Assert.Single(Directory.GetFiles(Path.Combine(surface == "ovirt" ? domain.Hidden : Path.Combine(folder, ".isocatalog"), "foreign")));
            Assert.Equal(foreign, await File.ReadAllBytesAsync(kept, Cancel));
            Assert.Equal(surface, (await witness.DriftAsync(ReasonCode.ForeignFile, kept)).Surface);
        }
    }

    [Fact]
    public async Task A_file_that_is_not_ours_is_reported_counted_and_left_alone_and_never_offered()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var foreign = IsoBuilder.InMemory("VIRTIO", 40_000, 9);
        foreach (var (surface, folder) in Places(site, domain))
        {
            var path = Path.Combine(folder, "virtio-win.iso");
            await File.WriteAllBytesAsync(path, foreign, Cancel);
            Assert.Equal(surface, (await witness.DriftAsync(ReasonCode.ForeignFile, path)).Surface);
            Assert.Equal(1, await witness.MetricAsync($$"""isocatalog_drift{code="foreign-file",surface="{{surface}}"}"""));
        }

        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 1)), Cancel);
        Assert.Equal(["debian-12.iso", "virtio-win.iso"], (await domain.ListAsync(Cancel)).Order(StringComparer.Ordinal));
        foreach (var (surface, folder) in Places(site, domain))
        {
            Assert.Equal([image.Id], (await site.Client.GetAvailableAsync(new IsoCatalog.Client.AvailableRequest(surface), Cancel)).Images.Select(i => i.Id));
            Assert.Equal(foreign, await File.ReadAllBytesAsync(Path.Combine(folder, "virtio-win.iso"), Cancel));
            File.Delete(Path.Combine(folder, "virtio-win.iso"));
        }

        await TestSite.EventuallyAsync(async () => (await site.Client.GetDriftAsync(Cancel)).Drift.Count == 0, Cancel);
    }

    /// <summary>To compare an ISO domain its engine is asked, and that takes as long as it takes.</summary>
    [Fact]
    public async Task While_a_slow_engine_is_waited_for_damage_on_a_volume_leaves_the_list_within_two_seconds()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain, enginePace: 1);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        await witness.ListedAsync(image.Id, "console");
        domain.Engine.Faults = new() { Delay = TimeSpan.FromMinutes(1) };

        // What is not ours came, so the domain is compared.
        await File.WriteAllTextAsync(Path.Combine(domain.Files, "not-ours.iso"), "not ours", Cancel);
        var before = Witness.Now;
        File.Delete(Path.Combine(site.Console, image.Name));
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, Witness.Now);
        domain.Engine.Faults = EngineFaults.None;
    }

    private static (string Surface, string Folder)[] Places(TestSite site, SimulatedDomain domain) => [("console", site.Console), ("ovirt", domain.Files)];

    /// <summary>The volume's periodic check is far too slow to be what noticed anything within two seconds.</summary>
    private static Task<TestSite> StartAsync(SimulatedDomain domain, int enginePace = 50) => Scenario.StartAsync(new TestSiteOptions
    {
        EnginePace = enginePace,
        Surfaces =
            $$"""
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
              - { name: console, kind: volume, path: "{root}/console", check: 5s }
            {{domain.Surface.Replace("check: 1s", "check: 5s", StringComparison.Ordinal)}}
            """,
    });
}
