namespace IsoCatalog.Core.Images;

/// <summary>Of headers and tables of at most a few hundred kilobytes, so bit by bit is fast enough.</summary>
internal static class Checksums
{
    /// <summary>CRC-32 of IEEE 802.3, as GPT has it.</summary>
    /// <param name="before">That of the bytes before these.</param>
    public static uint Crc32(ReadOnlySpan<byte> bytes, uint before = 0)
    {
        var crc = ~before;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
            }
        }

        return ~crc;
    }

    /// <summary>CRC of ITU-T V.41 starting with zero, as descriptor tags have it (ECMA-167 3/7.2.6).</summary>
    public static ushort CrcItuT(ReadOnlySpan<byte> bytes)
    {
        ushort crc = 0;
        foreach (var value in bytes)
        {
            crc ^= (ushort)(value << 8);
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (ushort)((crc << 1) ^ (0x1021 & -(crc >> 15)));
            }
        }

        return crc;
    }
}
