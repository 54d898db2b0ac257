using IsoCatalog.Appliance.Commands;
using IsoCatalog.Client;
using IsoCatalog.Core.Images;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Images;

/// <summary>What is said of how an image starts is what firmware does with it.</summary>
public sealed class BootModeBootTests
{
    private const string Bios = "Started by BIOS.";
    private const string Uefi = "iPXE initialising devices";
    /// <summary>BIOS loads all of a file system over itself, and the machine ends.</summary>
    private const string Crash = "";

    private const string NoUefi = "UEFI Interactive Shell";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("UEFI without its platform", Bios, Uefi)]
    [InlineData("UEFI alone without its platform", Crash, Uefi)]
    [InlineData("UEFI first", "Could not read from CDROM", Uefi)]
    [InlineData("UEFI without a program", Bios, NoUefi)]
    [InlineData("UEFI that is a bare program", Bios, NoUefi)]
    [InlineData("UEFI with too few clusters for FAT32", Bios, NoUefi)]
    [InlineData("UEFI whose count is 4", Bios, NoUefi)]
    [InlineData("a wrong checksum", Bios, NoUefi)]
    public async Task Firmware_starts_what_is_said_to_start_and_nothing_else(string kind, string withBios, string withUefi)
    {
        Counterpart.Require("qemu-system-x86_64");
        var firmware = QemuBoot.Uefi();
        using var folder = new TempFolder();
        var path = await BuildAsync(folder, kind);

        await using (var stream = File.OpenRead(path))
        {
            var found = Assert.IsType<IsoInspection.Recognized>(IsoReader.Read(stream)).Metadata;
            Assert.Equal(new BootModes(withBios == Bios, withUefi == Uefi), found.Boot);
        }

        await QemuBoot.UntilAsync(path, withUefi, Deadline, Cancel, firmware);
        if (withBios == Crash)
        {
            // What is no program is run as one: the machine ends, or runs wild.
            var ended = await Record.ExceptionAsync(() => QemuBoot.UntilAsync(path, Bios, TimeSpan.FromSeconds(30), Cancel));
            Assert.True(ended is InvalidOperationException or TimeoutException, $"{ended}");
        }
        else
        {
            await QemuBoot.UntilAsync(path, withBios, Deadline, Cancel);
        }
    }

    [Fact]
    public async Task An_image_whose_catalog_does_not_say_that_it_is_for_UEFI_is_listed_for_it_and_starts_from_its_URL()
    {
        Counterpart.Require("qemu-system-x86_64");
        Counterpart.RequireFile("/usr/lib/x86_64-linux-gnu/qemu/block-curl.so", "qemu-block-extra");
        var firmware = QemuBoot.Uefi();
        using var folder = new TempFolder();
        var path = await BuildAsync(folder, "UEFI without its platform");
        await using var site = await Scenario.StartAsync();
        var image = await site.AddAsync(path, Cancel);
        await TestSite.EventuallyAsync(() => site.ListsAsync("bmc", image.Id, Cancel), Cancel);

        var listed = Assert.Single((await site.Client.GetAvailableAsync(new AvailableRequest("bmc", Boot: "uefi", Arch: "x86_64"), etag: null, Cancel))!.Answer.Images);

        Assert.Equal((image.Id, new ImageBoot(true, true)), (listed.Id, listed.Boot));
        await QemuBoot.UntilAsync(listed.Mount.Url!, Uefi, Deadline, Cancel, firmware);
    }

    private static async Task<string> BuildAsync(TempFolder folder, string kind)
    {
        var demo = DemoImage.Build(Bios, 1000, DateTimeOffset.UnixEpoch);
        var program = await File.ReadAllBytesAsync(Counterpart.RequireFile("/usr/lib/ipxe/ipxe.efi", "ipxe"), Cancel);
        var path = folder.Combine("bootable.iso");
        await BootableImage.BuildAsync(path, kind, demo.AsSpan(23 * 2048, 2048).ToArray(), program, Cancel);
        return path;
    }
}
