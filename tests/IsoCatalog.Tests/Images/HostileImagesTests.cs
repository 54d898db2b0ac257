using System.Buffers.Binary;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Nothing that a file contains makes the reader hang, throw, read or allocate much.</summary>
public sealed class HostileImagesTests(BuiltImages images) : IClassFixture<BuiltImages>
{
    private const int Sector = 2048;
    private const int FirstSectors = 64 * Sector;

    public static TheoryData<string> Seeds => ["memtest", "grub", "ipxe", "both", "fat16", "fat32", "gpt", "udf", "udf512", "udf4096", "bridge"];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Damaged_images_are_read_within_bounds_or_refused(string name)
    {
        const int Cases = 4000;
        var image = Load(name);
        var regions = Regions(image);
        var random = new Random(name.Length * 7919);
        var outcomes = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < Cases; i++)
        {
            var undo = new Stack<(int Offset, byte Value)>();
            for (var changes = 1 + random.Next(4); changes > 0; changes--)
            {
                Damage(image, regions[random.Next(regions.Count)], random, undo);
            }

            if (random.Next(2) == 0)
            {
                Reseal(image, undo);
            }

            outcomes.Add(HostileImage.Check(image) is IsoInspection.Refused(var refusal) ? refusal.Code : "recognized");
            while (undo.TryPop(out var change))
            {
                image[change.Offset] = change.Value;
            }
        }

