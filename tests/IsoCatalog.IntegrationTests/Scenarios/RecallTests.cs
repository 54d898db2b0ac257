using System.Security.Cryptography;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Bytes that must not be installed from any more.</summary>
public sealed class RecallTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_recalled_image_is_off_every_list_in_the_next_answer_and_back_without_its_source_when_that_is_taken_back()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 1 << 20, 1);
        var source = site.Write("debian-12.iso", bytes);
        var image = await site.AddAsync(source, Cancel);
        File.Delete(source);
        var url = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images[0].Mount.Url!;

        var block = await site.Client.BlockImageAsync(image.Name, new BlockRequest("wipes the wrong disk"), Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.False(await site.ListsAsync("console", image.Id, Cancel));
        Assert.Equal((image.Id, image.Name, "wipes the wrong disk", "ams", 0), (block.Id, block.Name, block.Why, block.Site, block.Leases));
        await TestSite.EventuallyAsync(
            async () => !File.Exists(Path.Combine(site.Console, image.Name)) && await witness.StatusOfAsync(url) == 404, Cancel);
        var shown = await site.Client.GetImageAsync(image.Id.ToString(), Cancel);
        Assert.Equal("wipes the wrong disk", shown.Blocked!.Why);
        Assert.All(shown.Ready["ams"].Values, c => Assert.Equal(ReasonCode.Blocked, c.Code));
        Assert.Contains(await witness.EventsAsync(), e => e is { Type: "image", Code: ReasonCode.Blocked } && e.Image == image.Id);
        Assert.True(File.Exists(site.StoreFile(image)));
        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);

        // A recall outlives a restart, and says nothing new when it is repeated.
        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        Assert.Equal(block.Since, (await site.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest(), Cancel)).Since);
        Assert.Equal(image.Id, Assert.Single((await site.Client.GetBlocksAsync(Cancel)).Blocks).Id);

        await site.Client.UnblockImageAsync(image.Name, Cancel);
        await witness.ListedAsync(image.Id, "bmc", "console");
        Assert.Equal(bytes, await witness.ServedAsync(image.Id));
        Assert.Null((await site.Client.GetImageAsync(image.Name, Cancel)).Blocked);
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.UnblockImageAsync(image.Id.ToString(), Cancel));
        refused.Problem.Says("not-found", "not recalled");
    }

    [Fact]
    public async Task Recalled_bytes_are_refused_at_add_in_the_inbox_and_at_restore_even_if_they_never_were_here()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("EVIL", 1 << 20, 7);
        var id = new ImageId(new Sha256Digest(SHA256.HashData(bytes)));
        await FleetCalls.VerbAsync(0, "block", id.ToString(), "--why", "tampered", "--yes", "--socket", site.Socket);

        (await site.RefusedUploadAsync(bytes, "evil.iso")).Says("blocked", "tampered", "block --undo");
        var dropped = Path.Combine(site.Inbox, "other-name.iso");
        await File.WriteAllBytesAsync(dropped, bytes, Cancel);
        Assert.Equal(id, (await witness.DriftAsync("inbox-refused", "tampered")).Image);
        Assert.True(File.Exists(dropped), "what is refused stays where it was");
        Assert.Empty(Directory.GetFiles(Path.Combine(site.Data, "store"), "*", SearchOption.AllDirectories));
        Assert.Contains("recalled", await FleetCalls.VerbAsync(0, "ls", "--all", "--socket", site.Socket), StringComparison.Ordinal);
        File.Delete(dropped);

        await FleetCalls.VerbAsync(0, "block", "--undo", id.ToString(), "--socket", site.Socket);
        var image = await site.AddAsync(site.Write("evil.iso", bytes), Cancel);
        await site.Client.RemoveImageAsync(image.Name, null, Cancel);
        await site.Client.BlockImageAsync(id.ToString(), new BlockRequest("tampered"), Cancel);
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.RestoreImageAsync(id.ToString(), Cancel));
        refused.Problem.Says("blocked", "tampered");
        Assert.Equal(409, refused.Status);
        Assert.Contains("tampered", await FleetCalls.VerbAsync(0, "show", id.ToString(), "--socket", site.Socket), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Leases_on_a_recalled_image_run_to_their_end_are_not_renewed_and_end_at_once_when_that_is_asked_for()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = IsoBuilder.InMemory("DEBIAN", 1 << 20, 1);
        var image = await site.AddAsync(site.Write("debian-12.iso", bytes), Cancel);
        var lease = await site.Client.TakeLeaseAsync(new LeaseRequest(image.Name, "bmc", "127.0.0.1", 600), Cancel);
        var block = await site.Client.BlockImageAsync(image.Name, new BlockRequest("hole"), Cancel);
        Assert.Equal(1, block.Leases);
        Assert.False(await site.ListsAsync("bmc", image.Id, Cancel));
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(site.Console, image.Name))), Cancel);
        Assert.Equal(200, await witness.StatusOfAsync(lease.Mount.Url!));

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.RenewLeaseAsync(lease.Id, new LeaseRenewal(600), Cancel));
        refused.Problem.Says("blocked", "hole");
        refused = await Assert.ThrowsAsync<ApplianceException>(
            () => site.Client.TakeLeaseAsync(new LeaseRequest(image.Id.ToString(), "bmc", "127.0.0.1", 600), Cancel));
        refused.Problem.Says("not-ready", "hole");

        block = await site.Client.BlockImageAsync(image.Id.ToString(), new BlockRequest(EndLeases: true), Cancel);
        Assert.Equal((0, "hole"), (block.Leases, block.Why));
        Assert.Equal(404, await witness.StatusOfAsync(lease.Mount.Url!));
    }

    [Fact]
    public async Task A_recall_is_not_taken_back_over_other_bytes_of_the_same_name()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var first = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("ONE", 1 << 20, 1)), Cancel);
        await site.Client.BlockImageAsync(first.Name, new BlockRequest(), Cancel);
        var second = await site.AddAsync(site.Write("debian-12.iso", IsoBuilder.InMemory("TWO", 1 << 20, 2)), Cancel);
        Assert.Equal(first.Name, second.Name);
        var refused = await Assert.ThrowsAsync<ApplianceException>(() => site.Client.UnblockImageAsync(first.Id.ToString(), Cancel));
        refused.Problem.Says("name-taken", "debian-12.iso", second.Id.ToString());
        await site.Client.RemoveImageAsync(second.Id.ToString(), null, Cancel);
        await site.Client.UnblockImageAsync(first.Id.ToString(), Cancel);
        await witness.ListedAsync(first.Id, "bmc", "console");
    }
}
