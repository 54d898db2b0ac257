using System.Buffers.Binary;

namespace IsoCatalog.Tests.Images;

/// <summary>What the directories of an ISO 9660 volume of blocks of 2048 bytes name.</summary>
internal static class Listed
{
    private const int Sector = 2048;

    /// <summary>The end of the last file or directory.</summary>
    public static long EndOf(byte[] image)
    {
        var end = 0L;
        var pending = new Stack<(int Lba, int Length)>();
        foreach (var sector in Enumerable.Range(16, 8).Where(s => image.AsSpan((s * Sector) + 1, 5).SequenceEqual("CD001"u8) && image[s * Sector] is 1 or 2))
        {
            var root = image.AsSpan((sector * Sector) + 156);
            pending.Push((BinaryPrimitives.ReadInt32LittleEndian(root[2..]), BinaryPrimitives.ReadInt32LittleEndian(root[10..])));
        }

        while (pending.TryPop(out var directory))
        {
            for (var at = directory.Lba * Sector; at < (directory.Lba * Sector) + directory.Length;)
            {
                var record = image.AsSpan(at);
                if (record[0] == 0)
                {
                    at = ((at / Sector) + 1) * Sector;
                    continue;
                }

                var (lba, length) = (BinaryPrimitives.ReadInt32LittleEndian(record[2..]), BinaryPrimitives.ReadInt32LittleEndian(record[10..]));
                end = Math.Max(end, length == 0 ? 0 : (lba * (long)Sector) + length);
                if ((record[25] & 2) != 0 && record[33] > 1)
                {
                    pending.Push((lba, length));
                }

                at += record[0];
            }
        }

        return end;
    }
}
