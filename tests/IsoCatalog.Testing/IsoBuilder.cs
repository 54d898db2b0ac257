using System.Buffers.Binary;
using System.Text;

namespace IsoCatalog.Testing;

/// <summary>Makes small images: real ones with Debian's tools, and in memory where any image will do.</summary>
public static class IsoBuilder
{
    private const int SectorSize = 2048;

    /// <summary>Makes an ISO 9660 image with xorriso, dosfstools and mtools. A missing program skips the test, or fails it in CI.</summary>
    public static async Task BuildAsync(string path, IsoRecipe recipe, CancellationToken cancellationToken)
    {
        using var work = new TempFolder();
        var tree = Directory.CreateDirectory(work.Combine("tree")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(tree, "payload.bin"), Payload(recipe.PayloadBytes, recipe.Seed), cancellationToken);

        List<string> arguments = ["-as", "mkisofs", "-quiet", "-o", path, "-V", recipe.VolumeId, "-publisher", recipe.Publisher];
        arguments.AddRange(recipe.SystemId.Length > 0 ? ["-sysid", recipe.SystemId] : []);
        arguments.AddRange(recipe.ApplicationId.Length > 0 ? ["-A", recipe.ApplicationId] : []);
        arguments.AddRange(recipe.Joliet ? ["-J"] : []);
        arguments.AddRange(recipe.RockRidge ? ["-R"] : ["--norock"]);
        if (recipe.Bios)
        {
            await File.WriteAllBytesAsync(Path.Combine(tree, "bios.img"), HaltingBootSector(), cancellationToken);
            arguments.AddRange(["-b", "bios.img", "-c", "boot.cat", "-no-emul-boot", "-boot-load-size", "4"]);
        }

        var appended = recipe.Disk == IsoDisk.GptAppended;
        if (recipe.EfiPrograms.Count > 0)
        {
            var fat = appended ? work.Combine("efi.img") : Path.Combine(tree, "efi.img");
            await BuildFatAsync(fat, recipe.EfiPrograms, recipe.FatBits, cancellationToken);
            arguments.AddRange(recipe.Bios ? ["-eltorito-alt-boot"] : ["-c", "boot.cat"]);
            arguments.AddRange(["-e", appended ? "--interval:appended_partition_2:all::" : "efi.img", "-no-emul-boot"]);
            arguments.AddRange(appended ? ["-append_partition", "2", "0xef", fat, "-appended_part_as_gpt"] : []);
        }

        if (recipe.Disk != IsoDisk.None)
        {
            arguments.AddRange(["--grub2-mbr", work.Write("mbr.img", new byte[432])]);
            arguments.AddRange(recipe.Disk == IsoDisk.Mbr ? ["-partition_offset", "16"] : []);
        }

        (await Counterpart.RunAsync("xorriso", [.. arguments, tree], cancellationToken)).Succeeded();
    }

    /// <summary>Makes a UDF volume without ISO 9660 with udftools.</summary>
    public static async Task BuildUdfAsync(
        string path, string label, long size, int blockSize, CancellationToken cancellationToken)
    {
        (await Counterpart.RunAsync(
            "mkudffs",
            ["--utf8", "--new-file", "--media-type=hd", $"--blocksize={blockSize}", $"--label={label}", path, $"{size / blockSize}"],
            cancellationToken)).Succeeded();
    }

    /// <summary>Makes an image that is ISO 9660 and UDF at once, as those of Windows are, with genisoimage.</summary>
    public static async Task BuildBridgeAsync(string path, string label, CancellationToken cancellationToken)
    {
        using var work = new TempFolder();
        work.Write("payload.bin", Payload(100_000, 0));
        (await Counterpart.RunAsync("genisoimage", ["-quiet", "-udf", "-V", label, "-o", path, work.Path], cancellationToken)).Succeeded();
    }

