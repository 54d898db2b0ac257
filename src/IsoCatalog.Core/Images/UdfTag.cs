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

    /// <summary>Every descriptor that is looked at is at most so long; its CRC may cover the whole block.</summary>
    public const int DescriptorSize = 512;

    private const int Length = 16;

    /// <summary>Reads the descriptor in a block.</summary>
    /// <param name="into">As long as a block.</param>
    /// <returns>The tag's identifier when its checksum, its CRC and its own idea of where it lies are right; otherwise null.</returns>
    public static int? Read(ImageWindow window, ulong lba, Span<byte> into)
    {
        var offset = lba * (ulong)into.Length;
        if (lba > uint.MaxValue || !window.TryRead(offset, into[..DescriptorSize]) || !IsTag(into, (uint)lba))
        {
            return null;
        }

        var end = Length + BinaryPrimitives.ReadUInt16LittleEndian(into[10..]);
        return end <= into.Length
            && (end <= DescriptorSize || window.TryRead(offset + DescriptorSize, into[DescriptorSize..end]))
            && Checksums.CrcItuT(into[Length..end]) == BinaryPrimitives.ReadUInt16LittleEndian(into[8..])
                ? BinaryPrimitives.ReadUInt16LittleEndian(into)
                : null;
    }

    private static bool IsTag(ReadOnlySpan<byte> descriptor, uint lba)
    {
        byte sum = 0;
        for (var i = 0; i < Length; i++)
        {
            sum += i == 4 ? (byte)0 : descriptor[i];
        }

        return BinaryPrimitives.ReadUInt16LittleEndian(descriptor) != 0
            && sum == descriptor[4]
            && BinaryPrimitives.ReadUInt32LittleEndian(descriptor[12..]) == lba;
    }
}
