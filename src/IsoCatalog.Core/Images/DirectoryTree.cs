using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>
/// How far the files of an ISO 9660 volume reach, by all its directories (ECMA-119 section 9.1). It tells a volume whose padding lacks something, or whose size was declared wrong, from one that
/// was cut off. The number of directories and of bytes read is bounded, so that directories in a circle end.
/// </summary>
internal static class DirectoryTree
{
    private const int MaxDirectories = 1 << 14;
    private const int MaxPending = 1 << 12;
    private const int RecordHeader = 33;
    private const byte DirectoryFlag = 2;

    /// <param name="block">Bytes.</param>
    /// <param name="roots">Of the primary volume, and of Joliet.</param>
    public static TreeReach Reach(ImageWindow window, uint block, IEnumerable<Extent> roots)
    {
        window = window.Beside(IsoReader.MaxDirectoryBytesRead);
        var pending = new Stack<Extent>(roots);
        var sector = new byte[IsoReader.SectorSize];
        for (var left = MaxDirectories; pending.TryPop(out var directory); left--)
        {
            if (left == 0)
            {
                return TreeReach.Unknown;
            }

            if (!window.Contains(directory.Offset, directory.Bytes))
            {
                return TreeReach.Beyond(directory);
            }

            for (var done = 0u; done < directory.Bytes; done += IsoReader.SectorSize)
            {
                var records = sector.AsSpan(0, (int)Math.Min(IsoReader.SectorSize, directory.Bytes - done));
                if (!window.TryRead(directory.Offset + done, records))
                {
                    return TreeReach.Unknown;
                }

                if (Follow(window, block, records, pending) is { IsWhole: false } reach)
                {
                    return reach;
                }
            }
        }

        return TreeReach.Whole;
    }

    private static TreeReach Follow(ImageWindow window, uint block, ReadOnlySpan<byte> records, Stack<Extent> pending)
    {
        // A length of zero: the rest of the sector is not used.
        while (records.Length > 0 && records[0] != 0)
        {
            if (records[0] <= RecordHeader || records[0] > records.Length || RecordHeader + records[32] > records[0])
            {
                return TreeReach.Unknown;
            }

            var record = records[..records[0]];
            records = records[record.Length..];
            var extent = Extent.Of(record, block);
            if (extent.Bytes > 0 && !window.Contains(extent.Offset, extent.Bytes))
            {
                return TreeReach.Beyond(extent);
            }

            // The directory itself and its parent are called 0 and 1.
            if ((record[25] & DirectoryFlag) != 0 && !(record[32] == 1 && record[33] <= 1))
            {
                if (pending.Count == MaxPending)
                {
                    return TreeReach.Unknown;
                }

                pending.Push(extent);
            }
        }

        return TreeReach.Whole;
    }
}

/// <summary>What the directories of a volume say of its file.</summary>
/// <param name="IsWhole">Every directory and file that they name lies within it.</param>
/// <param name="End">Where one ends that does not, in bytes; null when all do, or when not all could be read.</param>
internal readonly record struct TreeReach(bool IsWhole, ulong? End)
{
    public static readonly TreeReach Whole = new(true, null);

    public static readonly TreeReach Unknown = new(false, null);

    public static TreeReach Beyond(Extent extent) => new(false, extent.Offset + extent.Bytes);
}

/// <summary>Where a file or directory lies, in bytes from the beginning of the image.</summary>
internal readonly record struct Extent(ulong Offset, uint Bytes)
{
    /// <summary>The numbers that count are those in the byte order that all known systems read.</summary>
    public static Extent Of(ReadOnlySpan<byte> record, uint block) => new(
        ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(record[2..]) + record[1]) * block, BinaryPrimitives.ReadUInt32LittleEndian(record[10..]));
}
