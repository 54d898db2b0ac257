using System.Buffers.Binary;
using System.Text;

namespace IsoCatalog.Core.Images;

/// <summary>
/// The directories of an ISO 9660 volume (ECMA-119 section 9.1). How far its files reach tells a volume whose padding lacks something, or whose size was declared wrong, from one that
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

    /// <summary>
    /// Is one of these a file of the volume too, or is there one that is called as such a file usually is (<c>efi.img</c>, <c>efiboot.img</c>)? Looked for from the root outwards. Null where that
    /// cannot be told: a directory is damaged, or there are more than may be read.
    /// </summary>
    /// <param name="images">Where they begin, in bytes from the beginning of the image.</param>
    public static bool? HasEfiFile(ImageWindow window, uint block, Extent root, IReadOnlySet<ulong> images)
    {
        var pending = new Queue<Extent>([root]);
        var seen = new HashSet<ulong>();
        var sector = new byte[IsoReader.SectorSize];
        while (pending.TryDequeue(out var directory))
        {
            for (var done = 0u; done < directory.Bytes && seen.Add(directory.Offset + done); done += IsoReader.SectorSize)
            {
                var records = sector.AsSpan(0, (int)Math.Min(IsoReader.SectorSize, directory.Bytes - done));
                if (!window.TryRead(directory.Offset + done, records))
                {
                    return null;
                }

                ReadOnlySpan<byte> left = records;
                while (TryNext(ref left, out var record, out var isDirectory))
                {
                    var extent = Extent.Of(record, block);
                    if (!isDirectory && extent.Bytes > 0 && (images.Contains(extent.Offset) || IsEfiName(record.Slice(RecordHeader, record[32]))))
                    {
                        return true;
                    }

                    if (isDirectory && !IsItselfOrParent(record))
                    {
                        if (pending.Count == MaxPending)
                        {
                            return null;
                        }

                        pending.Enqueue(extent);
                    }
                }

                if (left.Length > 0 && left[0] != 0)
                {
                    return null;
                }
            }
        }

        return false;
    }

    private static TreeReach Follow(ImageWindow window, uint block, ReadOnlySpan<byte> records, Stack<Extent> pending)
    {
        while (TryNext(ref records, out var record, out var isDirectory))
        {
            var extent = Extent.Of(record, block);
            if (extent.Bytes > 0 && !window.Contains(extent.Offset, extent.Bytes))
            {
                return TreeReach.Beyond(extent);
            }

            if (isDirectory && !IsItselfOrParent(record))
            {
                if (pending.Count == MaxPending)
                {
                    return TreeReach.Unknown;
                }

                pending.Push(extent);
            }
        }

        return records.Length > 0 && records[0] != 0 ? TreeReach.Unknown : TreeReach.Whole;
    }

    /// <summary>False at the end: a length of zero, as the rest of the sector is not used then; any other that is left is a damaged record.</summary>
    private static bool TryNext(ref ReadOnlySpan<byte> records, out ReadOnlySpan<byte> record, out bool isDirectory)
    {
        if (records.Length == 0 || records[0] <= RecordHeader || records[0] > records.Length || RecordHeader + records[32] > records[0])
        {
            record = [];
            isDirectory = false;
            return false;
        }

        record = records[..records[0]];
        records = records[record.Length..];
        isDirectory = (record[25] & DirectoryFlag) != 0;
        return true;
    }

    /// <summary>They are called 0 and 1.</summary>
    private static bool IsItselfOrParent(ReadOnlySpan<byte> record) => record[32] == 1 && record[33] <= 1;

    private static bool IsEfiName(ReadOnlySpan<byte> name)
    {
        var version = name.IndexOf((byte)';');
        name = version < 0 ? name : name[..version];
        return Ascii.EqualsIgnoreCase(name, "efi.img"u8) || Ascii.EqualsIgnoreCase(name, "efiboot.img"u8);
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