        // Otherwise the damage went where nobody looks. UDF keeps a second copy of everything and survives.
        Assert.Contains("recognized", outcomes);
        Assert.Contains(name.StartsWith("udf", StringComparison.Ordinal) ? IsoRefusal.NotAnIso : IsoRefusal.Corrupt, outcomes);
        Assert.Contains(IsoRefusal.Truncated, outcomes);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void An_image_cut_at_any_of_its_first_sectors_is_refused_as_what_it_looks_like(string name)
    {
        var image = Load(name);
        for (var sectors = 0; sectors <= 64; sectors++)
        {
            foreach (var length in (int[])[sectors * Sector, (sectors * Sector) + 1, (sectors * Sector) + 2047])
            {
                var refusal = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, length)).Refusal;
                var expected = length == 0 ? IsoRefusal.Empty : length < 17 * Sector ? IsoRefusal.NotAnIso : IsoRefusal.Truncated;

                // A UDF volume is known only once the second of its three marks is there.
                Assert.True(
                    refusal.Code == expected || (name.StartsWith("udf", StringComparison.Ordinal) && sectors < 20 && refusal.Code == IsoRefusal.NotAnIso),
                    $"{length} bytes: {refusal}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void An_image_that_lacks_any_byte_of_its_files_is_truncated(string name)
    {
        var image = Load(name);
        var declared = Inspect.Recognized(image).Metadata.DeclaredSize;

        // Its padding may lack.
        var needed = name.StartsWith("udf", StringComparison.Ordinal) ? declared : Listed.EndOf(image);
        var random = new Random(4711);
        foreach (var length in Enumerable.Range(0, 200).Select(_ => random.NextInt64(Math.Min(FirstSectors, needed / 2), needed)).Append(needed - 1))
        {
            var refusal = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, length)).Refusal;
            Assert.Equal(IsoRefusal.Truncated, refusal.Code);
            Assert.Contains($"the file has {length}:", refusal.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_image_whose_appended_boot_image_is_cut_off_is_truncated()
    {
        var image = Load("memtest");
        var found = Inspect.Recognized(image).Metadata;
        var appended = Assert.Single(found.ElTorito, e => e.LoadLba == 826);
        var end = (appended.LoadLba * (long)Sector) + (Math.Max(appended.SectorCount, 1) * 512L);
        Assert.True(end > found.DeclaredSize);
        foreach (var length in new[] { found.DeclaredSize, (found.DeclaredSize + end) / 2, end - 1 })
        {
            var refusal = Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image, length)).Refusal;
            Assert.Equal(IsoRefusal.Truncated, refusal.Code);
            Assert.Contains($"boot image at sector 826 needs {end} bytes, but the file has {length}:", refusal.Message, StringComparison.Ordinal);
        }

        Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, end));
    }

    [Theory]
    [InlineData("fat12-long", 12)]
    [InlineData("fat16-long", 16)]
    [InlineData("fat32-long", 32)]
    public void A_FAT_directory_whose_clusters_follow_themselves_ends(string name, int bits)
    {
        var image = Load(name);
        var start = (int)Assert.Single(Inspect.Recognized(image).Metadata.ElTorito).LoadLba * Sector;
        var fat = image.AsSpan(start + (BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(start + 14)) * 512));
        for (var cluster = 2; cluster < 200; cluster++)
        {
            switch (bits)
            {
                case 12 when cluster % 2 == 0:
                    BinaryPrimitives.WriteUInt32LittleEndian(fat[(cluster * 3 / 2)..], (uint)(cluster | ((cluster + 1) << 12)));
                    break;
                case 16:
                    BinaryPrimitives.WriteUInt16LittleEndian(fat[(cluster * 2)..], (ushort)cluster);
                    break;
                case 32:
                    BinaryPrimitives.WriteUInt32LittleEndian(fat[(cluster * 4)..], (uint)cluster);
                    break;
            }
        }

        var (found, warnings) = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, image.Length, mayRead: 512 << 10));
        Assert.Empty(found.Arch);
        Assert.False(found.Boot.Uefi);
        Assert.Contains("no boot program", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Random_bytes_are_refused()
    {
        var random = new Random(99);
        for (var i = 0; i < 3000; i++)
        {
            var image = new byte[random.Next(1, 40 * Sector)];
            random.NextBytes(image);
            Assert.Equal(IsoRefusal.NotAnIso, Assert.IsType<IsoInspection.Refused>(HostileImage.Check(image)).Refusal.Code);
        }
    }

    [Fact]
    public void Random_bytes_behind_the_marks_of_all_kinds_are_read_within_bounds()
    {
        var random = new Random(100);
        byte[][] marks =
        [
            [0, .. "CD001"u8, 1, .. "EL TORITO SPECIFICATION"u8], [1, .. "CD001"u8, 1], [2, .. "CD001"u8, 1], [255, .. "CD001"u8, 1],
            [0, .. "BEA01"u8, 1], [0, .. "NSR02"u8, 1], [0, .. "NSR03"u8, 1], [0, .. "TEA01"u8, 1],
        ];
        var image = new byte[300 * Sector];
        for (var i = 0; i < 3000; i++)
        {
            random.NextBytes(image.AsSpan(0, FirstSectors));
            random.NextBytes(image.AsSpan(256 * Sector, Sector));
            for (var sector = 16; sector < 16 + random.Next(1, 12); sector++)
            {
                marks[random.Next(marks.Length)].CopyTo(image, sector * Sector);
            }

            Seal(image, 256 * Sector, 2, 256);
            HostileImage.Check(image);
            HostileImage.Check(image, long.MaxValue);
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_largest_file_there_can_be_is_read_like_any_other(string name)
    {
        var image = Load(name);
        var expected = Inspect.Recognized(image).Metadata;
        var found = Assert.IsType<IsoInspection.Recognized>(HostileImage.Check(image, long.MaxValue)).Metadata;
        Assert.Equal(expected.DeclaredSize, found.DeclaredSize);
        Assert.Equal(expected.VolumeId, found.VolumeId);
        Assert.Equal(expected.Arch, found.Arch);
    }

    private byte[] Load(string name) => File.ReadAllBytes(name switch
    {
        "memtest" => Counterpart.RequireFile("/usr/lib/memtest86+/memtest86+x64.iso", "memtest86+"),
        "grub" => Counterpart.RequireFile("/usr/lib/grub-rescue/grub-rescue-cdrom.iso", "grub-rescue-pc"),
        "ipxe" => Counterpart.RequireFile("/usr/lib/ipxe/ipxe.iso", "ipxe"),
        _ => images.Require(name),
    });

    /// <summary>Where the structures are: system area, descriptors, boot catalog, FAT headers and directories, UDF anchor and descriptors.</summary>
    private static List<(int Offset, int Length)> Regions(byte[] image)
    {
        List<(int Offset, int Length)> regions = [(0, 1024), (16 * Sector, 4 * Sector), (16 * Sector, 256), (17 * Sector, 128)];
        var found = Inspect.Recognized(image).Metadata;
        for (var sector = 16; sector < 20 && found.ElTorito.Count > 0; sector++)
        {
            var descriptor = image.AsSpan(sector * Sector, Sector);
            if (descriptor[0] == 0 && descriptor[1..6].SequenceEqual("CD001"u8))
            {
                regions.Add((BinaryPrimitives.ReadInt32LittleEndian(descriptor[71..]) * Sector, 256));
            }

            if (descriptor[0] == 1)
            {
                regions.Add((BinaryPrimitives.ReadInt32LittleEndian(descriptor[158..]) * Sector, 128));
            }
        }

        regions.AddRange(found.ElTorito.Where(entry => entry.Platform == ElToritoEntry.Efi).Select(entry => ((int)entry.LoadLba * Sector, 64)));
        regions.AddRange(found.ElTorito.Where(entry => entry.Platform == ElToritoEntry.Efi).Select(entry => ((int)entry.LoadLba * Sector, 20_000)));
        if (found.Udf)
        {
            foreach (var (offset, _) in Descriptors(image))
            {
                regions.Add((offset, 512));
                regions.Add((offset + 16, 16));
                regions.Add((offset + 184, 32));
            }
        }

        return regions;
    }

    private static void Damage(byte[] image, (int Offset, int Length) region, Random random, Stack<(int Offset, byte Value)> undo)
    {
        var width = random.Next(3) switch
        {
            0 => 1,
            1 => 2,
            _ => 4,
        };
        var offset = region.Offset + random.Next(region.Length - width);
        var value = random.Next(6) switch
        {
            0 => 0u,
            1 => uint.MaxValue,
            2 => 0x80000000u,
            3 => (uint)random.Next(256),
            4 => (uint)random.Next(image.Length / 512),
            _ => (uint)random.NextInt64(),
        };
        for (var i = 0; i < width; i++)
        {
            Set(image, offset + i, (byte)(value >> (8 * i)), undo);
        }

        // Half of the fields of ISO 9660 are written twice; without this only the comparison of the two would be tested.
        if (offset / Sector == 16 && width == 4 && random.Next(2) == 0)
        {
            var field = (16 * Sector) + (random.Next(3) switch { 0 => 80, 1 => 158, _ => 166 });
            for (var i = 0; i < 4; i++)
            {
                Set(image, field + i, (byte)(value >> (8 * i)), undo);
                Set(image, field + 7 - i, (byte)(value >> (8 * i)), undo);
            }
        }
    }

    /// <summary>Makes the checksums of damaged UDF descriptors right again, so that the damage gets behind them.</summary>
    private static void Reseal(byte[] image, Stack<(int Offset, byte Value)> undo)
    {
        foreach (var (offset, lba) in Descriptors(image).Where(place => undo.Any(change => change.Offset >= place.Offset && change.Offset < place.Offset + 512)))
        {
            for (var i = 4; i < 16; i++)
            {
                undo.Push((offset + i, image[offset + i]));
            }

            Seal(image, offset, BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(offset)), lba);
        }
    }

    private static IEnumerable<(int Offset, uint Lba)> Descriptors(byte[] image)
    {
        foreach (var block in (int[])[512, 2048, 4096])
        {
            if (image.Length > 257 * block && BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(256 * block)) == 2
                && BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan((256 * block) + 12)) == 256)
            {
                var start = BinaryPrimitives.ReadUInt32LittleEndian(image.AsSpan((256 * block) + 20));
                yield return (256 * block, 256);
                for (var lba = start; lba < start + 6 && (lba + 1) * block <= image.Length; lba++)
                {
                    yield return ((int)lba * block, lba);
                }
            }
        }
    }

    private static void Seal(byte[] image, int offset, ushort identifier, uint lba) => UdfSeal.Write(image.AsSpan(offset), identifier, lba);

    private static void Set(byte[] image, int offset, byte value, Stack<(int Offset, byte Value)> undo)
    {
        undo.Push((offset, image[offset]));
        image[offset] = value;
    }
}
