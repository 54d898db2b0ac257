using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Somebody lays hands on the files of a running site, or of one that is down.</summary>
public sealed class DamageTests
{
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
        await Damage.DoAsync(site.StoreFile(image), "edited in place");
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
        await Damage.DoAsync(site.StoreFile(image), "touched");
        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "quarantine")));

        // The copy on the volume has nothing to do with the store's inode.
        Assert.Empty(await witness.LeftAsync(image.Id, "console", before));
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
        await Damage.DoAsync(Path.Combine(site.Console, image.Name), "edited in place");
        var after = Witness.Now;
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, after);
        await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, after);
        await LostAsync(site, witness, image, ReasonCode.StoreDamaged);

        await site.AddAsync(source, Cancel);
        Assert.Equal(await File.ReadAllBytesAsync(source, Cancel), await witness.ServedAsync(image.Id));
        Assert.Equal(await File.ReadAllBytesAsync(source, Cancel), await File.ReadAllBytesAsync(Path.Combine(site.Console, image.Name), Cancel));
    }

    /// <summary>The name on the volume is taken away while the store's file is read: its ctime moves, and that is no damage.</summary>
    [Theory]
    [InlineData("deleted")]
    [InlineData("replaced")]
    public async Task A_name_of_the_shared_inode_that_is_gone_or_leads_elsewhere_leaves_the_list(string how)
    {
        await using var site = await Scenario.StartAsync(Linked);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", Size, 1)), Cancel);
        var before = Witness.Now;
        await Damage.DoAsync(Path.Combine(site.Console, image.Name), how);
        await witness.LeftWithinTwoSecondsAsync(image.Id, "console", before, Witness.Now);
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(
            FileIdentity.Of(site.StoreFile(image), default)!.Value.Inode,
            FileIdentity.Of(Path.Combine(site.Console, image.Name), default)!.Value.Inode);
    }

    [Fact]
    public async Task A_shared_inode_that_is_only_touched_is_never_set_aside_and_comes_back_by_itself()
    {
        await using var site = await Scenario.StartAsync(Linked);
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 20 * Size, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var before = Witness.Now;
        await Damage.DoAsync(Path.Combine(site.Console, image.Name), "touched");
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
        await Damage.DoAsync(Path.Combine(site.Console, copy.Name), "edited in place");
        await Damage.DoAsync(site.StoreFile(store), "edited in place");

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
        await using var site = await Scenario.StartAsync(Watching with { OwnProcess = true });
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
}
