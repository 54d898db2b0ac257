using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The primary volume descriptor (ECMA-119 section 8.4) and the root directory that it names.</summary>
internal sealed record Iso9660Volume
{
    private const int RecordHeader = 34;

    public required int Sector { get; init; }

    public required string SystemId { get; init; }

    public required string VolumeId { get; init; }

    public required string PublisherId { get; init; }

    public required string PreparerId { get; init; }

    public required string ApplicationId { get; init; }

    public required DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Bytes.</summary>
    public required ulong DeclaredSize { get; init; }

    private ulong RootOffset { get; init; }

    public static Iso9660Volume? Parse(ReadOnlySpan<byte> descriptor, int sector, ImageWindow window, Findings findings)
    {
        var root = descriptor.Slice(156, RecordHeader);
        if (!TryBoth32(descriptor[80..], out var space) || !TryBoth16(descriptor[128..], out var block) || !TryBoth32(root[2..], out var extent))
        {
            Contradicts("a number that it writes in both byte orders differs between the two");
            return null;
        }

        if (block is not (512 or 1024 or 2048))
        {
            Contradicts($"its block size of {block} bytes is not 512, 1024 or 2048");
            return null;
        }

        if (space == 0)
        {
            Contradicts("it declares a volume of no size");
            return null;
        }

        if (root[0] != RecordHeader || (root[25] & 2) == 0 || extent >= space)
        {
            Contradicts($"its root directory (block {extent} of {space}) is not a directory of this volume");
            return null;
        }

        if (descriptor[6] != 1)
        {
            findings.Warn($"The primary volume descriptor (sector {sector}) has version {descriptor[6]}, not 1; some systems may not mount the image.");
        }

        return new Iso9660Volume
        {
            Sector = sector,
            SystemId = IsoText.Decode(descriptor.Slice(8, 32)),
            VolumeId = IsoText.Decode(descriptor.Slice(40, 32)),
            PublisherId = IsoText.Decode(descriptor.Slice(318, 128)),
            PreparerId = IsoText.Decode(descriptor.Slice(446, 128)),
            ApplicationId = IsoText.Decode(descriptor.Slice(574, 128)),
            CreatedAt = ImageTime.FromIso9660(descriptor.Slice(813, 17)),
            DeclaredSize = (ulong)space * block,
            RootOffset = ((ulong)extent + root[1]) * block,
        };

        void Contradicts(string what) => findings.Refuse(
            IsoRefusal.Corrupt,
            $"The primary volume descriptor (sector {sector}, a file of {window.Length} bytes) is damaged: {what}. Take the image from its source again.");
    }

    /// <summary>Reads the first record of the root directory, without which nothing can mount the volume, and looks for the marks of
    /// Rock Ridge in it (SUSP 1.12 section 5.3, RRIP 1.12 section 4).</summary>
    public bool HasRockRidge(ImageWindow window, Findings findings)
    {
        Span<byte> record = stackalloc byte[256];
        record.Clear();
        if (!window.TryRead(RootOffset, record)
            || record[0] < RecordHeader || record[32] != 1 || record[33] != 0)
        {
            findings.Refuse(
                IsoRefusal.Corrupt,
                $"There is no directory at byte {RootOffset}, where the volume descriptor (sector {Sector}) says that the root directory is: the file "
                + "has holes or was overwritten. Copy or download the image again.");
            return false;
        }

        var fields = record[RecordHeader..record[0]];
        if (!fields.StartsWith("SP\u0007\u0001"u8))
        {
            return false;
        }

        while (fields.Length >= 4 && fields[2] >= 4 && fields[2] <= fields.Length)
        {
            if (fields.StartsWith("PX"u8) || fields.StartsWith("RR"u8))
            {
                return true;
            }

            fields = fields[fields[2]..];
        }

        return false;
    }

    private static bool TryBoth32(ReadOnlySpan<byte> field, out uint value)
    {
        value = BinaryPrimitives.ReadUInt32LittleEndian(field);
        return value == BinaryPrimitives.ReadUInt32BigEndian(field[4..]);
    }

    private static bool TryBoth16(ReadOnlySpan<byte> field, out ushort value)
    {
        value = BinaryPrimitives.ReadUInt16LittleEndian(field);
        return value == BinaryPrimitives.ReadUInt16BigEndian(field[2..]);
    }
}
