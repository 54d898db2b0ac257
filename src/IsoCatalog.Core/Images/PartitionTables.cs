using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The disk side of a hybrid image: MBR, and GPT (UEFI 2.10 section 5) when there is one.</summary>
internal static class PartitionTables
{
    private const int SectorSize = 512;
    private const byte ProtectiveGpt = 0xEE;

    /// <summary>Whether the image is also a disk. A partition beyond the end of the file is only worth a warning: known tools write such
    /// tables (isohybrid's position of the backup GPT), and a CD drive never looks at them.</summary>
    public static bool Read(ImageWindow window, Findings findings)
    {
        Span<byte> sector = stackalloc byte[SectorSize];
        var hybrid = window.TryRead(0, sector) && ReadMbr(sector, window, findings);
        return (window.TryRead(SectorSize, sector) && ReadGpt(sector, window, findings)) || hybrid;
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
            if (entry[4] != ProtectiveGpt && !window.Contains(start * SectorSize, count * SectorSize))
            {
                findings.Warn(
                    $"Partition {i + 1} of the MBR ends at byte {(start + count) * SectorSize}, beyond the file of {window.Length} bytes: as a CD the image "
                    + "may be complete, as a USB stick it is not.");
            }
        }

        return used > 0;
    }

    private static bool ReadGpt(Span<byte> sector, ImageWindow window, Findings findings)
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

        return true;
    }
}
