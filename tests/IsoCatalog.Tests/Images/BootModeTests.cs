using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>How a machine can start from an image, by what lies in it. The same images start real firmware in the integration tests.</summary>
public sealed class BootModeTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("both, as they should be", true, true, "")]
    [InlineData("UEFI without its platform", true, true, "")]
    [InlineData("UEFI alone without its platform", false, true, "")]
    [InlineData("UEFI first", false, true, "not the first one")]
    [InlineData("UEFI without a program", true, false, "no boot program")]
    [InlineData("UEFI that is a bare program", true, false, "not a FAT")]
    [InlineData("UEFI with an empty program", true, false, "no boot program")]
    [InlineData("UEFI that is exFAT", true, false, "not a FAT")]
    [InlineData("UEFI with too few clusters for FAT32", true, false, "not a FAT")]
    [InlineData("UEFI whose count is 4", true, false, "counts 4 sectors")]
    [InlineData("a wrong checksum", true, false, "checksum")]
    [InlineData("a hole for BIOS", false, true, "only zeros")]
    [InlineData("a floppy with a UEFI program", true, true, "")]
    public async Task A_boot_mode_is_what_lies_there_whatever_the_catalog_says(string kind, bool bios, bool uefi, string warning)
    {
        using var folder = new TempFolder();
        var (found, warnings) = Inspect.Recognized(await BuildAsync(folder, kind));
        Assert.Equal(new BootModes(bios, uefi), found.Boot);
        Assert.Equal(uefi || kind is "a wrong checksum" ? ["x86_64"] : [], found.Arch);
        if (warning.Length > 0)
        {
            Assert.Contains(warning, Assert.Single(warnings), StringComparison.Ordinal);
        }
        else
        {
            Assert.Empty(warnings);
        }
    }

    [Theory]
    [InlineData("BOOTARM.EFI", "armv7l")]
    [InlineData("BOOTLOONGARCH64.EFI", "loongarch64")]
    [InlineData("BOOTIA64.EFI", "ia64")]
    [InlineData("bootriscv32.efi", "riscv32")]
    [InlineData("BOOTEBC.EFI", "")]
    public async Task Every_boot_program_that_UEFI_names_counts_and_has_its_architecture(string program, string architecture)
    {
        using var folder = new TempFolder();
        Counterpart.Require("xorriso");
        var path = folder.Combine("arch.iso");
        await IsoBuilder.BuildAsync(path, new IsoRecipe { EfiPrograms = [program] }, Cancel);
        var found = Inspect.Recognized(path).Metadata;
        Assert.True(found.Boot.Uefi);
        Assert.Equal(architecture, string.Join(' ', found.Arch));
    }

    [Fact]
    public async Task A_program_of_a_name_that_no_firmware_looks_for_is_none()
    {
        using var folder = new TempFolder();
        Counterpart.Require("xorriso");
        var path = folder.Combine("other.iso");
        await IsoBuilder.BuildAsync(path, new IsoRecipe { EfiPrograms = ["GRUBX64.EFI", "BOOTMGR.EFI"] }, Cancel);
        Assert.False(Inspect.Recognized(path).Metadata.Boot.Uefi);
    }

    private static async Task<string> BuildAsync(TempFolder folder, string kind)
    {
        foreach (var program in (string[])["xorriso", "genisoimage", "mkfs.vfat", "mcopy"])
        {
            Counterpart.Require(program);
        }

        var path = folder.Combine("bootable.iso");
        await BootableImage.BuildAsync(path, kind, [0xF4, 0xEB, 0xFD, .. new byte[2045]], [.. "MZ"u8, .. new byte[3000]], Cancel);
        return path;
    }
}
