using System.Buffers.Binary;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>
/// What ends before its own end is refused, though its ISO 9660 volume is whole; what only looks so is not. The images are so large that the collector would disturb those who measure memory.
/// </summary>
[Collection<MeasuredAlone>]
public sealed class TruncatedImagesTests(AppendedImages built) : IClassFixture<AppendedImages>
{
    private const int Sector = 2048;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(32)]
    public void An_EFI_partition_behind_the_volume_that_is_cut_anywhere_is_truncated(int bits)
    {
        var image = built.Require(bits);
        var found = Inspect.Recognized(image).Metadata;
        var (start, end) = EspOf(image, found);
        Assert.True(start >= found.DeclaredSize && found.Boot.Uefi);

        // A hole there is worth as much as one in the volume.
        Assert.True(found.UsedSize >= end && found.UsedSize <= image.Length);
        Assert.Equal(bits == 32, found.ElTorito[^1].SectorCount == 0);
        var random = new Random(bits);
        long[] lengths = [start + 512, start + 4096, .. Enumerable.Range(0, 40).Select(_ => random.NextInt64(start + 512, end)), end - 512, end - 1];
        Assert.All(lengths, length => AssertTruncated(image, length));
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length));
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length + 1L));
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length + (150L * Sector)));
    }

    [Fact]
    public void Its_own_FAT_says_where_it_ends_without_a_GPT()
    {
        var image = (byte[])built.Require(32).Clone();
        image.AsSpan(512, 512).Clear();
        var (start, end) = EspOf(image, Inspect.Recognized(image).Metadata);
        Assert.Contains("a FAT file system", AssertTruncated(image, end - 1), StringComparison.Ordinal);
        Assert.Contains("a FAT file system", AssertTruncated(image, start + 4096), StringComparison.Ordinal);
    }

    [Fact]
    public void An_EFI_partition_of_the_MBR_that_no_boot_entry_names_says_where_it_ends()
    {
        var image = WithoutBootEntries(built.Require(16));
        var (start, end) = EspOf(image, Inspect.Recognized(image).Metadata);
        image.AsSpan(512, 512).Clear();
        image.AsSpan(446, 64).Clear();
        image[446 + 4] = 0xEF;
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(446 + 8), (uint)(start / 512));
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(446 + 12), (uint)((end - start) / 512));
        Assert.Contains("EFI partition 1 of the MBR", AssertTruncated(image, end - 1), StringComparison.Ordinal);
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, end));

        // No file system, so nothing but a table says so, which known tools write wrong.
        image[446 + 4] = 0x83;
        var (_, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, end - 1));
        Assert.Contains(warnings, warning => warning.StartsWith("Partition 1 of the MBR", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("right", true)]
    [InlineData("wrong header", false)]
    [InlineData("wrong table", false)]
    public void A_partition_of_any_kind_of_a_GPT_whose_checksums_are_right_must_be_there(string checksums, bool refused)
    {
        var image = WithoutBootEntries(built.Require(16));
        var (start, end) = EspOf(image, Inspect.Recognized(image).Metadata);
        image.AsSpan((int)start, 512).Clear();
        if (checksums != "right")
        {
            image[checksums == "wrong header" ? 512 + 60 : (2 * 512) + 60] ^= 1;
        }

        var result = HostileImage.Check(image, end - 512);
        if (refused)
        {
            Assert.Contains("of the GPT needs", Assert.IsType<IsoInspection.Refused>(result).Refusal.Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains(Assert.IsType<IsoInspection.Recognized>(result).Warnings, warning => warning.Contains("GPT", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(1_000_000_000, 128)]
    [InlineData(uint.MaxValue, uint.MaxValue)]
    [InlineData(128, 0)]
    [InlineData(128, 100)]
    public void A_GPT_of_any_size_is_read_within_bounds(uint count, uint size)
    {
        var image = (byte[])built.Require(16).Clone();
        var header = image.AsSpan(512, 92);
        BinaryPrimitives.WriteUInt32LittleEndian(header[80..], count);
        BinaryPrimitives.WriteUInt32LittleEndian(header[84..], size);
        Seal(header);
        var (_, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length, mayRead: 1 << 20));
        Assert.Contains(warnings, warning => warning.Contains("not looked at", StringComparison.Ordinal));
    }

    [Fact]
    public void A_GPT_whose_partitions_have_the_largest_numbers_does_not_overflow()
    {
        var image = (byte[])built.Require(16).Clone();
        var header = image.AsSpan(512, 92);
        var table = image.AsSpan((int)BinaryPrimitives.ReadInt64LittleEndian(header[72..]) * 512, 128 * BinaryPrimitives.ReadInt32LittleEndian(header[80..]));
        table[128] = 1;
        BinaryPrimitives.WriteUInt64LittleEndian(table[(128 + 32)..], ulong.MaxValue - 1);
        BinaryPrimitives.WriteUInt64LittleEndian(table[(128 + 40)..], ulong.MaxValue);
        BinaryPrimitives.WriteUInt32LittleEndian(header[88..], Crc32(table));
        Seal(header);
        Assert.Equal(IsoRefusal.Truncated, Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image)).Refusal.Code);
    }

    [Fact]
    public void An_EFI_image_in_a_later_section_must_be_there_too()
    {
        var image = (byte[])built.Require(16).Clone();
        image.AsSpan(512, 512).Clear();
        var (_, end) = EspOf(image, Inspect.Recognized(image).Metadata);
        var catalog = CatalogOf(image);

        // The default entry, then three sections for other platforms, then the one that was there.
        catalog.Slice(64, 64).CopyTo(catalog[(64 + (3 * 64))..]);
        for (var section = 0; section < 3; section++)
        {
            var at = catalog.Slice(64 + (section * 64), 64);
            at.Clear();
            (at[0], at[1], at[2]) = (0x90, (byte)(section == 2 ? 0xEF : section + 1), 1);
            at[32] = (byte)(section == 2 ? 0 : 0x88);
            BinaryPrimitives.WriteUInt16LittleEndian(at[38..], 1);
            BinaryPrimitives.WriteUInt32LittleEndian(at[40..], 30);
        }

        Assert.True(Inspect.Recognized(image).Metadata.Boot.Uefi);
        Assert.Contains("EFI boot image", AssertTruncated(image, end - 1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_isohybrid_makes_for_UEFI_is_whole()
    {
        Counterpart.Require("isohybrid");
        var isolinux = Counterpart.RequireFile("/usr/lib/ISOLINUX/isolinux.bin", "isolinux");
        using var folder = new TempFolder();
        var path = folder.Combine("hybrid.iso");
        await BootableImage.BuildAsync(path, "both, as they should be", await File.ReadAllBytesAsync(isolinux, Cancel), [.. "MZ"u8], Cancel);
        var length = new FileInfo(path).Length;
        (await Counterpart.RunAsync("isohybrid", ["--uefi", path], Cancel)).Succeeded();
        Assert.True(new FileInfo(path).Length > length);
        var (found, _) = Inspect.Recognized(path);
        Assert.True(found is { Hybrid: true, Boot: { Bios: true, Uefi: true } });

        // Rounded up to whole cylinders; without that it is still the whole CD.
        var image = await File.ReadAllBytesAsync(path, Cancel);
        var (_, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, length));
        Assert.Contains(warnings, warning => warning.Contains("as a USB stick it is not", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_xorriso_makes_for_a_Mac_is_whole_until_a_file_of_it_is_cut()
    {
        Counterpart.Require("xorriso");
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.Combine("tree"));
        folder.Write("tree/payload.bin", [.. Enumerable.Repeat((byte)'x', 300_000)]);
        var path = folder.Combine("mac.iso");
        (await Counterpart.RunAsync("xorriso", ["-as", "mkisofs", "-R", "-V", "MAC", "-hfsplus", "-apm-block-size", "2048", "-o", path, folder.Combine("tree")], Cancel)).Succeeded();
        Assert.Single(Inspect.Recognized(path).Warnings, warning => warning.StartsWith("The image has no boot record", StringComparison.Ordinal));
        var image = await File.ReadAllBytesAsync(path, Cancel);
        AssertTruncated(image, Listed.EndOf(image) - 1);
    }

    [Fact]
    public void A_partition_of_an_Apple_map_beyond_the_end_is_a_warning()
    {
        var image = IsoBuilder.InMemory("APPLE", 10_000, 1);
        foreach (var number in (int[])[1, 2])
        {
            var entry = image.AsSpan(number * Sector);
            "PM"u8.CopyTo(entry);
            BinaryPrimitives.WriteUInt32BigEndian(entry[4..], 2);
            BinaryPrimitives.WriteUInt32BigEndian(entry[8..], 1);
            BinaryPrimitives.WriteUInt32BigEndian(entry[12..], number == 1 ? 2U : uint.MaxValue);
        }

        var (_, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.Single(warnings, warning => warning.StartsWith("Partition 2 of the Apple partition map", StringComparison.Ordinal));
    }

    /// <summary>Checked against what the image was made of, not against our own reading: the FAT's sectors by its boot sector.</summary>
    private static (long Start, long End) EspOf(byte[] image, IsoMetadata found)
    {
        var start = found.ElTorito[^1].LoadLba * (long)Sector;
        var boot = image.AsSpan((int)start, 512);
        var sectors = BinaryPrimitives.ReadUInt16LittleEndian(boot[19..]) is > 0 and var few ? few : BinaryPrimitives.ReadUInt32LittleEndian(boot[32..]);
        return (start, start + (sectors * 512L));
    }

    private static string AssertTruncated(byte[] image, long length)
    {
        var refusal = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, length)).Refusal;
        Assert.Equal(IsoRefusal.Truncated, refusal.Code);
        return refusal.Message;
    }

    private static Span<byte> CatalogOf(byte[] image)
    {
        var record = Enumerable.Range(16, 16).First(sector => image.AsSpan((sector * Sector) + 7).StartsWith("EL TORITO"u8));
        return image.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((record * Sector) + 71)) * Sector, Sector);
    }

    /// <summary>All entries there and none of them bootable, so that nothing but the partition tables speaks of the end.</summary>
    private static byte[] WithoutBootEntries(byte[] image)
    {
        image = (byte[])image.Clone();
        var catalog = CatalogOf(image);
        (catalog[32], catalog[96]) = (0, 0);
        return image;
    }

    private static void Seal(Span<byte> header)
    {
        header.Slice(16, 4).Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(header[16..], Crc32(header));
    }

    private static uint Crc32(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
            }
        }

        return ~crc;
    }
}
