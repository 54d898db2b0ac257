using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>
/// The FAT file system of an EFI boot image (Microsoft FAT specification, August 2005): only as far as to see which boot programs lie in
/// \EFI\BOOT. Directories and cluster chains are followed for a bounded way, so that loops end.
/// </summary>
internal sealed class FatImage
{
    private const int EntrySize = 32;
    private const int MaxDirectoryBytes = 128 << 10;
    private const int ChunkSize = 2048;
    private const byte DirectoryAttribute = 0x10;
    private const byte LongNameAttributes = 0x0F;

    private readonly ImageWindow _window;
    private readonly ulong _start;
    private readonly ulong _fatOffset;
    private readonly ulong _rootOffset;
    private readonly int _rootBytes;
    private readonly ulong _dataOffset;
    private readonly uint _clusterBytes;
    private readonly uint _clusters;
    private readonly uint _rootCluster;
    private readonly byte[] _chunk = new byte[ChunkSize];

    private FatImage(ImageWindow window, ulong start, ReadOnlySpan<byte> boot)
    {
        uint sector = BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]);
        uint reserved = BinaryPrimitives.ReadUInt16LittleEndian(boot[14..]);
        uint rootEntries = BinaryPrimitives.ReadUInt16LittleEndian(boot[17..]);
        uint total16 = BinaryPrimitives.ReadUInt16LittleEndian(boot[19..]);
        uint fat16 = BinaryPrimitives.ReadUInt16LittleEndian(boot[22..]);
        ulong fatSectors = fat16 != 0 ? fat16 : BinaryPrimitives.ReadUInt32LittleEndian(boot[36..]);
        ulong total = total16 != 0 ? total16 : BinaryPrimitives.ReadUInt32LittleEndian(boot[32..]);

        _window = window;
        _start = start;
        _clusterBytes = sector * boot[13];
        _fatOffset = start + (reserved * sector);
        _rootOffset = _fatOffset + (boot[16] * fatSectors * sector);
        _rootBytes = (int)(rootEntries * EntrySize);
        _dataOffset = _rootOffset + (((ulong)_rootBytes + sector - 1) / sector * sector);
        var metadata = _dataOffset - start;
        _clusters = (uint)Math.Min(total * sector <= metadata ? 0 : ((total * sector) - metadata) / _clusterBytes, 0x0FFFFFF5);
        _rootCluster = rootEntries == 0 ? BinaryPrimitives.ReadUInt32LittleEndian(boot[44..]) : 0;
    }

    /// <summary>Null when there is no FAT file system with sane parameters at the offset.</summary>
    public static FatImage? Open(ImageWindow window, ulong offset)
    {
        Span<byte> boot = stackalloc byte[512];
        return window.TryRead(offset, boot)
            && boot[510] == 0x55 && boot[511] == 0xAA
            && BinaryPrimitives.ReadUInt16LittleEndian(boot[11..]) is 512 or 1024 or 2048 or 4096
            && boot[13] is not 0 && (boot[13] & (boot[13] - 1)) == 0
            && boot[16] is 1 or 2
            && BinaryPrimitives.ReadUInt16LittleEndian(boot[14..]) != 0
                ? new FatImage(window, offset, boot)
                : null;
    }

    public EfiArchitecture BootPrograms()
    {
        var found = EfiArchitecture.None;
        var efi = 0u;
        Walk(_rootCluster, (name, attributes, cluster) =>
        {
            if ((attributes & DirectoryAttribute) != 0 && name.Equals("EFI", StringComparison.OrdinalIgnoreCase))
            {
                efi = cluster;
            }
        });

        var boot = 0u;
        if (efi >= 2)
        {
            Walk(efi, (name, attributes, cluster) =>
            {
                if ((attributes & DirectoryAttribute) != 0 && name.Equals("BOOT", StringComparison.OrdinalIgnoreCase))
                {
                    boot = cluster;
                }
            });
        }

        if (boot >= 2)
        {
            Walk(boot, (name, attributes, _) =>
            {
                if ((attributes & DirectoryAttribute) == 0)
                {
                    found |= EfiArchitectureNames.Of(name);
                }
            });
        }

        return found;
    }

    private delegate void Visit(ReadOnlySpan<char> name, byte attributes, uint cluster);

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
            if (!ReadEntries(_dataOffset + ((ulong)(cluster - 2) * _clusterBytes), bytes, names, visit))
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
            if (!_window.TryRead(offset + (ulong)done, chunk))
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
                    var high = (uint)BinaryPrimitives.ReadUInt16LittleEndian(entry[20..]) << 16;
                    visit(name, entry[11], (_clusters < 65525 ? 0 : high) | BinaryPrimitives.ReadUInt16LittleEndian(entry[26..]));
                }
            }
        }

        return true;
    }

    /// <summary>What the table says comes after the cluster; a value outside of the data area ends the chain.</summary>
    private uint Next(uint cluster)
    {
        Span<byte> cell = stackalloc byte[4];
        if (_clusters < 4085)
        {
            var pair = _window.TryRead(_fatOffset + cluster + (cluster / 2), cell[..2]) ? BinaryPrimitives.ReadUInt16LittleEndian(cell) : 0;
            return (uint)((cluster & 1) == 0 ? pair & 0xFFF : pair >> 4);
        }

        if (_clusters < 65525)
        {
            return _window.TryRead(_fatOffset + (cluster * 2UL), cell[..2]) ? BinaryPrimitives.ReadUInt16LittleEndian(cell) : 0u;
        }

        return _window.TryRead(_fatOffset + (cluster * 4UL), cell) ? BinaryPrimitives.ReadUInt32LittleEndian(cell) & 0x0FFFFFFF : 0;
    }
}
