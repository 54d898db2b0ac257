using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>The store of one site is damaged; the others have the bytes.</summary>
[Collection(typeof(WholeMachine))]
public sealed class FleetDamageTests
{
    private const int Size = 4 << 20;

    private static readonly (string Damage, string? Lost, long MostFetched)[] Table =
    [
        ("deleted", ReasonCode.StoreMissing, Size),
        ("renamed away", ReasonCode.StoreMissing, Size),
        ("truncated", ReasonCode.StoreDamaged, (Size / 2) + (1 << 20)),
        ("edited in place", ReasonCode.StoreDamaged, 64 << 10),
        ("appended", ReasonCode.StoreDamaged, 64 << 10),
        ("replaced", ReasonCode.StoreDamaged, Size),
        ("a dangling link", ReasonCode.StoreDamaged, Size),
        ("a folder", ReasonCode.StoreDamaged, Size),
        ("made writable", null, 0),
        ("given to somebody else", null, 0),
        ("touched", null, 0),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>One fleet for the whole table: each row leaves the image whole for the next.</summary>
    [Fact]
    public async Task Whatever_is_done_to_the_stores_file_it_leaves_the_list_within_two_seconds_and_is_mended_from_the_other_site()
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var nyc = fleet["nyc"];
        using var witness = new Witness(nyc);
        var bytes = IsoBuilder.InMemory("DEBIAN", Size, 4);
        await using var content = new MemoryStream(bytes);
        var image = await fleet["ams"].Client.UploadImageAsync(content, "debian-12.iso", null, null, null, Cancel);
        await TestSite.EventuallyAsync(async () => await fleet["ams"].ListsAsync("bmc", image.Id, Cancel), Cancel, seconds: 60);
        foreach (var (damage, lost, most) in Table.Where(t => t.Damage != "given to somebody else" || Environment.IsPrivilegedProcess))
        {
            await witness.ListedAsync(image.Id, "bmc", "console");
            var (fetched, found) = (await FetchedAsync(witness), await FoundAsync(witness, lost));
            var file = nyc.StoreFile(image);
            var before = Witness.Now;
            await Damage.DoAsync(file, damage);
            await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);
            if (lost is not null)
            {
                await TestSite.EventuallyAsync(async () => (await witness.LeftAsync(image.Id, "console", before)).Count > 0, Cancel);
            }

            await TestSite.EventuallyAsync(
                async () => await nyc.ListsAsync("bmc", image.Id, Cancel) && await nyc.ListsAsync("console", image.Id, Cancel),
                Cancel,
                seconds: 60,
                () => $"What was {damage} was not mended.");
            Assert.True((await File.ReadAllBytesAsync(file, Cancel)).SequenceEqual(bytes), damage);
            Assert.True((await witness.ServedAsync(image.Id)).SequenceEqual(bytes), damage);
            var now = await FetchedAsync(witness) - fetched;
            Assert.True(lost is null ? now == 0 : now <= most + (512 << 10), $"{damage}: {now} bytes were fetched, {most} are needed.");
            Assert.Contains(await witness.EventsAsync(), e => e.Type == "drift" && e.At >= before && e.Image == image.Id && e.Code == (lost ?? "store-doubted"));
            Assert.True(await FoundAsync(witness, lost) > found, $"{damage} is not counted.");
        }

        Assert.DoesNotContain((await nyc.Client.GetDriftAsync(Cancel)).Drift, d => d.Code != "store-orphan");
        Assert.True(
            await fleet["ams"].ListsAsync("bmc", image.Id, Cancel), string.Join('\n', (await fleet["ams"].Client.GetDriftAsync(Cancel)).Drift.Select(d => d.ToString())));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_whole_store_that_is_deleted_comes_back_from_the_other_site_and_is_watched_again(bool whileDown)
    {
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        using var witness = new Witness(nyc);
        var images = new List<ImageView>();
        for (var seed = 1; seed <= 3; seed++)
        {
            images.Add(await ams.PutAsync($"image-{seed}.iso", seed));
        }

        foreach (var image in images)
        {
            await TestSite.EventuallyAsync(
                async () => await nyc.ListsAsync("bmc", image.Id, Cancel) && await nyc.ListsAsync("console", image.Id, Cancel), Cancel, seconds: 60);
        }

        if (whileDown)
        {
            await nyc.KillAsync();
        }

        var before = Witness.Now;
        foreach (var folder in Directory.GetDirectories(Path.Combine(nyc.Data, "store")))
        {
            Directory.Delete(folder, recursive: true);
        }

        if (whileDown)
        {
            await nyc.StartAgainAsync(Cancel);
            Assert.Empty((await nyc.Client.GetAvailableAsync(new AvailableRequest("bmc"), Cancel)).Images);
            await fleet.IntroduceAsync(Cancel);
        }
        else
        {
            foreach (var image in images)
            {
                await witness.LeftWithinTwoSecondsAsync(image.Id, "bmc", before, Witness.Now);
            }
        }

        foreach (var image in images)
        {
            await TestSite.EventuallyAsync(
                async () => File.Exists(nyc.StoreFile(image)) && await nyc.ListsAsync("bmc", image.Id, Cancel) && await nyc.ListsAsync("console", image.Id, Cancel),
                Cancel,
                seconds: 60);
            Assert.Equal(image.Size, (await witness.ServedAsync(image.Id)).Length);
        }

        before = Witness.Now;
        File.Delete(nyc.StoreFile(images[0]));
        await witness.LeftWithinTwoSecondsAsync(images[0].Id, "bmc", before, Witness.Now);
        await witness.ListedAsync(images[0].Id, "bmc", "console");
    }

    private static async Task<double> FetchedAsync(Witness witness) => await witness.MetricAsync("isocatalog_swarm_received_bytes_total") ?? 0;

    private static async Task<double> FoundAsync(Witness witness, string? lost) =>
        await witness.MetricAsync($$"""isocatalog_drift_found_total{code="{{lost ?? "store-doubted"}}",surface=""}""") ?? 0;
}
