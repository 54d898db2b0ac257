using System.Buffers.Binary;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Images that break a rule and that all other readers read: a warning says so, and they are what those readers say.</summary>
public sealed class OddImagesTests(BuiltImages images) : IClassFixture<BuiltImages>
{
    private const int Sector = 2048;
    private const int Primary = 16 * Sector;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(2032)]
    [InlineData(496)]
    [InlineData(0)]
    public async Task An_anchor_of_UDF_may_be_sealed_over_the_whole_block(int crcLength)
    {
        var image = await File.ReadAllBytesAsync(images.Require("bridge"), Cancel);
        var anchors = 0;
        for (var lba = 256; lba < image.Length / Sector; lba++)
        {
            if (BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(lba * Sector)) == 2 && BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan((lba * Sector) + 12)) == lba)
            {
                UdfSeal.Write(image.AsSpan(lba * Sector, Sector), 2, (uint)lba, crcLength);
                anchors++;
            }
        }

        Assert.True(anchors >= 3);
        var (found, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.True(found.Udf);
        Assert.DoesNotContain(warnings, warning => warning.Contains("UDF", StringComparison.Ordinal));
        await AgreesAsync(image, "udfinfo", "label=BRIDGE");
    }

    [Theory]
    [InlineData("udf", 2048, 2032)]
    [InlineData("udf4096", 4096, 4080)]
    public async Task Every_descriptor_of_UDF_alone_may_be_sealed_over_the_whole_block(string name, int block, int crcLength)
    {
        var image = await File.ReadAllBytesAsync(images.Require(name), Cancel);
        for (var lba = 0; lba < image.Length / block; lba++)
        {
            var descriptor = image.AsSpan(lba * block, block);
            if (BinaryPrimitives.ReadUInt16LittleEndian(descriptor) is >= 1 and <= 8 and var identifier && BinaryPrimitives.ReadUInt32LittleEndian(descriptor[12..]) == lba)
            {
                UdfSeal.Write(descriptor, identifier, (uint)lba, crcLength);
            }
        }

        Assert.True(Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image)).Metadata.Udf);
        await AgreesAsync(image, "udfinfo", "label=");
    }

    [Theory]
    [InlineData("the checksum of the description")]
    [InlineData("the anchors")]
    public async Task A_bad_UDF_volume_beside_a_good_one_of_ISO_9660_is_a_warning(string damaged)
    {
        var image = await File.ReadAllBytesAsync(images.Require("bridge"), Cancel);
        for (var lba = 32; lba < image.Length / Sector; lba++)
        {
            var descriptor = image.AsSpan(lba * Sector, Sector);
            var isAnchor = BinaryPrimitives.ReadUInt16LittleEndian(descriptor) == 2;
            if (BinaryPrimitives.ReadUInt16LittleEndian(descriptor) is >= 1 and <= 8 && BinaryPrimitives.ReadUInt32LittleEndian(descriptor[12..]) == lba && isAnchor == (damaged == "the anchors"))
            {
                descriptor[4] ^= 1;
            }
        }

        var (found, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.True(found is { Iso9660: true, Udf: false });
        Assert.Single(warnings, warning => warning.Contains("UDF", StringComparison.Ordinal));
        await ReadsAsync(image);
    }

    [Theory]
    [InlineData("bios", 1, 0)]
    [InlineData("bios", 100_000, 0)]
    [InlineData("both", 0, 1)]
    [InlineData("both", 0, 2)]
    [InlineData("joliet", 0, 150)]
    [InlineData("bridge", 0, 1)]
    [InlineData("bridge", 1, 0)]
    public async Task A_volume_that_lacks_no_file_is_not_truncated(string name, int declaredTooMuch, int missing)
    {
        var image = await File.ReadAllBytesAsync(images.Require(name), Cancel);
        var declared = BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan(Primary + 80));
        Both32(image, Primary + 80, declared + (uint)declaredTooMuch);
        image = image[..((int)(declared - missing) * Sector)];
        var (_, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.Contains(
            $"declares {(declared + declaredTooMuch) * Sector} bytes and the file has {image.Length}", Assert.Single(warnings, w => w.Contains("padding", StringComparison.Ordinal)), StringComparison.Ordinal);
        await ReadsAsync(image);
    }

    [Theory]
    [InlineData("bios")]
    [InlineData("both")]
    [InlineData("joliet")]
    [InlineData("bridge")]
    public void A_volume_that_lacks_a_byte_of_a_file_is_truncated(string name)
    {
        var image = File.ReadAllBytes(images.Require(name));
        var random = new Random(name.Length);
        var end = Listed.EndOf(image);
        foreach (var length in Enumerable.Range(0, 100).Select(_ => random.NextInt64(end / 2, end)).Append(end - 1))
        {
            var refused = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, length));
            Assert.Equal(IsoRefusal.Truncated, refused.Refusal.Code);
        }

        // UDF has its own end.
        Assert.Equal(name == "bridge", HostileImage.Check(image, end) is IsoInspection.Refused);
    }

    /// <summary>What the volume says of its size is too little, or nothing: then its directories tell.</summary>
    [Theory]
    [InlineData("bios", 0)]
    [InlineData("bios", 20)]
    [InlineData("both", 0)]
    [InlineData("joliet", 30)]
    public void A_volume_that_understates_its_size_is_truncated_all_the_same(string name, int sectors)
    {
        var image = File.ReadAllBytes(images.Require(name));
        var end = Listed.EndOf(image);
        Both32(image, Primary + 80, (uint)sectors);
        var random = new Random(sectors);
        foreach (var length in Enumerable.Range(0, 100).Select(_ => random.NextInt64(end / 2, end)).Append(end - 1))
        {
            var refused = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, length));
            Assert.Equal(IsoRefusal.Truncated, refused.Refusal.Code);
        }

        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length + 12_345L));
    }

    /// <summary>A tree deeper than ISO 9660 allows is laid out anew, with records in the old place that name nothing.</summary>
    [Theory]
    [InlineData("genisoimage", "-R")]
    [InlineData("genisoimage", "-J", "-R", "-T")]
    [InlineData("xorriso", "-as", "mkisofs", "-R")]
    [InlineData("xorriso", "-as", "mkisofs", "-J", "-R", "-iso-level", "3")]
    public async Task A_padded_image_of_a_deep_tree_is_whole(string program, params string[] options)
    {
        Counterpart.Require(program);
        using var folder = new TempFolder();
        var deep = Directory.CreateDirectory(folder.Combine(["tree", .. Enumerable.Range(0, 14).Select(i => $"folder-{i}")])).FullName;
        File.WriteAllText(Path.Combine(deep, "last.txt"), "x");
        File.WriteAllText(folder.Combine("tree", "empty"), "");
        File.CreateSymbolicLink(folder.Combine("tree", "link"), "/nowhere");
        (await Counterpart.RunAsync(program, [.. options, "-o", folder.Combine("x.iso"), folder.Combine("tree")], Cancel)).Succeeded();
        var image = await File.ReadAllBytesAsync(folder.Combine("x.iso"), Cancel);
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length + 12_345L));
    }

    [Fact]
    public void Directories_in_a_circle_end()
    {
        var image = IsoBuilder.InMemory("CIRCLE", 10_000, 1);
        Both32(image, Primary + 80, 5000);

        // The file is a directory now, which is the root under another name, twice.
        var record = image.AsSpan((20 * Sector) + 68);
        record[25] = 2;
        BinaryPrimitives.WriteUInt32LittleEndian(record[2..], 20);
        BinaryPrimitives.WriteUInt32LittleEndian(record[10..], Sector);
        record[..record[0]].CopyTo(record[record[0]..]);
        Assert.Equal(IsoRefusal.Truncated, Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image)).Refusal.Code);

        // A directory as large as there can be.
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(Primary + 166), uint.MaxValue);
        Assert.Equal(IsoRefusal.Truncated, Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image)).Refusal.Code);
        Both32(image, Primary + 80, uint.MaxValue);
        Assert.Equal(IsoRefusal.Truncated, Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, 8L << 30)).Refusal.Code);
    }

    [Theory]
    [InlineData("bios")]
    [InlineData("both")]
    [InlineData("bridge")]
    public async Task Big_endian_halves_that_are_zero_are_a_warning(string name)
    {
        var image = await File.ReadAllBytesAsync(images.Require(name), Cancel);
        var expected = Inspect.Recognized(image).Metadata;
        foreach (var (offset, length) in ((int, int)[])[(84, 4), (122, 2), (126, 2), (130, 2), (136, 4), (148, 8), (162, 4), (170, 4), (186, 2)])
        {
            image.AsSpan(Primary + offset, length).Clear();
        }

        foreach (var (offset, length) in ((int, int)[])[(6, 4), (14, 4), (30, 2)])
        {
            image.AsSpan((BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(Primary + 158)) * Sector) + offset, length).Clear();
        }

        var (found, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.Equal(expected.DeclaredSize, found.DeclaredSize);
        Assert.Equal(expected.Boot, found.Boot);
        Assert.Contains(warnings, warning => warning.Contains("in both byte orders", StringComparison.Ordinal));
        await ReadsAsync(image);
    }

    [Fact]
    public void What_is_faulty_is_told_all_the_same_where_its_hash_is_known()
    {
        var image = File.ReadAllBytes(images.Require("both"));
        var refused = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, Listed.EndOf(image) - 5000));
        var vouched = refused.Vouched!;
        Assert.Equal(1, vouched.Faults);
        Assert.StartsWith("The ISO 9660 volume", vouched.Warnings[0], StringComparison.Ordinal);
        Assert.DoesNotContain("do it again", vouched.Warnings[0], StringComparison.Ordinal);
        Assert.EndsWith("do it again.", refused.Refusal.Message, StringComparison.Ordinal);
        Assert.Equal("BOTH", vouched.Metadata.VolumeId);

        image.AsSpan(17 * Sector, Sector).Clear();
        image[Primary] = 3;
        refused = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image));
        Assert.Equal(IsoRefusal.Corrupt, refused.Refusal.Code);
        Assert.NotNull(refused.Vouched);
        image.AsSpan(Primary, 20 * Sector).Clear();
        refused = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image));
        Assert.Equal((IsoRefusal.NotAnIso, null), (refused.Refusal.Code, refused.Vouched));
    }

    [Fact]
    public void Warnings_without_end_keep_to_what_an_entry_has_room_for()
    {
        var image = File.ReadAllBytes(images.Require("bios"));
        var record = Enumerable.Range(16, 16).First(sector => image.AsSpan((sector * Sector) + 7).StartsWith("EL TORITO"u8));
        var catalog = image.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((record * Sector) + 71)) * Sector, Sector);
        catalog[64..].Clear();
        (catalog[64], catalog[65], catalog[66]) = (0x91, 0xEF, 60);
        for (var slot = 3; slot < 63; slot++)
        {
            catalog[slot * 32] = 0x88;
            BinaryPrimitives.WriteUInt32LittleEndian(catalog[((slot * 32) + 8)..], 0x7FFF0000 + (uint)slot);
        }

        var (found, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image));
        Assert.Equal(61, found.ElTorito.Count);
        Assert.EndsWith("more warnings are left out.", warnings[^1], StringComparison.Ordinal);
    }

    /// <summary>Others take every file out of it.</summary>
    private static async Task ReadsAsync(byte[] image)
    {
        using var folder = new TempFolder();
        var path = folder.Write("odd.iso", image);
        (await Counterpart.RunAsync("isoinfo", ["-i", path, "-f"], Cancel)).Succeeded();
        Assert.Contains("TYPE=iso9660", (await Counterpart.RunAsync("blkid", ["-p", "-o", "export", path], Cancel)).Output.Replace("udf", "iso9660", StringComparison.Ordinal), StringComparison.Ordinal);
        (await Counterpart.RunAsync("xorriso", ["-osirrox", "on", "-indev", path, "-extract", "/", folder.Combine("out")], Cancel)).Succeeded();
        Assert.Contains(Directory.GetFiles(folder.Combine("out")), file => new FileInfo(file).Length >= 10_000);
    }

    private static async Task AgreesAsync(byte[] image, string program, string says)
    {
        using var folder = new TempFolder();
        var result = await Counterpart.RunAsync(program, [folder.Write("odd.iso", image)], Cancel);
        Assert.Contains(says, result.Succeeded(), StringComparison.Ordinal);
    }

    private static void Both32(byte[] image, int offset, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(offset), value);
        BinaryPrimitives.WriteUInt32BigEndian(image.AsSpan(offset + 4), value);
    }
}
