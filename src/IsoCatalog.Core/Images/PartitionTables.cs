using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The disk side of a hybrid image: MBR, and GPT (UEFI 2.10 section 5) when there is one.</summary>
internal static class PartitionTables
{
    private const int SectorSize = 512;
    private const byte ProtectiveGpt = 0xEE;
    private const byte EfiSystem = 0xEF;

    /// <summary>
    /// Whether the image is also a disk. An MBR partition or a backup GPT beyond the end of the file is only worth a warning: known tools write such tables, and a CD drive never looks at
    /// them. What is sealed by a checksum, or says itself how long it is, makes the file truncated.
    /// </summary>
    /// <param name="volumeEnd">How long the volume says that it is, in bytes.</param>
    public static bool Read(ImageWindow window, ulong volumeEnd, Findings findings)
    {
        Span<byte> sector = stackalloc byte[SectorSize];
        var hybrid = window.TryRead(0, sector) && ReadMbr(sector, window, findings);
        ReadApm(window, findings);
        return (window.TryRead(SectorSize, sector) && ReadGpt(sector, window, volumeEnd, findings)) || hybrid;
    }

    private static bool ReadMbr(ReadOnlySpan<byte> sector, ImageWindow window, Findings findings)
    {
        if (sector[510] != 0x55 || sector[511] != 0xAA)
        {
            return false;
        }

        var used = 0;
        for (var i = 0; i < 4; i++)
        {
            var entry = sector.Slice(446 + (16 * i), 16);
            if (entry[0] is not (0 or 0x80))
            {
                return false;
            }

            ulong start = BinaryPrimitives.ReadUInt32LittleEndian(entry[8..]), count = BinaryPrimitives.ReadUInt32LittleEndian(entry[12..]);
            if (count == 0)
            {
                continue;
            }

            used++;
            var fat = entry[4] == EfiSystem && FatImage.Open(window, start * SectorSize) is { } esp && esp.HasTable() ? esp : null;
            if (fat is not null)
            {
                findings.Use((start * SectorSize) + fat.Size);
            }

            if (fat is not null && !window.Contains(start * SectorSize, fat.Size))
            {
                findings.RefuseTruncated($"The EFI partition {i + 1} of the MBR, a FAT file system,", (start * SectorSize) + fat.Size, window.Length);
            }
            else if (entry[4] != ProtectiveGpt && !window.Contains(start * SectorSize, count * SectorSize))
            {
                findings.Warn(
                    $"Partition {i + 1} of the MBR ends at byte {(start + count) * SectorSize}, beyond the file of {window.Length} bytes: as a CD the image "
                    + "may be complete, as a USB stick it is not.");
            }
        }

        return used > 0;
    }

    private static bool ReadGpt(Span<byte> sector, ImageWindow window, ulong volumeEnd, Findings findings)
    {
        if (!sector.StartsWith("EFI PART"u8))
        {
            return false;
        }

        var headerSize = BinaryPrimitives.ReadUInt32LittleEndian(sector[12..]);
        var crc = BinaryPrimitives.ReadUInt32LittleEndian(sector[16..]);
        sector.Slice(16, 4).Clear();
        if (headerSize is < 92 or > SectorSize || crc != Checksums.Crc32(sector[..(int)headerSize]))
        {
            findings.Warn("The GPT header (byte 512) is damaged: as a USB stick the image may not start.");
            return false;
        }

        var backup = BinaryPrimitives.ReadUInt64LittleEndian(sector[32..]);
        if (backup >= window.Length / SectorSize)
        {
            findings.Warn(
                $"The backup GPT is declared at sector {backup} of 512 bytes, beyond the file of {window.Length} bytes: as a CD the image may be complete, "
                + "as a USB stick it is not.");
        }

        GptPartitions.Judge(sector, window, volumeEnd, findings);
        return true;
    }

    /// <summary>The partition map of Apple (Inside Macintosh: Devices, chapter 3), in blocks of 512 or 2048 bytes. It has no checksum.</summary>
    private static void ReadApm(ImageWindow window, Findings findings)
    {
        const int MaxPartitions = 64;
        Span<byte> entry = stackalloc byte[16];
        foreach (var block in (ReadOnlySpan<uint>)[SectorSize, IsoReader.SectorSize])
        {
            for (uint number = 1, count = 1; number <= count && window.TryRead(number * block, entry) && entry.StartsWith("PM"u8); number++)
            {
                count = Math.Min(BinaryPrimitives.ReadUInt32BigEndian(entry[4..]), MaxPartitions);
                var end = ((ulong)BinaryPrimitives.ReadUInt32BigEndian(entry[8..]) + BinaryPrimitives.ReadUInt32BigEndian(entry[12..])) * block;
                if (end > window.Length)
                {
                    findings.Warn($"Partition {number} of the Apple partition map ends at byte {end}, beyond the file of {window.Length} bytes: as a CD the image may be complete, for a Mac it is not.");
                }
            }
        }
    }
}
