using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The partitions of a GPT whose header is right (UEFI 2.10 section 5.3).</summary>
internal static class GptPartitions
{
    private const int SectorSize = 512;
    private const int LeastEntry = 128;
    private const int MostEntry = 4096;

    /// <summary>Common tables have 16 KiB.</summary>
    private const int MaxTable = 256 << 10;

    /// <summary>A partition that begins before the first descriptor holds the volume, and that says itself how long it is.</summary>
    private const ulong FirstDescriptor = 16 * IsoReader.SectorSize;

    public static void Judge(ReadOnlySpan<byte> header, ImageWindow window, ulong volumeEnd, Findings findings)
    {
        var first = BinaryPrimitives.ReadUInt64LittleEndian(header[72..]);
        var count = BinaryPrimitives.ReadUInt32LittleEndian(header[80..]);
        var size = BinaryPrimitives.ReadUInt32LittleEndian(header[84..]);
        if (size is < LeastEntry or > MostEntry || size % 8 != 0 || (ulong)count * size > MaxTable || first > window.Length / SectorSize)
        {
            findings.Warn($"The GPT declares {count} partitions of {size} bytes at sector {first} of 512 bytes: they are not looked at.");
            return;
        }

        var ends = new List<(int Number, ulong Last)>();
        Span<byte> entry = stackalloc byte[MostEntry];
        entry = entry[..(int)size];
        var (crc, used) = (0u, 0UL);
        for (var i = 0; i < count; i++)
        {
            if (!window.TryRead((first * SectorSize) + ((ulong)i * size), entry))
            {
                findings.Warn("The table of the GPT's partitions lies beyond the end of the file: as a USB stick the image may not start.");
                return;
            }

            crc = Checksums.Crc32(entry, crc);
            if (entry[..16].ContainsAnyExcept((byte)0) && BinaryPrimitives.ReadUInt64LittleEndian(entry[32..]) is var begin && begin > FirstDescriptor / SectorSize
                && BinaryPrimitives.ReadUInt64LittleEndian(entry[40..]) is var last && last >= begin)
            {
                if (last >= window.Length / SectorSize)
                {
                    ends.Add((i + 1, last));
                }
                else
                {
                    used = Math.Max(used, (last + 1) * SectorSize);
                }
            }
        }

        if (crc != BinaryPrimitives.ReadUInt32LittleEndian(header[88..]))
        {
            findings.Warn("The table of the GPT's partitions does not have the checksum that its header names: as a USB stick the image may not start.");
            return;
        }

        findings.Use(used);
        foreach (var (number, last) in ends)
        {
            var end = last < ulong.MaxValue / SectorSize ? (last + 1) * SectorSize : ulong.MaxValue;
            if (end > volumeEnd)
            {
                findings.RefuseTruncated($"Partition {number} of the GPT", end, window.Length);
            }
            else
            {
                findings.Warn($"Partition {number} of the GPT, which lies in the volume, ends at byte {end}, beyond the file of {window.Length} bytes.");
            }
        }
    }
}
