using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The 16 bytes before each UDF descriptor (ECMA-167 3/7.2).</summary>
internal static class UdfTag
{
    public const int PrimaryVolume = 1;
    public const int Anchor = 2;
    public const int VolumePointer = 3;
    public const int Partition = 5;
    public const int LogicalVolume = 6;
    public const int Terminator = 8;

    private const int Length = 16;

    /// <summary>The tag's identifier when its checksum, its CRC and its own idea of where it lies are right; otherwise null.</summary>
    public static int? Identify(ReadOnlySpan<byte> descriptor, uint lba)
    {
        byte sum = 0;
        for (var i = 0; i < Length; i++)
        {
            sum += i == 4 ? (byte)0 : descriptor[i];
        }

        int crcLength = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[10..]);
        var identifier = BinaryPrimitives.ReadUInt16LittleEndian(descriptor);
        return identifier != 0
            && sum == descriptor[4]
            && BinaryPrimitives.ReadUInt32LittleEndian(descriptor[12..]) == lba
            && crcLength <= descriptor.Length - Length
            && Checksums.CrcItuT(descriptor.Slice(Length, crcLength)) == BinaryPrimitives.ReadUInt16LittleEndian(descriptor[8..])
                ? identifier
                : null;
    }
}
