using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IsoCatalog.IntegrationTests.Fleet;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>A catalog that is longer than what is answered at once, put there by a site in wrong hands.</summary>
public sealed partial class ImagePagesTests
{
    private const string Path = "/api/v1/images";

    private const int Images = 5_003;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_more_than_one_answer_holds_is_read_in_pages_by_programs_our_client_and_the_command_line()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        await site.StopAsync();
        new SiteInHand(site).Sign(SiteInHand.Unseen(Images));
        await site.StartAgainAsync(Cancel);
        using var caller = new ApiCaller(site.Api);

        var watch = Stopwatch.StartNew();
        var first = await caller.GetAsync(Path);
        TestContext.Current.SendDiagnosticMessage($"{Path}: {first.Body.Length >> 10} KiB in {watch.ElapsedMilliseconds} ms");
        Assert.Equal(5000, first.Names.Count);
        var last = await caller.GetAsync(Path + Next(first));
        Assert.Equal(Images - 5000, last.Names.Count);
        Assert.Null(last["Link"]);
        Assert.Equal(Enumerable.Range(0, Images).Select(i => $"unseen-{i:d5}.iso"), first.Names.Concat(last.Names));

        var names = new List<string>();
        for (var page = await caller.GetAsync(Path + "?limit=2000"); ; page = await caller.GetAsync(Path + Next(page)))
        {
            names.AddRange(page.Names);
            if (page["Link"] is null)
            {
                break;
            }
        }

        // A number that is none is said to be one, and not that there is no such list.
        foreach (var wrong in new[] { "?limit=x", "?limit=99999999999", "?limit=1&limit=2" })
        {
            var refused = await caller.GetAsync(Path + wrong);
            Assert.Equal(400, (int)refused.Status);
            Assert.Contains("\"detail\":\"limit ", refused.Text, StringComparison.Ordinal);
        }

        Assert.Equal(first.Names.Concat(last.Names), names);
        Assert.Equal(names, (await site.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Name));
        var (exit, output, errors) = await TestSite.RunAsync(["ls", "--json", "--config", site.ConfigurationPath], Cancel);
        Assert.True(exit == 0, errors);
        Assert.Equal(Images, JsonNode.Parse(output)!["images"]!.AsArray().Count);
    }

    /// <summary>Measures, and asserts no figure: run by hand.</summary>
    [Fact(Explicit = true)]
    public async Task What_very_many_entries_of_another_site_cost()
    {
        const int Entries = 18_500;
        await using var fleet = await TestFleet.StartAsync(TestSiteOptions.InOwnProcess, Cancel, "ams", "nyc");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        using var caller = new ApiCaller(ams.Api);
        await nyc.StopAsync();
        new SiteInHand(nyc).Sign(SiteInHand.Unseen(Entries));
        await SayAsync("before");
        await nyc.StartAgainAsync(Cancel);
        await fleet.IntroduceAsync(Cancel);
        var watch = Stopwatch.StartNew();
        await TestSite.EventuallyAsync(async () => await ams.MetricAsync("isocatalog_catalog_images") >= Entries, Cancel, seconds: 120);
        await SayAsync($"known after {watch.Elapsed.TotalSeconds:F1} s");
        for (var round = 0; round < 12; round++)
        {
            watch.Restart();
            var (bytes, pages, page) = (0L, 0, await caller.GetAsync(Path));
            var first = watch.ElapsedMilliseconds;
            for (; ; page = await caller.GetAsync(Path + Next(page)))
            {
                (bytes, pages) = (bytes + page.Body.Length, pages + 1);
                if (page["Link"] is null)
                {
                    break;
                }
            }

            await SayAsync($"first page in {first} ms, {pages} pages of {bytes >> 10} KiB in {watch.ElapsedMilliseconds} ms");
            await Task.Delay(TimeSpan.FromSeconds(5), Cancel);
        }

        await Task.WhenAll(Enumerable.Range(0, 64).Select(async _ =>
        {
            using var reader = new ApiCaller(ams.Api);
            for (var round = 0; round < 4; round++)
            {
                await reader.GetAsync(Path);
            }
        }));
        await SayAsync("after 64 readers at once");
        for (var minute = 0.5; minute <= 3; minute += 0.5)
        {
            await Task.Delay(TimeSpan.FromSeconds(30), Cancel);
            await SayAsync($"after {minute} minutes of quiet");
        }

        async Task SayAsync(string what) => TestContext.Current.TestOutputHelper!.WriteLine(
            $"{what}: {await ams.MetricAsync("process_resident_memory_bytes") / 1e6:F0} MB resident, {await ams.MetricAsync("process_cpu_seconds_total"):F0} s of processor, {await ams.MetricAsync("isocatalog_store_files{state=\"fetching\"}")} wanted");
    }

    private static string Next(ApiAnswer page)
    {
        var link = Link().Match(page["Link"]!);
        Assert.True(link.Success, page["Link"]);
        return link.Groups["target"].Value;
    }

    [GeneratedRegex("^<(?<target>[?]limit=[0-9]+&after=[A-Za-z0-9_-]+)>; rel=\"next\"$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Link();
}