    /// <summary>Makes a FAT file system of 1.44 MB (12 bits), 16 MiB (16) or 34 MiB (32) with programs in \EFI\BOOT.</summary>
    /// <param name="program">What each of them is; null for two bytes that look like the beginning of one.</param>
    public static async Task BuildFatAsync(string path, IReadOnlyList<string> programs, int bits, CancellationToken cancellationToken, byte[]? program = null)
    {
        var kilobytes = bits switch
        {
            12 => 1440,
            16 => 16 << 10,
            _ => 34 << 10,
        };
        string[] format = ["-C", "-n", "EFI", "-i", "12345678", "-F", $"{bits}", .. bits == 12 ? [] : (string[])["-s", "1"], path, $"{kilobytes}"];
        (await Counterpart.RunAsync("mkfs.vfat", format, cancellationToken)).Succeeded();
        if (programs.Count == 0)
        {
            return;
        }

        (await Counterpart.RunAsync("mmd", ["-i", path, "::/EFI", "::/EFI/BOOT"], cancellationToken)).Succeeded();
        using var work = new TempFolder();
        string[] files = [.. programs.Select(name => work.Write(name, program ?? "MZ"u8))];
        (await Counterpart.RunAsync("mcopy", ["-i", path, .. files, "::/EFI/BOOT/"], cancellationToken)).Succeeded();
    }

    /// <summary>The smallest image that mounts: ISO 9660 with one file, no boot record, made without any program.</summary>
    public static byte[] InMemory(string volumeId, int payloadBytes, int seed)
    {
        const int Root = 20;
        const int File = 21;
        var sectors = File + ((payloadBytes + SectorSize - 1) / SectorSize);
        var image = new byte[sectors * SectorSize];

        var primary = image.AsSpan(16 * SectorSize, SectorSize);
        "\u0001CD001\u0001"u8.CopyTo(primary);
        primary[8..72].Fill((byte)' ');
        Encoding.ASCII.GetBytes(volumeId, primary[40..72]);
        WriteBoth(primary[80..], (uint)sectors);
        WriteBoth(primary[120..], (ushort)1);
        WriteBoth(primary[124..], (ushort)1);
        WriteBoth(primary[128..], (ushort)SectorSize);
        WriteBoth(primary[132..], 10u);
        BinaryPrimitives.WriteUInt32LittleEndian(primary[140..], 18);
        BinaryPrimitives.WriteUInt32BigEndian(primary[148..], 19);
        WriteRecord(primary[156..], "\0"u8, Root, SectorSize, 2);
        primary[190..813].Fill((byte)' ');
        primary[881] = 1;
        "\0CD001\u0001"u8.CopyTo(image.AsSpan(17 * SectorSize));
        image[17 * SectorSize] = 255;

        "\u0001\0"u8.CopyTo(image.AsSpan(18 * SectorSize));
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan((18 * SectorSize) + 2), Root);
        image[(18 * SectorSize) + 6] = 1;
        "\u0001\0"u8.CopyTo(image.AsSpan(19 * SectorSize));
        BinaryPrimitives.WriteUInt32BigEndian(image.AsSpan((19 * SectorSize) + 2), Root);
        image[(19 * SectorSize) + 7] = 1;

        var root = image.AsSpan(Root * SectorSize);
        root = root[WriteRecord(root, "\0"u8, Root, SectorSize, 2)..];
        root = root[WriteRecord(root, "\u0001"u8, Root, SectorSize, 2)..];
        WriteRecord(root, "PAYLOAD.BIN;1"u8, File, payloadBytes, 0);
        Payload(payloadBytes, seed).CopyTo(image.AsSpan(File * SectorSize));
        return image;
    }

    private static int WriteRecord(Span<byte> record, ReadOnlySpan<byte> name, int sector, int size, byte flags)
    {
        var length = 33 + name.Length + (1 - (name.Length & 1));
        record[0] = (byte)length;
        WriteBoth(record[2..], (uint)sector);
        WriteBoth(record[10..], (uint)size);
        record[18] = 120;
        record[19] = 1;
        record[20] = 1;
        record[25] = flags;
        WriteBoth(record[28..], (ushort)1);
        record[32] = (byte)name.Length;
        name.CopyTo(record[33..]);
        return length;
    }

    private static void WriteBoth(Span<byte> field, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(field, value);
        BinaryPrimitives.WriteUInt32BigEndian(field[4..], value);
    }

    private static void WriteBoth(Span<byte> field, ushort value)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(field, value);
        BinaryPrimitives.WriteUInt16BigEndian(field[2..], value);
    }

    private static byte[] Payload(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>hlt; jmp -3.</summary>
    private static byte[] HaltingBootSector() => [0xF4, 0xEB, 0xFD, .. new byte[SectorSize - 3]];
}
