using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>New bytes under a name that is taken: one step, and at no surface does the name mean two things at once.</summary>
public sealed class ReplaceTests
{
    private const string Name = "debian-12.iso";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task New_bytes_take_the_place_of_the_old_with_their_description_and_aliases_in_one_document()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var old = await site.AddAsync(site.Write(Name, Bytes(1)), Cancel);
        await site.Client.ChangeImageAsync(Name, new ImagePatch(Title: "Debian 12", Group: "Debian", Order: 7, Tags: ["stable"]), Cancel);
        await site.Client.SetAliasAsync("debian-latest", new AliasRequest(Name), Cancel);
        var documents = DocumentOf(site);

        var job = await site.AddPathAsync(new AddRequest(site.Write("second.iso", Bytes(2)), Name: Name, Title: "Debian 12.1", Replace: true));

        Assert.Equal("done", job.State);
        var image = await site.Client.GetImageAsync(Name, Cancel);
        Assert.Equal(job.Image, image.Id);
        Assert.NotEqual(old.Id, image.Id);
        Assert.Equal(("Debian 12.1", "Debian", 7, "stable"), (image.Title, image.Meta.Group, image.Meta.Order, Assert.Single(image.Meta.Tags)));
        Assert.Equal(["debian-latest"], image.Aliases);
        Assert.True((await site.Client.GetImageAsync(old.Id.ToString(), Cancel)).Deleted);
        Assert.Equal(documents + 1, DocumentOf(site));
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(Bytes(2), await File.ReadAllBytesAsync(Path.Combine(site.Console, Name), Cancel));
        Assert.False(await site.ListsAsync("console", old.Id, Cancel));
    }

    [Fact]
    public async Task Where_somebody_holds_the_old_bytes_the_new_ones_wait_and_say_for_whom()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var old = await site.AddAsync(site.Write(Name, Bytes(1)), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(Name, "console", "10.0.0.7", 600), Cancel);

        var image = await site.Client.UploadImageAsync(new MemoryStream(Bytes(2)), Name, null, null, null, replace: true, null, Cancel);

        // Nobody holds anything there.
        await witness.ListedAsync(image.Id, "bmc");
        CellView cell = null!;
        await TestSite.EventuallyAsync(async () => (cell = (await site.Client.GetImageAsync(Name, Cancel)).Ready.Values.Single()["console"]).Code == ReasonCode.WaitingForName, Cancel);
        Assert.Equal(CellState.Staged, cell.State);
        Assert.Contains("10.0.0.7", cell.Reason, StringComparison.Ordinal);
        Assert.Contains(old.Id.ToString(), cell.Reason, StringComparison.Ordinal);
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.TakeLeaseAsync(new LeaseRequest(Name, "console", "10.0.0.8", 600), Cancel));
        Assert.Contains("10.0.0.7", refused.Problem.Remedy, StringComparison.Ordinal);
        Assert.Equal(Bytes(1), await File.ReadAllBytesAsync(Path.Combine(site.Console, Name), Cancel));

        // Nor does a restart make the name mean something else.
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        await witness.ListedAsync(image.Id, "bmc");
        Assert.Equal(Bytes(1), await File.ReadAllBytesAsync(Path.Combine(site.Console, Name), Cancel));

        await site.Client.EndLeaseAsync(lease.Id, Cancel);
        await witness.ListedAsync(image.Id, "console");
        Assert.Equal(Bytes(2), await File.ReadAllBytesAsync(Path.Combine(site.Console, Name), Cancel));
    }

    [Fact]
    public async Task The_same_holds_after_a_removal_and_an_add_of_the_same_name()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        await site.AddAsync(site.Write(Name, Bytes(1)), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(Name, "bmc", "127.0.0.1", 600), Cancel);
        await site.Client.RemoveImageAsync(Name, null, Cancel);
        var image = await site.Client.UploadImageAsync(new MemoryStream(Bytes(2)), Name, null, null, null, Cancel);

        await witness.ListedAsync(image.Id, "console");
        Assert.Equal(ReasonCode.WaitingForName, (await site.Client.GetImageAsync(Name, Cancel)).Ready.Values.Single()["bmc"].Code);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        await site.Client.EndLeaseAsync(lease.Id, Cancel);
        await witness.ListedAsync(image.Id, "bmc");
    }

    [Fact]
    public async Task What_is_protected_is_not_replaced_and_what_is_free_is_simply_added()
    {
        await using var site = await Scenario.StartAsync();
        var old = await site.AddAsync(site.Write(Name, Bytes(1)), Cancel);
        await site.Client.ChangeImageAsync(Name, new ImagePatch(Protected: true), Cancel);
        var second = site.Write("second.iso", Bytes(2));
        var before = await site.SnapshotAsync(second);

        (await site.AddPathAsync(new AddRequest(second, Name: Name, Replace: true))).Problem.Says("protected", Name, "protected=false");
        (await site.AddPathAsync(new AddRequest(second, Name: Name))).Problem.Says("name-taken", Name, old.Id.ToString(), "--replace");

        Assert.Equal(before, await site.SnapshotAsync(second));
        Assert.Equal("done", (await site.AddPathAsync(new AddRequest(second, Name: "free.iso", Replace: true))).State);
        Assert.False((await site.Client.GetImageAsync(Name, Cancel)).Deleted);
    }

    [Fact]
    public async Task Other_sites_follow_and_a_mount_there_keeps_what_it_has()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        using var there = new Witness(nyc);
        var old = await ams.AddAsync(ams.Write(Name, Bytes(1)), Cancel);
        await there.ListedAsync(old.Id, "console");
        var lease = await nyc.Client.TakeLeaseAsync(new LeaseRequest(Name, "console", "10.0.0.7", 600), Cancel);

        var image = await ams.Client.UploadImageAsync(new MemoryStream(Bytes(2)), Name, null, null, null, replace: true, null, Cancel);

        using var here = new Witness(ams);
        await here.ListedAsync(image.Id, "console");
        await TestSite.EventuallyAsync(async () => (await nyc.Client.GetImageAsync(Name, Cancel)).Ready["nyc"]["console"].Code == ReasonCode.WaitingForName, Cancel);
        Assert.Equal(Bytes(1), await File.ReadAllBytesAsync(Path.Combine(nyc.Console, Name), Cancel));
        await nyc.Client.EndLeaseAsync(lease.Id, Cancel);
        await there.ListedAsync(image.Id, "console");
        Assert.Equal(Bytes(2), await File.ReadAllBytesAsync(Path.Combine(nyc.Console, Name), Cancel));
    }

    /// <summary>The number of what the site last signed.</summary>
    private static long DocumentOf(TestSite site) => Directory.GetFiles(Path.Combine(site.Data, "catalog", "documents", "ams")).Max(file =>
    {
        using var envelope = JsonDocument.Parse(File.ReadAllBytes(file));
        using var document = JsonDocument.Parse(envelope.RootElement.GetProperty("payload").GetBytesFromBase64());
        return document.RootElement.GetProperty("seq").GetInt64();
    });

    private static byte[] Bytes(int seed) => IsoBuilder.InMemory("DEBIAN", 1 << 20, seed);
}
