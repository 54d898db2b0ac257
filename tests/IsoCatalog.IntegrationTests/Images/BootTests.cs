using IsoCatalog.Appliance.Commands;
using IsoCatalog.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.IntegrationTests.Images;

/// <summary>Images start a machine, emulated in software.</summary>
public sealed class BootTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task The_demo_image_boots_and_shows_its_banner_on_the_serial_line_and_on_the_screen()
    {
        Counterpart.Require("qemu-system-x86_64");
        using var folder = new TempFolder();
        const string Banner = "IsoCatalog demo at site ams: it boots.";
        const string LastLine = "The machine halts.";
        var path = folder.Write(
            "demo,1.iso", DemoImage.Build($"{Banner}\nSecond line.\n{LastLine}", 100_000, new DateTimeOffset(2024, 1, 2, 3, 4, 5, TimeSpan.Zero)));

        var seen = await QemuBoot.UntilAsync(path, LastLine, Deadline, TestContext.Current.CancellationToken);

        TestContext.Current.TestOutputHelper?.WriteLine($"after {seen.Took}");
        Assert.Contains(Banner + "\r\nSecond line.\r\n", seen.Serial, StringComparison.Ordinal);
        Assert.Contains(Banner, seen.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_boots_from_a_URL()
    {
        Counterpart.Require("qemu-system-x86_64");
        Counterpart.RequireFile("/usr/lib/x86_64-linux-gnu/qemu/block-curl.so", "qemu-block-extra");
        var cancellation = TestContext.Current.CancellationToken;
        var image = DemoImage.Build("Booted from a URL.", 1_000_000, DateTimeOffset.UnixEpoch);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        await using var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapMethods("/demo.iso", ["GET", "HEAD"], () => Results.Bytes(image, "application/octet-stream", enableRangeProcessing: true));
        await server.StartAsync(cancellation);

        var seen = await QemuBoot.UntilAsync($"{server.Urls.Single()}/demo.iso", "Booted from a URL.", Deadline, cancellation);

        TestContext.Current.TestOutputHelper?.WriteLine($"after {seen.Took}");
        await server.StopAsync(cancellation);
    }

    [Theory]
    [InlineData("/usr/lib/memtest86+/memtest86+x64.iso", "memtest86+", "Memtest86+ v")]
    [InlineData("/usr/lib/grub-rescue/grub-rescue-cdrom.iso", "grub-rescue-pc", "GNU GRUB  version")]
    [InlineData("/usr/lib/ipxe/ipxe.iso", "ipxe", "Open Source Network Boot Firmware")]
    public async Task Debian_images_boot(string path, string package, string banner)
    {
        Counterpart.Require("qemu-system-x86_64");
        var seen = await QemuBoot.UntilAsync(
            Counterpart.RequireFile(path, package), banner, Deadline, TestContext.Current.CancellationToken);
        TestContext.Current.TestOutputHelper?.WriteLine($"after {seen.Took}\n{seen.Screen}");
        Assert.Contains(banner, seen.Screen, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_machine_that_shows_something_else_ends_the_wait_with_its_screen()
    {
        Counterpart.Require("qemu-system-x86_64");
        using var folder = new TempFolder();
        var path = folder.Write("data.iso", IsoBuilder.InMemory("NOT_BOOTABLE", 1000, 1));

        var late = await Assert.ThrowsAsync<TimeoutException>(
            () => QemuBoot.UntilAsync(path, "never shown", TimeSpan.FromSeconds(6), TestContext.Current.CancellationToken));

        Assert.Contains("could not read the boot disk", late.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_image_that_is_not_there_is_told_at_once()
    {
        Counterpart.Require("qemu-system-x86_64");
        using var folder = new TempFolder();

        var failed = await Assert.ThrowsAsync<InvalidOperationException>(
            () => QemuBoot.UntilAsync(folder.Combine("absent.iso"), "never shown", Deadline, TestContext.Current.CancellationToken));

        Assert.Contains("absent.iso", failed.Message, StringComparison.Ordinal);
    }
}
