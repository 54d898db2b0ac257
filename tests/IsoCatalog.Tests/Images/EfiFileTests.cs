using System.Buffers.Binary;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Is the EFI boot image a file of the volume, too?</summary>
public sealed class EfiFileTests(BuiltImages images) : IClassFixture<BuiltImages>
{
    [Theory]
    [InlineData("both", true)]
    [InlineData("uefi", true)]
    [InlineData("mbr", true)]
    [InlineData("gpt", false)]
    [InlineData("bios", null)]
    [InlineData("data", null)]
    [InlineData("udf", null)]
    [InlineData("bridge", null)]
    public void It_is_found_where_it_is_a_file(string name, bool? there) => Assert.Equal(there, Inspect.Recognized(images.Require(name)).Metadata.EfiImageIsFile);

    [Theory]
    [InlineData("efi.img", true)]
    [InlineData("EFIBOOT.IMG", true)]
    [InlineData("xefi.img", false)]
    public async Task A_copy_under_the_usual_name_counts_wherever_it_lies(string name, bool there)
    {
        using var folder = new TempFolder();
        var tree = Directory.CreateDirectory(folder.Combine("tree", "boot", "grub", "x", "y")).FullName;
        File.WriteAllBytes(Path.Combine(tree, name), new byte[3000]);
        var fat = folder.Combine("efi.fat");
        await IsoBuilder.BuildFatAsync(fat, ["BOOTX64.EFI"], 12, TestContext.Current.CancellationToken);
        (await Counterpart.RunAsync(
            "xorriso",
            ["-as", "mkisofs", "-quiet", "-o", folder.Combine("x.iso"), "-V", "X", "-c", "boot.cat", "-e", "--interval:appended_partition_2:all::", "-no-emul-boot",
                "-append_partition", "2", "0xef", fat, "-appended_part_as_gpt", folder.Combine("tree")],
            TestContext.Current.CancellationToken)).Succeeded();

        Assert.Equal(there, Inspect.Recognized(folder.Combine("x.iso")).Metadata.EfiImageIsFile);
    }

    [Fact]
    public async Task A_damaged_directory_is_not_taken_for_one_without_it()
    {
        var image = await File.ReadAllBytesAsync(images.Require("gpt"), TestContext.Current.CancellationToken);
        var root = (int)BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan((16 * 2048) + 158)) * 2048;
        var third = root + image[root];
        third += image[third];
        image[third + 32] = 200;

        Assert.Null(Inspect.Bytes(image) switch
        {
            IsoInspection.Recognized found => found.Metadata.EfiImageIsFile,
            IsoInspection.Refused refused => refused.Vouched?.Metadata.EfiImageIsFile,
            _ => true,
        });
    }
}
