using System.Globalization;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>The same images, read by isoinfo and xorriso and by us.</summary>
public sealed class IsoReaderAgainstCounterpartsTests(BuiltImages images) : IClassFixture<BuiltImages>
{
    public static TheoryData<string, string> RealImages => new()
    {
        { "/usr/lib/memtest86+/memtest86+x64.iso", "memtest86+" },
        { "/usr/lib/memtest86+/memtest86+ia32.iso", "memtest86+" },
        { "/usr/lib/grub-rescue/grub-rescue-cdrom.iso", "grub-rescue-pc" },
        { "/usr/lib/ipxe/ipxe.iso", "ipxe" },
    };

    public static TheoryData<string> Recipes => [.. BuiltImages.Recipes.Keys];

    [Theory]
    [MemberData(nameof(RealImages))]
    public Task Real_images_read_as_isoinfo_and_xorriso_read_them(string path, string package) =>
        CompareAsync(Counterpart.RequireFile(path, package));

    [Theory]
    [MemberData(nameof(Recipes))]
    public Task Built_images_read_as_isoinfo_and_xorriso_read_them(string name) => CompareAsync(images.Require(name));

    [Fact]
    public async Task An_image_that_is_also_UDF_reads_as_isoinfo_reads_it()
    {
        var path = images.Require("bridge");
        var found = Inspect.Recognized(path).Metadata;
        var isoinfo = await IsoinfoReport.OfAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal("BRIDGE", found.VolumeId);
        Assert.Equal(isoinfo["Volume id"], found.VolumeId);
        Assert.True(found is { Iso9660: true, Udf: true });
        Assert.InRange(found.DeclaredSize, isoinfo.DeclaredSize, new FileInfo(path).Length);
    }

    [Theory]
    [InlineData("udf", "Größe_UDF", 2048)]
    [InlineData("udf512", "DISK_UDF", 512)]
    [InlineData("udf4096", "LARGE_UDF", 4096)]
    public async Task A_volume_of_UDF_alone_reads_as_udfinfo_reads_it(string name, string label, int blockSize)
    {
        var path = images.Require(name);
        var (found, warnings) = Inspect.Recognized(path);
        var udfinfo = (await Counterpart.RunAsync("udfinfo", ["--utf8", path], TestContext.Current.CancellationToken)).Succeeded();
        Assert.Contains($"\nlabel={found.VolumeId}\n", "\n" + udfinfo, StringComparison.Ordinal);
        Assert.Contains($"\nblocksize={blockSize}\n", "\n" + udfinfo, StringComparison.Ordinal);
        Assert.Equal(label, found.VolumeId);
        Assert.True(found is { Iso9660: false, Joliet: false, RockRidge: false, Udf: true });
        Assert.InRange(found.DeclaredSize, 3 << 20, new FileInfo(path).Length);
        Assert.NotNull(found.CreatedAt);
        Assert.Single(warnings, warning => warning.StartsWith("The image has no boot record", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("data", false, false, false, new string[0])]
    [InlineData("bios", true, false, false, new string[0])]
    [InlineData("uefi", false, true, false, new[] { "aarch64" })]
    [InlineData("both", true, true, false, new[] { "x86_64", "i686" })]
    [InlineData("fat16", false, true, false, new[] { "riscv64" })]
    [InlineData("fat32", false, true, false, new[] { "x86_64", "riscv64" })]
    [InlineData("fat12-long", false, true, false, new[] { "aarch64", "riscv64" })]
    [InlineData("fat16-long", false, true, false, new[] { "aarch64", "riscv64" })]
    [InlineData("fat32-long", false, true, false, new[] { "aarch64", "riscv64" })]
    [InlineData("mbr", true, true, true, new[] { "x86_64" })]
    [InlineData("gpt", true, true, true, new[] { "x86_64" })]
    public void Boot_modes_architectures_and_hybrids_are_those_that_were_built(
        string name, bool bios, bool uefi, bool hybrid, string[] architectures)
    {
        var (found, warnings) = Inspect.Recognized(images.Require(name));
        Assert.Equal(new BootModes(bios, uefi), found.Boot);
        Assert.Equal(architectures, found.Arch);
        Assert.Equal(hybrid, found.Hybrid);
        Assert.Equal("ISOCATALOG TESTS", found.PublisherId);
        Assert.Equal(name == "data" ? 1 : 0, warnings.Count);
    }

    [Theory]
    [InlineData("/usr/lib/memtest86+/memtest86+x64.iso", "memtest86+", "x86_64", true, true)]
    [InlineData("/usr/lib/memtest86+/memtest86+ia32.iso", "memtest86+", "i686", true, true)]
    [InlineData("/usr/lib/grub-rescue/grub-rescue-cdrom.iso", "grub-rescue-pc", "", true, false)]
    [InlineData("/usr/lib/ipxe/ipxe.iso", "ipxe", "x86_64", true, true)]
    public void Real_images_give_no_warning_and_the_architecture_of_their_boot_program(
        string path, string package, string architecture, bool bios, bool uefi)
    {
        var (found, warnings) = Inspect.Recognized(Counterpart.RequireFile(path, package));
        Assert.Equal(architecture, string.Join(' ', found.Arch));
        Assert.Equal(new BootModes(bios, uefi), found.Boot);
        Assert.True(found.Hybrid);
        Assert.Empty(warnings);
    }

    private static async Task CompareAsync(string path)
    {
        var found = Inspect.Recognized(path).Metadata;
        var isoinfo = await IsoinfoReport.OfAsync(path, TestContext.Current.CancellationToken);
        var xorriso = await XorrisoReport.OfAsync(path, TestContext.Current.CancellationToken);

        Assert.Equal(isoinfo["Volume id"], found.VolumeId);
        Assert.Equal(isoinfo["System id"], found.SystemId);
        Assert.Equal(isoinfo["Publisher id"], found.PublisherId);
        Assert.Equal(isoinfo["Data preparer id"], found.PreparerId);
        Assert.Equal(isoinfo["Application id"], found.ApplicationId);
        Assert.Equal(isoinfo.DeclaredSize, found.DeclaredSize);
        Assert.Equal(isoinfo.Joliet, found.Joliet);
        Assert.Equal(isoinfo.RockRidge, found.RockRidge);
        Assert.True(found is { Iso9660: true, Udf: false });

        Assert.Equal(xorriso.BootImages, found.ElTorito.Select(XorrisoReport.Line));
        Assert.Equal(xorriso.IsDisk, found.Hybrid);
        Assert.Equal(xorriso["Creation Time"], found.CreatedAt?.ToString("yyyyMMddHHmmssff", CultureInfo.InvariantCulture));
    }
}
