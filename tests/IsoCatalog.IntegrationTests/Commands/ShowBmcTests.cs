using System.Text.Json.Nodes;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary>What BMC firmware does with an image is said by <c>show</c> and by the API.</summary>
public sealed class ShowBmcTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_image_whose_EFI_boot_image_is_no_file_is_said_to_be_one_for_Supermicro()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var recipe = new IsoRecipe { VolumeId = "APPENDED", Bios = true, EfiPrograms = ["BOOTX64.EFI"] };
        await IsoBuilder.BuildAsync(_folder.Combine("appended.iso"), recipe with { Disk = IsoDisk.GptAppended, PayloadBytes = 200_000 }, Cancel);
        await IsoBuilder.BuildAsync(_folder.Combine("file.iso"), recipe with { VolumeId = "FILE" }, Cancel);
        var appended = await site.AddAsync(_folder.Combine("appended.iso"), Cancel);
        var file = await site.AddAsync(_folder.Combine("file.iso"), Cancel);

        var (exit, text, _) = await TestSite.RunAsync(["show", "appended.iso", "--config", site.ConfigurationPath], Cancel);
        Assert.Equal(0, exit);
        Assert.Contains("Supermicro: Its virtual CD is reported", text, StringComparison.Ordinal);
        (_, text, _) = await TestSite.RunAsync(["show", "appended.iso", "--config", site.ConfigurationPath, "--json"], Cancel);
        var shown = JsonNode.Parse(text)!;
        Assert.Equal("efi-image-no-file", (string?)shown["bmc"]![0]!["code"]);
        Assert.True((bool?)shown["bmc"]![0]!["known"]);
        Assert.False((bool?)shown["iso"]!["efiFile"]);

        Assert.Equal("Supermicro", Assert.Single((await site.Client.GetImageAsync(appended.Id.ToString(), Cancel)).Bmc!).Maker);
        Assert.Null((await site.Client.GetImageAsync(file.Id.ToString(), Cancel)).Bmc);
        (_, text, _) = await TestSite.RunAsync(["show", "file.iso", "--config", site.ConfigurationPath, "--json"], Cancel);
        Assert.True((bool?)JsonNode.Parse(text)!["iso"]!["efiFile"]);
        Assert.DoesNotContain("\"bmc\":[", text, StringComparison.Ordinal);
    }
}
