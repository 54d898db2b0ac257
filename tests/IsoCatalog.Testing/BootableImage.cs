using System.Buffers.Binary;

namespace IsoCatalog.Testing;

/// <summary>Images that say one thing of how they start and are another, as tools and people make them.</summary>
public static class BootableImage
{
    private const int Sector = 2048;
    private const byte Uefi = 0xEF;

    /// <summary>The ways in which <see cref="BuildAsync"/> makes one.</summary>
    public static IReadOnlyList<string> Kinds { get; } =
    [
        "both, as they should be", "UEFI without its platform", "UEFI alone without its platform", "UEFI first", "UEFI without a program", "UEFI that is a bare program",
        "UEFI with an empty program", "UEFI that is exFAT", "UEFI with too few clusters for FAT32", "UEFI whose count is 4", "a wrong checksum", "a hole for BIOS", "a floppy with a UEFI program",
    ];

    /// <param name="bios">What BIOS loads: up to four sectors of 512 bytes.</param>
    /// <param name="uefi">A program for x86-64.</param>
    public static async Task BuildAsync(string path, string kind, byte[] bios, byte[] uefi, CancellationToken cancellationToken)
    {
        using var work = new TempFolder();
        var tree = Directory.CreateDirectory(work.Combine("tree")).FullName;
        var efi = Path.Combine(tree, "efi.img");
        await File.WriteAllBytesAsync(Path.Combine(tree, "bios.img"), kind == "a hole for BIOS" ? new byte[Sector] : bios, cancellationToken);
        await BuildEfiAsync(efi, kind, uefi, cancellationToken);

        string[] first = ["-b", "bios.img", "-no-emul-boot", "-boot-load-size", "4"];
        string[] second = kind is "UEFI without its platform" or "a floppy with a UEFI program"
            ? ["-eltorito-alt-boot", "-b", "efi.img", .. kind.StartsWith('a') ? [] : (string[])["-no-emul-boot"]]
            : ["-eltorito-alt-boot", "-e", "efi.img", "-no-emul-boot"];
        string[] entries = kind switch
        {
            "UEFI alone without its platform" => ["-b", "efi.img", "-no-emul-boot"],
            "UEFI first" => ["-e", "efi.img", "-no-emul-boot", "-eltorito-alt-boot", .. first],
            _ => [.. first, .. second],
        };

        // genisoimage has no word for the platform, which is why there are such images.
        (await Counterpart.RunAsync(
            kind is "UEFI without its platform" or "UEFI alone without its platform" or "a floppy with a UEFI program" ? "genisoimage" : "xorriso",
            [
                .. kind is "UEFI without its platform" or "UEFI alone without its platform" or "a floppy with a UEFI program" ? [] : (string[])["-as", "mkisofs"],
                "-quiet", "-R", "-V", "BOOTABLE", "-c", "boot.cat", .. entries, "-o", path, tree,
            ],
            cancellationToken)).Succeeded();
        if (kind is "a wrong checksum" or "UEFI whose count is 4")
        {
            await ChangeCatalogAsync(path, kind, cancellationToken);
        }
    }

    private static async Task BuildEfiAsync(string path, string kind, byte[] uefi, CancellationToken cancellationToken)
    {
        switch (kind)
        {
            case "UEFI without a program":
                await IsoBuilder.BuildFatAsync(path, [], 12, cancellationToken);
                break;
            case "UEFI with an empty program":
                await IsoBuilder.BuildFatAsync(path, ["BOOTX64.EFI"], 12, cancellationToken, []);
                break;
            case "UEFI that is a bare program":
                await File.WriteAllBytesAsync(path, uefi, cancellationToken);
                break;
            case "UEFI that is exFAT":
                await IsoBuilder.BuildFatAsync(path, ["BOOTX64.EFI"], 12, cancellationToken, uefi);
                var floppy = await File.ReadAllBytesAsync(path, cancellationToken);
                "EXFAT   "u8.CopyTo(floppy.AsSpan(3));
                floppy.AsSpan(11, 53).Clear();
                await File.WriteAllBytesAsync(path, floppy, cancellationToken);
                break;
            case "UEFI with too few clusters for FAT32":
                // No tool makes one; this one ends before the 65,525th cluster, and behind all that lies in it.
                await IsoBuilder.BuildFatAsync(path, ["BOOTX64.EFI"], 32, cancellationToken, uefi);
                using (var boot = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
                {
                    RandomAccess.Write(boot, BitConverter.GetBytes(40_000), 32);
                }

                break;
            default:
                await IsoBuilder.BuildFatAsync(path, ["BOOTX64.EFI"], 12, cancellationToken, uefi);
                break;
        }
    }

    private static async Task ChangeCatalogAsync(string path, string kind, CancellationToken cancellationToken)
    {
        var image = await File.ReadAllBytesAsync(path, cancellationToken);
        var record = Enumerable.Range(16, 16).First(sector => image.AsSpan((sector * Sector) + 7).StartsWith("EL TORITO"u8));
        var catalog = image.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan((record * Sector) + 71)) * Sector, Sector);
        if (kind == "a wrong checksum")
        {
            catalog[28] ^= 1;
        }
        else
        {
            var section = catalog[64] is 0x90 or 0x91 && catalog[65] == Uefi ? catalog[96..] : throw new InvalidDataException("There is no section for UEFI where one was made.");
            BinaryPrimitives.WriteUInt16LittleEndian(section[6..], 4);
        }

        await File.WriteAllBytesAsync(path, image, cancellationToken);
    }
}
