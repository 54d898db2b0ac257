using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>A PC boots from the URL as it would from a BMC's virtual CD.</summary>
public sealed class IsoBootTests
{
    [Theory]
    [InlineData("/usr/lib/memtest86+/memtest86+x64.iso", "memtest86+", "Memtest86+ v")]
    [InlineData("/usr/lib/grub-rescue/grub-rescue-cdrom.iso", "grub-rescue-pc", "GNU GRUB  version")]
    [InlineData("/usr/lib/ipxe/ipxe.iso", "ipxe", "Open Source Network Boot Firmware")]
    public async Task A_real_iso_boots_over_http(string iso, string package, string banner)
    {
        Counterpart.RequireFile(iso, package);
        Counterpart.Require("qemu-system-x86_64");
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync(Path.GetFileName(iso), await File.ReadAllBytesAsync(iso, TestContext.Current.CancellationToken));

        var boot = await QemuBoot.UntilAsync(site.Http + path, banner, TimeSpan.FromSeconds(90), TestContext.Current.CancellationToken);

        TestContext.Current.SendDiagnosticMessage($"{banner} after {boot.Took.TotalSeconds:0.0} s");
    }
}
