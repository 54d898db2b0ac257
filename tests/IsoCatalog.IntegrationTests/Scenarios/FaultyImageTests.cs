using System.Security.Cryptography;
using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>An image whose structure is faulty at its publisher too: refused, until somebody names its hash; then every site goes on saying so.</summary>
public sealed class FaultyImageTests
{
    private const int Sector = 2048;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("truncated-image", "needs 49152 bytes")]
    [InlineData("corrupt-image", "There is no directory at byte 40960")]
    public async Task A_faulty_image_whose_hash_is_named_is_offered_and_every_site_says_what_is_wrong_and_who_named_it(string code, string fault)
    {
        await using var fleet = await TestFleet.StartAsync(Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var bytes = Faulty(code);
        var (source, sha256) = (ams.Write("odd.iso", bytes), new Sha256Digest(SHA256.HashData(bytes)));
        Assert.Contains("--sha256", await FleetCalls.VerbAsync(4, "add", source, "--config", ams.ConfigurationPath), StringComparison.Ordinal);
        (await ams.RefusedUploadAsync(bytes, "odd.iso")).Says(code, fault, "--sha256");
        Assert.Empty((await ams.Client.GetImagesAsync(Cancel)).Images);

        var said = await FleetCalls.VerbAsync(0, "add", source, "--sha256", sha256.ToString(), "--config", ams.ConfigurationPath);
        Assert.Contains("warning: odd.iso: ", said, StringComparison.Ordinal);
        Assert.Contains(fault, said, StringComparison.Ordinal);

        var image = await ams.Client.GetImageAsync("odd.iso", Cancel);
        foreach (var site in fleet.Sites)
        {
            await site.ListsEverywhereAsync(image);
            var shown = await site.Client.GetImageAsync("odd.iso", Cancel);
            Assert.Contains(fault, Assert.Single(shown.Faults!.Found), StringComparison.Ordinal);
            Assert.Equal(shown.Faults.Found[0], shown.Iso.Warnings[0]);
            var listed = Assert.Single((await site.Client.GetAvailableAsync(new AvailableRequest("console"), etag: null, Cancel))!.Answer.Images);
            Assert.Equal(shown.Faults.Found, listed.Faults!.Found);
            var by = shown.Faults.HashBy;
            Assert.NotEmpty(by);
            foreach (var verb in (string[][])[["ls"], ["ls", "--surface", "console"], ["show", "odd.iso"], ["status"]])
            {
                var output = await FleetCalls.VerbAsync(0, [.. verb, "--config", site.ConfigurationPath]);
                Assert.Contains(fault, output, StringComparison.Ordinal);
                Assert.Contains($"given by {by}", output, StringComparison.Ordinal);
            }

            var drift = Assert.Single((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == ReasonCode.ImageFaulty);
            Assert.Equal(image.Id, drift.Image);
            Assert.Contains(fault, drift.Reason, StringComparison.Ordinal);
            Assert.Contains($"given by {by}", drift.Reason, StringComparison.Ordinal);
            using var http = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = site.Api };
            Assert.Contains($"given by {by}", System.Net.WebUtility.HtmlDecode(await http.GetStringAsync("/", Cancel)), StringComparison.Ordinal);
        }

        // It goes with the image through a removal and a restore at another site.
        await nyc.Client.RemoveImageAsync("odd.iso", null, Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetDriftAsync(Cancel)).Drift.All(d => d.Code != ReasonCode.ImageFaulty), Cancel);
        await nyc.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.Client.GetDriftAsync(Cancel)).Drift.Any(d => d.Code == ReasonCode.ImageFaulty), Cancel);
    }

    [Fact]
    public async Task What_add_finds_in_an_image_is_printed_and_in_its_JSON_and_ls_goes_on_saying_it()
    {
        await using var site = await Scenario.StartAsync();
        var bytes = IsoBuilder.InMemory("SHORT", 50_000, 1);
        bytes[(16 * Sector) + 80] += 1;
        bytes[(16 * Sector) + 87] += 1;
        var source = site.Write("short.iso", bytes);

        var (exit, output, errors) = await TestSite.RunAsync(["add", source, "--json", "--config", site.ConfigurationPath], Cancel);

        Assert.Equal(0, exit);
        using var added = JsonDocument.Parse(output);
        Assert.Contains(added.RootElement.GetProperty("warnings").EnumerateArray(), w => w.GetString()!.Contains("what is missing is padding", StringComparison.Ordinal));
        Assert.False(added.RootElement.TryGetProperty("faults", out _));
        Assert.Contains("warning: short.iso: The ISO 9660 volume", errors, StringComparison.Ordinal);
        Assert.Contains("short.iso: The ISO 9660 volume", await FleetCalls.VerbAsync(0, "ls", "--config", site.ConfigurationPath), StringComparison.Ordinal);
        Assert.DoesNotContain((await site.Client.GetDriftAsync(Cancel)).Drift, d => d.Code == ReasonCode.ImageFaulty);
    }

    [Fact]
    public async Task What_is_no_image_at_all_stays_refused_whoever_names_its_hash()
    {
        await using var site = await Scenario.StartAsync();
        var bytes = RandomNumberGenerator.GetBytes(100_000);
        (await site.RefusedUploadAsync(bytes, "no.iso", new Sha256Digest(SHA256.HashData(bytes)))).Says("not-an-iso");
    }

    [Fact]
    public async Task A_lost_copy_of_a_faulty_image_comes_back_without_anybody_naming_its_hash_again()
    {
        await using var site = await Scenario.StartAsync();
        using var witness = new Witness(site);
        var bytes = Faulty("truncated-image");
        var source = site.Write("odd.iso", bytes);
        var image = await site.Client.UploadImageAsync(new MemoryStream(bytes), "odd.iso", new Sha256Digest(SHA256.HashData(bytes)), null, null, Cancel);
        await site.ListsEverywhereAsync(image);
        File.Delete(site.StoreFile(image));
        await witness.DriftAsync(ReasonCode.StoreMissing, "odd.iso");
        Assert.Equal("done", (await site.AddPathAsync(new AddRequest(Path: source))).State);
        await site.StoreIsAsync(image, "present");
        Assert.NotNull((await site.Client.GetImageAsync("odd.iso", Cancel)).Faults);
    }

    /// <summary>Without the end of its file; or without a root directory.</summary>
    private static byte[] Faulty(string code)
    {
        var bytes = IsoBuilder.InMemory("FAULTY", 5_000, 1);
        if (code == "truncated-image")
        {
            return bytes[..^2048];
        }

        bytes.AsSpan(20 * Sector, 64).Clear();
        return bytes;
    }
}
