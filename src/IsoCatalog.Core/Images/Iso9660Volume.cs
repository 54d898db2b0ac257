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
    public required uint Block { get; init; }

    /// <summary>Bytes.</summary>
    public required ulong DeclaredSize { get; init; }

    public required Extent Root { get; init; }

    /// <summary>
    /// Numbers stand there in both byte orders. Every known system reads those in little endian, so they count, and it is no more than a warning when the others are missing or differ; so it is
    /// with all that no system looks at.
    /// </summary>
    public static Iso9660Volume Parse(ReadOnlySpan<byte> descriptor, int sector, ImageWindow window, Findings findings)
    {
        var root = descriptor.Slice(156, RecordHeader);
        var space = BinaryPrimitives.ReadUInt32LittleEndian(descriptor[80..]);
        uint block = BinaryPrimitives.ReadUInt16LittleEndian(descriptor[128..]);
        if (space != BinaryPrimitives.ReadUInt32BigEndian(descriptor[84..])
            || block != BinaryPrimitives.ReadUInt16BigEndian(descriptor[130..])
            || BinaryPrimitives.ReadUInt32LittleEndian(root[2..]) != BinaryPrimitives.ReadUInt32BigEndian(root[6..])
            || BinaryPrimitives.ReadUInt32LittleEndian(root[10..]) != BinaryPrimitives.ReadUInt32BigEndian(root[14..]))
        {
            findings.Warn($"The primary volume descriptor (sector {sector}) writes a number in both byte orders and they differ; the first one is what systems read.");
        }

        if (block is not (512 or 1024 or 2048))
        {
            findings.Refuse(
                IsoRefusal.Corrupt,
                $"The primary volume descriptor (sector {sector}, a file of {window.Length} bytes) is damaged: its block size of {block} bytes is not 512, 1024 or 2048.",
                "Take the image from its source again.");
            block = IsoReader.SectorSize;
        }

        if (space == 0)
        {
            findings.Warn($"The primary volume descriptor (sector {sector}) declares a volume of no size: whether the file is complete cannot be told from it.");
        }

        if (root[0] != RecordHeader || (root[25] & 2) == 0)
        {
            findings.Warn($"The primary volume descriptor (sector {sector}) describes the root directory as something else; some systems may not mount the image.");
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
            Block = block,
            DeclaredSize = (ulong)space * block,
            Root = Extent.Of(root, block),
        };
    }

    /// <summary>Reads the first record of the root directory, without which nothing can mount the volume, and looks for the marks of
    /// Rock Ridge in it (SUSP 1.12 section 5.3, RRIP 1.12 section 4).</summary>
    public bool HasRockRidge(ImageWindow window, Findings findings)
    {
        Span<byte> record = stackalloc byte[256];
        record.Clear();
        if (!window.TryRead(Root.Offset, record)
            || record[0] < RecordHeader || record[32] != 1 || record[33] != 0)
        {
            findings.Refuse(
                IsoRefusal.Corrupt,
                $"There is no directory at byte {Root.Offset}, where the volume descriptor (sector {Sector}) says that the root directory is: the file "
                + "has holes or was overwritten.",
                "Copy or download the image again.");
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
}
