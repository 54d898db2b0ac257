using System.Diagnostics;
using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>What a newcomer does with the demonstration besides looking at it.</summary>
public sealed class DemoTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_site_that_is_killed_comes_back_with_its_list_and_all_end_with_the_one_that_started_them()
    {
        using var folder = new TempFolder();
        using var demo = Isocatalog.Start([], "demo", "--json", "--dir", folder.Path);
        try
        {
            using var report = JsonDocument.Parse((await demo.StandardOutput.ReadLineAsync(Cancel))!);
            var image = report.RootElement.GetProperty("image").GetProperty("id").GetString();
            var sites = report.RootElement.GetProperty("sites").EnumerateArray().ToList();
            Assert.Equal(["ams", "nyc", "msk"], sites.Select(s => s.GetProperty("id").GetString()));
            using var last = ApplianceClient.At(new Uri(sites[2].GetProperty("api").GetString()!));
            var configuration = Path.Combine(folder.Path, "msk", "site.yaml");

            using var killed = await OneThatServesAsync(configuration);
            killed.Kill();
            await killed.WaitForExitAsync(Cancel);
            await TestSite.EventuallyAsync(async () => await ListsAsync(last, image), Cancel, seconds: 120);

            using var again = await OneThatServesAsync(configuration);
            Assert.NotEqual(killed.Id, again.Id);
            demo.Kill();
            await again.WaitForExitAsync(Cancel);
        }
        finally
        {
            demo.Kill(entireProcessTree: true);
        }
    }

    private static async Task<bool> ListsAsync(IApplianceClient site, string? image)
    {
        try
        {
            return (await site.GetAvailableAsync(new AvailableRequest("ipmi"), Cancel)).Images.Any(i => i.Id.ToString() == image);
        }
        catch (ApplianceUnreachableException)
        {
            return false;
        }
    }

    /// <summary>By what its command line names, which no other process of this machine has.</summary>
    private static async Task<Process> OneThatServesAsync(string configuration)
    {
        Process? found = null;
        await TestSite.EventuallyAsync(
            () =>
            {
                found = Process.GetProcesses().FirstOrDefault(p => CommandLine(p.Id).Contains(configuration, StringComparison.Ordinal));
                return Task.FromResult(found is not null);
            },
            Cancel);
        return found!;
    }

    private static string CommandLine(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/cmdline");
        }
        catch (IOException)
        {
            return "";
        }
    }
}
