using System.Buffers.Binary;
using System.Text;
using IsoCatalog.Appliance.Commands;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>One rule after the other, on images that are right but for one thing.</summary>
public sealed class IsoReaderRulesTests
{
    private const int Sector = 2048;
    private const int Primary = 16 * Sector;
    private const int Catalog = 19 * Sector;

    [Fact]
    public void An_empty_file_is_empty() => Assert.Equal(IsoRefusal.Empty, Inspect.Refused([]).Code);

    [Fact]
    public void The_smallest_image_is_recognized_as_data()
    {
        var image = IsoBuilder.InMemory("SMALL", 3000, 1);
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal("SMALL", found.VolumeId);
        Assert.Equal(image.Length, found.DeclaredSize);
        Assert.Null(found.CreatedAt);
        Assert.Empty(found.ElTorito);
        Assert.Equal("The image has no boot record: a machine cannot start from it.", Assert.Single(warnings));
    }

    [Theory]
    [InlineData("\u001f\u008b\b", "a gzip file: unpack it")]
    [InlineData("\u00fd7zXZ\0", "an xz file: unpack it")]
    [InlineData("PK\u0003\u0004", "a ZIP file")]
    [InlineData("QFI\u00fb", "a qcow2 disk")]
    [InlineData("<!DOCTYPE html><html>", "a web page")]
    [InlineData("\r\n<html lang=en>", "a web page")]
    [InlineData("d8:announce3:abc4:infod", "a torrent file")]
    [InlineData("\0\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\0", "raw CD dump")]
    [InlineData("anything", "it ends at byte 8")]
    public void A_file_of_another_kind_is_called_what_it_is(string start, string words)
    {
        var refusal = Inspect.Refused(Encoding.Latin1.GetBytes(start));
        Assert.Equal(IsoRefusal.NotAnIso, refusal.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_image_is_told_with_both_sizes()
    {
        var image = Demo();
        var refusal = Inspect.Refused(image[..^2048]);
        Assert.Equal(IsoRefusal.Truncated, refusal.Code);
        Assert.Equal(
            $"The ISO 9660 volume (sector 16) needs {image.Length} bytes, but the file has {image.Length - 2048}: the last 2048 are missing. "
            + "The copy or download is not complete: do it again.",
            refusal.Message);
    }

    [Fact]
    public void Padding_behind_the_volume_is_no_matter()
    {
        var image = Demo();
        var (found, warnings) = Inspect.Recognized([.. image, .. new byte[300 * 1024]]);
        Assert.Equal(image.Length, found.DeclaredSize);
        Assert.Empty(warnings);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    [InlineData(4096)]
    [InlineData(65535)]
    public void A_block_size_that_ISO_9660_does_not_know_is_corrupt(ushort block)
    {
        var image = Demo();
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(Primary + 128), block);
        BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan(Primary + 130), block);
        var refusal = Inspect.Refused(image);
        Assert.Equal(IsoRefusal.Corrupt, refusal.Code);
        Assert.Contains($"block size of {block} bytes", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_size_of_512_counts_in_512()
    {
        var image = Demo();
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(Primary + 128), 512);
        BinaryPrimitives.WriteUInt16BigEndian(image.AsSpan(Primary + 130), 512);
        Both32(image, Primary + 80, (uint)image.Length / 512);
        Both32(image, Primary + 158, 22 * 4);
        var (found, _) = Inspect.Recognized(image);
        Assert.Equal(image.Length, found.DeclaredSize);
    }

    [Theory]
    [InlineData(87)]
    [InlineData(84)]
    [InlineData(131)]
    [InlineData(165)]
    [InlineData(173)]
    public void A_number_whose_big_endian_half_differs_is_a_warning(int offset)
    {
        var image = Demo();
        image[Primary + offset] ^= 1;
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal(image.Length, found.DeclaredSize);
        Assert.Contains("in both byte orders", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(128, "block size")]
    [InlineData(158, "root directory")]
    public void A_number_that_systems_read_and_that_leads_nowhere_is_corrupt(int offset, string words)
    {
        var image = Demo();
        image[Primary + offset] ^= 1;
        Assert.Contains(words, AssertCorrupt(image), StringComparison.Ordinal);
    }

    [Fact]
    public void A_volume_of_no_size_is_a_warning()
    {
        var image = Demo();
        Both32(image, Primary + 80, 0);
        Assert.Contains("no size", Assert.Single(Inspect.Recognized(image).Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0xFFFFFFFF)]
    [InlineData(100_000)]
    public void A_root_directory_beyond_the_volume_is_corrupt(uint lba)
    {
        var image = Demo();
        Both32(image, Primary + 158, lba);
        Assert.Contains("root directory", AssertCorrupt(image), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hole_where_the_root_directory_should_be_is_corrupt()
    {
        var image = Demo();
        image.AsSpan(22 * Sector, Sector).Clear();
        Assert.Contains("the file has holes or was overwritten", AssertCorrupt(image), StringComparison.Ordinal);
    }

    [Fact]
    public void Descriptors_without_a_primary_one_are_corrupt()
    {
        var image = Demo();
        image[Primary] = 3;
        Assert.Contains("no primary one", AssertCorrupt(image), StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_of_descriptors_that_never_ends_is_read_for_64_sectors_and_warned_about()
    {
        var image = Demo(200_000);
        for (var sector = 18; sector < 22; sector++)
        {
            image.AsSpan(17 * Sector, Sector).CopyTo(image.AsSpan(sector * Sector));
        }

        // The boot catalog is overwritten too; the boot record names it none the less.
        var (_, warnings) = Inspect.Recognized(image);
        Assert.Contains(warnings, warning => warning.Contains("has no end mark", StringComparison.Ordinal));
    }

    [Fact]
    public void An_absent_volume_id_is_an_empty_text()
    {
        var image = Demo();
        image.AsSpan(Primary + 8, 64).Fill((byte)' ');
        Assert.Equal(("", ""), (Inspect.Recognized(image).Metadata.VolumeId, Inspect.Recognized(image).Metadata.SystemId));
        image.AsSpan(Primary + 8, 64).Clear();
        Assert.Equal(("", ""), (Inspect.Recognized(image).Metadata.VolumeId, Inspect.Recognized(image).Metadata.SystemId));
    }

    [Theory]
    [InlineData("  padded  ", "padded")]
    [InlineData("cut\0off", "cut")]
    [InlineData("new\nline\u001b[31m", "new\uFFFDline\uFFFD[31m")]
    [InlineData("a\u202Egnp.exe", "a\uFFFDgnp.exe")]
    [InlineData("zero\u200Bwidth\uFEFF", "zero\uFFFDwidth\uFFFD")]
    [InlineData("para\u2029graph", "para\uFFFDgraph")]
    [InlineData("no\u00A0break", "no break")]
    [InlineData("Größe", "Größe")]
    [InlineData("<script>alert(1)", "<script>alert(1)")]
    public void Texts_are_cleaned_for_display(string written, string shown)
    {
        var image = Demo();
        image.AsSpan(Primary + 318, 128).Fill((byte)' ');
        Encoding.UTF8.GetBytes(written, image.AsSpan(Primary + 318, 128));
        Assert.Equal(shown, Inspect.Recognized(image).Metadata.PublisherId);
    }

    [Fact]
    public void Text_that_is_not_UTF_8_is_taken_as_Latin_1()
    {
        var image = Demo();
        Encoding.Latin1.GetBytes("Größe", image.AsSpan(Primary + 318, 128));
        Assert.Equal("GrößeTALOG", Inspect.Recognized(image).Metadata.PublisherId);
    }

    [Theory]
    [InlineData("2024022913040599", 8, "2024-02-29T13:04:05.9900000+02:00")]
    [InlineData("2024022913040500", -20, "2024-02-29T13:04:05.0000000-05:00")]
    [InlineData("0000000000000000", 0, null)]
    [InlineData("                ", 0, null)]
    [InlineData("2023022913040500", 0, null)]
    [InlineData("2024022925040500", 0, null)]
    [InlineData("2024022913040500", 127, null)]
    [InlineData("0001010100000000", 4, null)]
    public void A_time_is_read_with_its_offset_and_an_impossible_one_is_none(string digits, int quarters, string? expected)
    {
        var image = Demo();
        Encoding.ASCII.GetBytes(digits, image.AsSpan(Primary + 813));
        image[Primary + 829] = (byte)quarters;
        Assert.Equal(expected, Inspect.Recognized(image).Metadata.CreatedAt?.ToString("O"));
    }

    [Fact]
    public void A_boot_catalog_beyond_the_end_of_the_file_is_a_warning()
    {
        var image = Demo();
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan((17 * Sector) + 71), uint.MaxValue);
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal(default, found.Boot);
        Assert.Contains("lies beyond the end of the file", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    public void A_boot_catalog_whose_first_entry_is_wrong_boots_nothing(int offset)
    {
        var image = Demo();
        image[Catalog + offset] ^= 0xFF;
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal(default, found.Boot);
        Assert.Empty(found.ElTorito);
        Assert.Contains("is damaged", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_boot_catalog_whose_checksum_is_wrong_starts_a_BIOS()
    {
        var image = Demo();
        image[Catalog + 28] ^= 1;
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal(new BootModes(Bios: true, Uefi: false), found.Boot);
        Assert.Contains("checksum of the boot catalog", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_entry_that_is_not_marked_as_bootable_is_listed_but_does_not_boot()
    {
        var image = Demo();
        image[Catalog + 32] = 0;
        var (found, _) = Inspect.Recognized(image);
        Assert.Equal(default, found.Boot);
        Assert.False(Assert.Single(found.ElTorito).Bootable);
    }

    [Fact]
    public void A_boot_image_far_beyond_the_volume_is_a_damaged_number_and_only_a_warning()
    {
        var image = Demo();
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Catalog + 40), 0x7FFFFFFF);
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal(default, found.Boot);
        Assert.Contains("BIOS may not start from it", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 4)]
    [InlineData(2, 1)]
    public void A_boot_image_that_would_begin_right_behind_the_file_makes_it_truncated(byte media, ushort count)
    {
        var image = Demo();
        image[Catalog + 33] = media;
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(Catalog + 38), count);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Catalog + 40), (uint)((image.Length + Sector - 1) / Sector));
        var refusal = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image)).Refusal;
        Assert.Equal(IsoRefusal.Truncated, refusal.Code);
        Assert.Contains("The BIOS boot image at sector", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(3, 0)]
    public void A_boot_image_of_unknown_size_or_a_floppy_at_the_end_of_the_volume_is_not_truncated(byte media, ushort count)
    {
        var image = Demo();
        image[Catalog + 33] = media;
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(Catalog + 38), count);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Catalog + 40), (uint)((image.Length / Sector) - 1));
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
    }

    [Fact]
    public void A_boot_image_beyond_the_file_that_is_not_marked_as_bootable_is_a_warning()
    {
        var image = Demo();
        image[Catalog + 32] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Catalog + 40), (uint)(image.Length / Sector) + 1);
        Assert.Contains("BIOS may not start from it", Assert.Single(Inspect.Recognized(image).Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_catalog_that_promises_sections_without_end_stops_at_64_entries()
    {
        var image = Demo(20_000);
        image.AsSpan(Catalog + 64, 8 * Sector).Clear();
        (image[Catalog + 64], image[Catalog + 65], image[Catalog + 66], image[Catalog + 67]) = (0x90, ElToritoEntry.Efi, 0xFF, 0xFF);
        for (var slot = 3; slot < 256; slot++)
        {
            (image[Catalog + (slot * 32)], image[Catalog + (slot * 32) + 8]) = (0x88, 23);
        }

        Restore(image);
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal(IsoReader.MaxBootEntries, found.ElTorito.Count);
        Assert.Equal(new BootModes(Bios: true, Uefi: false), found.Boot);
        Assert.InRange(warnings.Count, 1, IsoReader.MaxWarnings);
    }

    [Fact]
    public void A_section_for_UEFI_that_counts_one_sector_reaches_to_the_end_of_the_file()
    {
        var image = Demo(20_000);
        var section = image.AsSpan(Catalog + 64, 64);
        section[0] = 0x91;
        section[1] = ElToritoEntry.Efi;
        section[2] = 1;
        section[32] = 0x88;
        section[38] = 1;
        section[40] = 25;
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Equal(image.Length - (25 * Sector), found.ElTorito[1].ImageSize);
        Assert.Contains("The EFI boot image at sector 25 is not a FAT file system", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void An_extension_of_an_entry_is_passed_over()
    {
        var image = Demo(20_000);
        var slots = image.AsSpan(Catalog + 64, 160);
        (slots[0], slots[1], slots[2]) = (0x91, ElToritoEntry.Efi, 2);
        (slots[32], slots[33], slots[40]) = (0x88, 0x20, 23);
        (slots[64], slots[65]) = (0x44, 0x20);
        slots[96] = 0x44;
        (slots[128], slots[136]) = (0x88, 24);
        Assert.Equal([23u, 23u, 24u], Inspect.Recognized(image).Metadata.ElTorito.Select(entry => entry.LoadLba));
    }

    [Fact]
    public void A_platform_of_UEFI_in_the_first_entry_is_not_BIOS()
    {
        var image = Demo();
        image[Catalog + 1] = ElToritoEntry.Efi;
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(Catalog + 28), unchecked((ushort)-(0xEF01 + 0xAA55)));
        Assert.Equal(default, Inspect.Recognized(image).Metadata.Boot);
    }

    [Fact]
    public void A_partition_beyond_the_end_of_the_file_is_a_warning()
    {
        var image = Demo();
        (image[510], image[511], image[446], image[450]) = (0x55, 0xAA, 0x80, 0x17);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(458), uint.MaxValue);
        var (found, warnings) = Inspect.Recognized(image);
        Assert.True(found.Hybrid);
        Assert.Contains("Partition 1 of the MBR", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_GPT_is_a_warning()
    {
        var image = Demo();
        "EFI PART"u8.CopyTo(image.AsSpan(512));
        image[512 + 12] = 92;
        var (found, warnings) = Inspect.Recognized(image);
        Assert.False(found.Hybrid);
        Assert.Contains("GPT header", Assert.Single(warnings), StringComparison.Ordinal);
    }

    private static byte[] Demo(int filler = 5000) => DemoImage.Build("demo", filler, DateTimeOffset.UnixEpoch.AddYears(50));

    private static string AssertCorrupt(byte[] image)
    {
        var refusal = Inspect.Refused(image);
        Assert.Equal(IsoRefusal.Corrupt, refusal.Code);
        return refusal.Message;
    }

    private static void Both32(byte[] image, int offset, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);
        BinaryPrimitives.WriteUInt32BigEndian(image.AsSpan(offset + 4), value);
    }

    /// <summary>Brings back the sectors behind the boot catalog that a long catalog overwrote.</summary>
    private static void Restore(byte[] image) => Demo(20_000).AsSpan(22 * Sector).CopyTo(image.AsSpan(22 * Sector));
}
