using System.Buffers;
using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>Says what a file that is no image is, since the commonest mistakes are a compressed file, a disk image and an error page. By the marks that each kind has at fixed places.</summary>
internal static class ForeignFormat
{
    private const string Unpack = "unpack it and add the .iso inside.";
    private const string Disk = "it is for a disk or a USB stick and cannot be mounted as a CD. Take the .iso from its publisher.";
    private const string FileSystem = "it cannot be mounted as a CD. Make an .iso of its files (for instance with xorriso), or take the .iso from its publisher.";
    private const string Convert = "convert it to .iso first (for instance with iat, or the program that made it).";
    private const string Program = "it is no image. Take the .iso from its publisher.";

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdefABCDEF"u8);

    private static readonly byte[] CdSync = [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0];

    /// <summary>In this order: what holds something else comes before what may lie within.</summary>
    private static readonly (int Offset, byte[] Mark, string Kind, string Advice)[] Kinds =
    [
        (0, [0x1F, 0x8B], "a gzip file", Unpack),
        (0, [0xFD, .. "7zXZ"u8, 0], "an xz file", Unpack),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "a Zstandard file", Unpack),
        (0, [.. "BZh"u8], "a bzip2 file", Unpack),
        (0, [0x04, 0x22, 0x4D, 0x18], "an LZ4 file", Unpack),
        (0, [.. "LZIP"u8], "an lzip file", Unpack),
        (0, [0x5D, 0, 0], "an lzma file", Unpack),
        (0, [.. "PK"u8, 3, 4], "a ZIP file", Unpack),
        (0, [.. "7z"u8, 0xBC, 0xAF], "a 7-Zip file", Unpack),
        (0, [.. "Rar!"u8, 0x1A, 7], "a RAR file", Unpack),
        (257, [.. "ustar"u8], "a tar archive", Unpack),
        (0, [.. "070701"u8], "a cpio archive (often the initrd of an installer)", Program),
        (0, [.. "070702"u8], "a cpio archive (often the initrd of an installer)", Program),
        (0, [.. "070707"u8], "a cpio archive (often the initrd of an installer)", Program),
        (0, [0xC7, 0x71], "a cpio archive (often the initrd of an installer)", Program),
        (0, [.. "!<arch>"u8], "a Debian package or an ar archive", Program),
        (0, [0xED, 0xAB, 0xEE, 0xDB], "an RPM package", Program),
        (0, [.. "MSCF"u8], "a cabinet file", Unpack),
        (0, [.. "MSWIM"u8, 0, 0, 0], "a Windows image (WIM or ESD)", "add the .iso that it is part of; a WIM alone cannot be mounted as a CD."),
        (0, [.. "QFI"u8, 0xFB], "a qcow2 disk", Disk),
        (0, [.. "QED"u8, 0], "a QED disk", Disk),
        (0, [.. "KDMV"u8], "a VMware disk (VMDK)", Disk),
        (0, [.. "COWD"u8], "a VMware disk (VMDK)", Disk),
        (0, [.. "# Disk DescriptorFile"u8], "the description of a VMware disk (VMDK)", Disk),
        (0, [.. "vhdxfile"u8], "a VHDX disk", Disk),
        (0, [.. "conectix"u8], "a VHD disk", Disk),
        (64, [0x7F, 0x10, 0xDA, 0xBE], "a VirtualBox disk (VDI)", Disk),
        (0, [.. "WithoutFreeSpace"u8], "a Parallels disk", Disk),
        (0, [.. "WithouFreSpacExt"u8], "a Parallels disk", Disk),
        (0, [0x3A, 0xFF, 0x26, 0xED], "an Android sparse image", Disk),
        (2448, CdSync, "a raw CD dump with sectors of 2448 bytes (BIN, MDF or IMG)", "convert it to 2048 (for instance with iat)."),
        (0, CdSync, "a raw CD dump with sectors of 2352 bytes (BIN, MDF or IMG)", "convert it to 2048 (for instance with bchunk)."),
        ((16 * 2336) + 9, [.. "CD001"u8], "a raw CD dump with sectors of 2336 bytes", "convert it to 2048 (for instance with iat)."),
        ((166 * IsoReader.SectorSize) + 1, [.. "CD001"u8], "an image behind 150 sectors that do not belong to it", "convert it to .iso first (for instance with iat)."),
        (0, [.. "FILE \""u8], "a cue sheet, not the image", Convert),
        (0, [.. "MEDIA DESCRIPTOR"u8], "the description (MDS) of an image, not the image", Convert),
        (0, [.. "[CloneCD]"u8], "the description (CCD) of an image, not the image", Convert),
        (0, [.. "CISO"u8], "a compressed image (CSO)", Convert),
        (0, [.. "IsZ!"u8], "a compressed image (ISZ)", Convert),
        (0, [.. "DAA"u8, 0], "a PowerISO image (DAA)", Convert),
        (0, [.. "hsqs"u8], "a squashfs file system (often the live system inside an .iso)", FileSystem),
        (0, [.. "sqsh"u8], "a squashfs file system (often the live system inside an .iso)", FileSystem),
        (0, [0x45, 0x3D, 0xCD, 0x28], "a cramfs file system", FileSystem),
        (1024, [0xE2, 0xE1, 0xF5, 0xE0], "an EROFS file system", FileSystem),
        (0, [.. "XFSB"u8], "an XFS file system", FileSystem),
        (65600, [.. "_BHRfS_M"u8], "a btrfs file system", FileSystem),
        (1080, [0x53, 0xEF], "an ext2, ext3 or ext4 file system", FileSystem),
        (1024, [.. "H+"u8], "an HFS+ file system", FileSystem),
        (1024, [.. "HX"u8], "an HFS+ file system", FileSystem),
        (32, [.. "NXSB"u8], "an APFS container", FileSystem),
        (3, [.. "NTFS    "u8], "an NTFS file system", FileSystem),
        (3, [.. "EXFAT   "u8], "an exFAT file system", FileSystem),
        (0, [.. "LUKS"u8, 0xBA, 0xBE], "an encrypted disk (LUKS)", Disk),
        (512, [.. "LABELONE"u8], "an LVM volume", Disk),
        (4086, [.. "SWAPSPACE2"u8], "a swap area", Disk),
        (512, [.. "EFI PART"u8], "a raw disk image with a GPT", Disk),
        (4096, [.. "EFI PART"u8], "a raw disk image with a GPT", Disk),
        (0, [0x45, 0x52, 2, 0], "a raw disk image with an Apple partition map", Disk),
        (32777, [.. "CDROM"u8], "a High Sierra volume, from before ISO 9660", "make an .iso of its files (for instance with xorriso)."),
        (0, [0x7F, .. "ELF"u8], "a program (ELF)", Program),
        (514, [.. "HdrS"u8], "a Linux kernel", Program),
        (0, [.. "JigsawDownload"u8], "the template of a jigdo download", "run jigdo-lite, and add the .iso that it makes."),
        (0, [.. "MZ"u8], "a program for Windows or EFI", Program),
        (0, [0x27, 0x05, 0x19, 0x56], "an image for U-Boot", Program),
        (0, [.. "%PDF"u8], "a PDF document", Program),
        (0, [.. "-----BEGIN PGP"u8], "a signature or a key", "add the file that it is for."),
    ];

    /// <summary>Where the end of a file says what it is.</summary>
    private static readonly (int FromEnd, byte[] Mark, string Kind, string Advice)[] Footers =
    [
        (512, [.. "koly"u8], "an Apple disk image (DMG)", "convert it to .iso first (hdiutil convert FILE -format UDTO on a Mac, or dmg2img)."),
        (512, [.. "conectix"u8], "a VHD disk", Disk),
        (12, [.. "NER5"u8], "a Nero image (NRG)", "convert it to .iso first (for instance with nrg2iso)."),
        (8, [.. "NERO"u8], "a Nero image (NRG)", "convert it to .iso first (for instance with nrg2iso)."),
    ];

    public static string Describe(ImageWindow window)
    {
        const string NoVolume = "The file has neither an ISO 9660 nor a UDF volume at sector 16 (byte 32768)";
        return Recognise(window) is { } kind
            ? $"{NoVolume}: it looks like {kind}"
            : window.Length < 17 * IsoReader.SectorSize
                ? $"{NoVolume}: it ends at byte {window.Length}. If it should be an image, copy or download it again."
                : $"{NoVolume}. If it should be an image, it is damaged or of another kind: take it from its source again.";
    }

    private static string? Recognise(ImageWindow window)
    {
        foreach (var (fromEnd, mark, kind, advice) in Footers)
        {
            if (window.Length >= (ulong)fromEnd && IsAt(window, window.Length - (ulong)fromEnd, mark))
            {
                return $"{kind}: {advice}";
            }
        }

        foreach (var (offset, mark, kind, advice) in Kinds)
        {
            if (IsAt(window, (ulong)offset, mark))
            {
                return $"{kind}: {advice}";
            }
        }

        Span<byte> head = stackalloc byte[(int)Math.Min(window.Length, 512)];
        return !window.TryRead(0, head) ? null
            : IsTorrent(head) ? "a torrent file: add what it describes instead."
            : IsMarkup(head) ? "a web page: the address probably answered with an error or a login page. Check it."
            : IsChecksums(head) ? "a list of checksums, not the image that it is about."
            : FatImage.Open(window, 0)?.HasTable() is true ? $"a FAT file system: {FileSystem}"
            : IsMbr(head) ? $"a raw disk image with an MBR: {Disk}"
            : window.Length >= 17 * IsoReader.SectorSize && IsHollow(window) ? "a hole: its beginning has only zeros. A download that reserves its room first leaves such a file; do it again."
            : null;
    }

    private static bool IsAt(ImageWindow window, ulong offset, ReadOnlySpan<byte> mark)
    {
        Span<byte> found = stackalloc byte[mark.Length];
        return window.TryRead(offset, found) && found.SequenceEqual(mark);
    }

    private static bool IsTorrent(ReadOnlySpan<byte> head) =>
        head is [(byte)'d', >= (byte)'1' and <= (byte)'9', ..] && (head.IndexOf("announce"u8) >= 0 || head.IndexOf("4:info"u8) >= 0);

    private static bool IsMarkup(ReadOnlySpan<byte> head)
    {
        var text = head.TrimStart(" \t\r\n\uFEFF"u8);
        return text.Length > 5 && text[0] == '<' && (text[1] is (byte)'!' or (byte)'?' || (text[1] | 0x20) == 'h');
    }

    private static bool IsChecksums(ReadOnlySpan<byte> head)
    {
        var digits = head.IndexOfAnyExcept(HexDigits);
        return (digits is 32 or 40 or 64 or 96 or 128 && head[digits] == ' ')
            || head.StartsWith("SHA256 ("u8) || head.StartsWith("SHA512 ("u8) || head.StartsWith("MD5 ("u8) || head.StartsWith("# "u8);
    }

    /// <summary>Four entries that begin with a mark that there is, at least one of them used.</summary>
    private static bool IsMbr(ReadOnlySpan<byte> head)
    {
        if (head.Length < 512 || head[510] != 0x55 || head[511] != 0xAA)
        {
            return false;
        }

        var used = 0;
        for (var entry = head[446..510]; entry.Length > 0; entry = entry[16..])
        {
            if (entry[0] is not (0 or 0x80))
            {
                return false;
            }

            used += entry[4] != 0 && BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]) != 0 ? 1 : 0;
        }

        return used > 0;
    }

    /// <summary>Up to behind where the volume would begin.</summary>
    private static bool IsHollow(ImageWindow window)
    {
        Span<byte> sector = stackalloc byte[IsoReader.SectorSize];
        for (var number = 0UL; number < 17; number++)
        {
            if (!window.TryRead(number * IsoReader.SectorSize, sector) || sector.ContainsAnyExcept((byte)0))
            {
                return false;
            }
        }

        return true;
    }
}
