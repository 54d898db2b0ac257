using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>
/// The FAT file system of an EFI boot image (Microsoft FAT specification, August 2005): only as far as to see where it ends and which boot programs lie in
/// \EFI\BOOT. What EDK II's driver (FatPkg/EnhancedFatDxe) reads, from which most firmware is made, is read here. Directories and cluster chains are followed for
/// a bounded way, so that loops end.
/// </summary>
internal sealed class FatImage
{
    private const int BootSectorSize = 512;
    private const int EntrySize = 32;
    private const uint LeastOfFat16 = 4085;
    private const uint LeastOfFat32 = 65525;
    private const int MaxDirectoryBytes = 64 << 10;
    private const int ChunkSize = 2048;
    private const byte DirectoryAttribute = 0x10;
    private const byte LongNameAttributes = 0x0F;

    private readonly ImageWindow _window;
    private readonly ulong _end;
    private readonly byte _media;
    private readonly bool _isFat32;
    private readonly ulong _fatOffset;
    private readonly ulong _rootOffset;
    private readonly int _rootBytes;
    private readonly ulong _dataOffset;
    private readonly uint _clusterBytes;
    private readonly uint _clusters;
    private readonly uint _rootCluster;
    private readonly byte[] _chunk = new byte[ChunkSize];

    private FatImage(ImageWindow window, ulong start, ulong end, ReadOnlySpan<byte> boot)
    {
        uint sector = BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]);
        uint reserved = BinaryPrimitives.ReadUInt16LittleEndian(boot[14..]);
        uint rootEntries = BinaryPrimitives.ReadUInt16LittleEndian(boot[17..]);
        uint total16 = BinaryPrimitives.ReadUInt16LittleEndian(boot[19..]);
        uint fat16 = BinaryPrimitives.ReadUInt16LittleEndian(boot[22..]);
        ulong fatSectors = fat16 != 0 ? fat16 : BinaryPrimitives.ReadUInt32LittleEndian(boot[36..]);
        ulong total = total16 != 0 ? total16 : BinaryPrimitives.ReadUInt32LittleEndian(boot[32..]);

        _window = window;
        _end = end;
        _media = boot[21];
        _isFat32 = fat16 == 0;
        _clusterBytes = sector * boot[13];
        _fatOffset = start + (reserved * sector);
        _rootOffset = _fatOffset + (boot[16] * fatSectors * sector);
        _rootBytes = _isFat32 ? 0 : (int)(rootEntries * EntrySize);
        _dataOffset = _rootOffset + (((ulong)_rootBytes + sector - 1) / sector * sector);
        Size = total * sector;
        var metadata = _dataOffset - start;
        _clusters = (uint)Math.Min(Size <= metadata ? 0 : (Size - metadata) / _clusterBytes, 0x0FFFFFF5);
        // The layout says whether it is FAT32, and the number of clusters must agree; another version, or tables that are not mirrored, are not read.
        IsReadable = _clusters > 0 && (_isFat32
            ? _clusters >= LeastOfFat32 && BinaryPrimitives.ReadUInt16LittleEndian(boot[42..]) == 0 && (boot[40] & 0x80) == 0
            : _clusters < LeastOfFat32 && _rootBytes > 0);
        _rootCluster = _isFat32 ? BinaryPrimitives.ReadUInt32LittleEndian(boot[44..]) : 0;
    }

    /// <summary>Bytes, by its own count of sectors.</summary>
    public ulong Size { get; }

    /// <summary>Whether firmware reads it as a file system.</summary>
    public bool IsReadable { get; }

    /// <summary>Null when there is no FAT file system with sane parameters at the offset.</summary>
    /// <param name="seen">So many bytes of it are all that firmware sees.</param>
    public static FatImage? Open(ImageWindow window, ulong offset, ulong seen = long.MaxValue)
    {
        Span<byte> boot = stackalloc byte[BootSectorSize];
        return window.TryRead(offset, boot)
            && BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]) is 512 or 1024 or 2048 or 4096
            && boot[13] is not 0 && (boot[13] & (boot[13] - 1)) == 0
            && BinaryPrimitives.ReadUInt16LittleEndian(boot[14..]) != 0
            && boot[16] is 1 or 2
            && boot[21] is 0xF0 or >= 0xF8
                ? new FatImage(window, offset, offset + seen, boot)
                : null;
    }

    /// <summary>Whether the first byte of the table is what every formatter writes there, as far as the table can be read: a boot sector alone may be anything.</summary>
    public bool HasTable()
    {
        Span<byte> first = stackalloc byte[1];
        return !TryRead(_fatOffset, first) || first[0] == _media;
    }

    public EfiArchitecture BootPrograms()
    {
        var found = EfiArchitecture.None;
        if (IsReadable && Subdirectory(_rootCluster, "EFI") is >= 2 and var efi && Subdirectory(efi, "BOOT") is >= 2 and var boot)
        {
            Walk(boot, (name, entry) =>
            {
                if ((entry[11] & DirectoryAttribute) == 0 && EfiArchitectureNames.Of(name) is not EfiArchitecture.None and var architecture && IsProgram(entry))
                {
                    found |= architecture;
                }
            });
        }

        return found;
    }

    private delegate void Visit(ReadOnlySpan<char> name, ReadOnlySpan<byte> entry);

    /// <summary>Its first cluster; 0 when there is none of that name.</summary>
    private uint Subdirectory(uint cluster, string called)
    {
        var found = 0u;
        Walk(cluster, (name, entry) =>
        {
            if ((entry[11] & DirectoryAttribute) != 0 && name.Equals(called, StringComparison.OrdinalIgnoreCase))
            {
                found = FirstCluster(entry);
            }
        });
        return found;
    }

    /// <summary>An empty file or a hole of that name starts nothing: EDK II wants the mark of a DOS header, or a PE header at once. It is taken to lie in one piece.</summary>
    private bool IsProgram(ReadOnlySpan<byte> entry)
    {
        Span<byte> mark = stackalloc byte[2];
        var size = BinaryPrimitives.ReadUInt32LittleEndian(entry[28..]);
        return size >= mark.Length
            && FirstCluster(entry) is >= 2 and var cluster && cluster - 2 < _clusters
            && OffsetOf(cluster) + size <= _end
            && TryRead(OffsetOf(cluster), mark)
            && (mark.SequenceEqual("MZ"u8) || mark.SequenceEqual("PE"u8));
    }

    private bool TryRead(ulong offset, Span<byte> into) => offset + (ulong)into.Length <= _end && _window.TryRead(offset, into);

    private uint FirstCluster(ReadOnlySpan<byte> entry) =>
        (_isFat32 ? (uint)BinaryPrimitives.ReadUInt16LittleEndian(entry[20..]) << 16 : 0) | BinaryPrimitives.ReadUInt16LittleEndian(entry[26..]);

    private ulong OffsetOf(uint cluster) => _dataOffset + ((ulong)(cluster - 2) * _clusterBytes);

    /// <summary>Cluster 0 is the fixed root directory of FAT12 and FAT16.</summary>
    private void Walk(uint cluster, Visit visit)
    {
        var names = new FatNames();
        if (cluster == 0)
        {
            _ = ReadEntries(_rootOffset, _rootBytes, names, visit);
            return;
        }

        var left = MaxDirectoryBytes;
        while (left > 0 && cluster >= 2 && cluster - 2 < _clusters)
        {
            var bytes = (int)Math.Min(_clusterBytes, (uint)left);
            if (!ReadEntries(OffsetOf(cluster), bytes, names, visit))
            {
                return;
            }

            left -= bytes;
            cluster = Next(cluster);
        }
    }

    /// <summary>False at the end of the directory.</summary>
    private bool ReadEntries(ulong offset, int bytes, FatNames names, Visit visit)
    {
        bytes = Math.Min(bytes, MaxDirectoryBytes);
        for (var done = 0; done < bytes; done += ChunkSize)
        {
            var chunk = _chunk.AsSpan(0, Math.Min(ChunkSize, bytes - done));
            if (!TryRead(offset + (ulong)done, chunk))
            {
                return false;
            }

            for (; chunk.Length >= EntrySize; chunk = chunk[EntrySize..])
            {
                var entry = chunk[..EntrySize];
                if (entry[0] == 0)
                {
                    return false;
                }

                if (entry[0] != 0xE5 && (entry[11] & 0x3F) == LongNameAttributes)
                {
                    names.AddLong(entry);
                    continue;
                }

                var name = names.Take(entry);
                if (entry[0] != 0xE5 && (entry[11] & 0x08) == 0)
                {
                    visit(name, entry);
                }
            }
        }

        return true;
    }

    /// <summary>What the table says comes after the cluster; a value outside of the data area ends the chain.</summary>
    private uint Next(uint cluster)
    {
        Span<byte> cell = stackalloc byte[4];
        if (!_isFat32 && _clusters < LeastOfFat16)
        {
            var pair = TryRead(_fatOffset + cluster + (cluster / 2), cell[..2]) ? BinaryPrimitives.ReadUInt16LittleEndian(cell) : 0;
            return (uint)((cluster & 1) == 0 ? pair & 0xFFF : pair >> 4);
        }

        if (!_isFat32)
        {
            return TryRead(_fatOffset + (cluster * 2UL), cell[..2]) ? BinaryPrimitives.ReadUInt16LittleEndian(cell) : 0u;
        }

        return TryRead(_fatOffset + (cluster * 4UL), cell) ? BinaryPrimitives.ReadUInt32LittleEndian(cell) & 0x0FFFFFFF : 0;
    }
}
