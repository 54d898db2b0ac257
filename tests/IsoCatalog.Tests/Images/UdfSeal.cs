using System.Buffers.Binary;

namespace IsoCatalog.Tests.Images;

/// <summary>Writes a right tag before a UDF descriptor (ECMA-167 3/7.2) whatever the descriptor says.</summary>
internal static class UdfSeal
{
    /// <param name="crcLength">How much behind the tag the CRC covers.</param>
    public static void Write(Span<byte> descriptor, ushort identifier, uint lba, int crcLength = 496)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor, identifier);
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor[8..], Crc(descriptor.Slice(16, crcLength)));
        BinaryPrimitives.WriteUInt16LittleEndian(descriptor[10..], (ushort)crcLength);
        BinaryPrimitives.WriteUInt32LittleEndian(descriptor[12..], lba);
        descriptor[4] = 0;
        byte sum = 0;
        foreach (var value in descriptor[..16])
        {
            sum += value;
        }

        descriptor[4] = sum;
    }

    private static ushort Crc(ReadOnlySpan<byte> bytes)
    {
        uint crc = 0;
        foreach (var value in bytes)
        {
            crc ^= (uint)value << 8;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            }
        }

        return (ushort)crc;
    }
}
