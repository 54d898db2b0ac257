using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>The volume descriptors from sector 16 on (ECMA-119 section 8), with those of UDF among or after them (ECMA-167 part 2).</summary>
/// <param name="HasIso9660">There is at least one descriptor of ISO 9660.</param>
/// <param name="Iso9660">The primary one; null when there is none.</param>
/// <param name="JolietVolumeId">Null without Joliet.</param>
/// <param name="BootCatalogLba">Null without a boot record.</param>
/// <param name="UdfSpacing">Bytes from one UDF mark to the next, which is the block size where that is larger than a sector; 0 without UDF.</param>
internal sealed record VolumeDescriptors(bool HasIso9660, Iso9660Volume? Iso9660, string? JolietVolumeId, uint? BootCatalogLba, int UdfSpacing)
{
    private const int FirstSector = 16;
    private const int MaxSectors = 64;

    public static VolumeDescriptors Read(ImageWindow window, Findings findings)
    {
        Iso9660Volume? primary = null;
        string? joliet = null;
        Extent jolietRoot = default;
        uint? bootCatalog = null;
        int begun = 0, udfSpacing = 0;
        bool isoSeen = false, terminated = false;
        Span<byte> sector = stackalloc byte[IsoReader.SectorSize];

        for (var number = FirstSector; number < FirstSector + MaxSectors; number++)
        {
            if (!window.TryRead((ulong)number * IsoReader.SectorSize, sector))
            {
                break;
            }

            var identifier = sector[1..6];
            if (identifier.SequenceEqual("CD001"u8) && !terminated)
            {
                isoSeen = true;
                switch (sector[0])
                {
                    case 0 when bootCatalog is null && sector[7..].StartsWith("EL TORITO SPECIFICATION"u8):
                        bootCatalog = BinaryPrimitives.ReadUInt32LittleEndian(sector[71..]);
                        break;
                    case 1 when primary is null:
                        primary = Iso9660Volume.Parse(sector, number, window, findings);
                        break;
                    case 2 when joliet is null && sector[88] == '%' && sector[89] == '/' && sector[90] is (byte)'@' or (byte)'C' or (byte)'E':
                        joliet = IsoText.DecodeUcs2(sector.Slice(40, 32));
                        jolietRoot = Extent.Of(sector[156..], BinaryPrimitives.ReadUInt16LittleEndian(sector[128..]));
                        break;
                    case 255:
                        terminated = true;
                        break;
                }
            }
            else if (identifier.SequenceEqual("BEA01"u8))
            {
                begun = number;
            }
            else if (identifier.SequenceEqual("NSR02"u8) || identifier.SequenceEqual("NSR03"u8))
            {
                udfSpacing = begun == 0 ? 0 : (number - begun) * IsoReader.SectorSize;
            }
            else if (begun == 0 || identifier.SequenceEqual("TEA01"u8))
            {
                break;
            }
        }

        if (isoSeen)
        {
            Judge(primary, jolietRoot, terminated, window, findings);
        }

        return new VolumeDescriptors(isoSeen, primary, joliet, bootCatalog, udfSpacing);
    }

    private static void Judge(Iso9660Volume? primary, Extent jolietRoot, bool terminated, ImageWindow window, Findings findings)
    {
        if (primary is null)
        {
            findings.Refuse(
                IsoRefusal.Corrupt,
                $"There are ISO 9660 descriptors from sector {FirstSector} on, but no primary one among the first {MaxSectors}: the image cannot be mounted.",
                "Take it from its source again.");
            return;
        }

        if (window.Length != primary.DeclaredSize)
        {
            JudgeLength(primary, jolietRoot, window, findings);
        }

        if (!terminated)
        {
            findings.Warn($"The list of volume descriptors from sector {FirstSector} on has no end mark; some systems may not mount the image.");
        }
    }

    /// <summary>Systems read what the directories name, and never ask for the padding behind it. Where a volume says less than its file has, its directories alone tell whether that is all.</summary>
    private static void JudgeLength(Iso9660Volume primary, Extent jolietRoot, ImageWindow window, Findings findings)
    {
        Extent[] roots = jolietRoot.Bytes > 0 ? [primary.Root, jolietRoot] : [primary.Root];
        var reach = primary.Root.Bytes > 0 ? DirectoryTree.Reach(window, primary.Block, roots) : TreeReach.Unknown;
        if (window.Length > primary.DeclaredSize)
        {
            if (reach.End is { } end)
            {
                findings.RefuseTruncated($"What a directory of the ISO 9660 volume (sector {primary.Sector}) names", end, window.Length);
            }
        }
        else if (reach.IsWhole)
        {
            findings.Warn(
                $"The ISO 9660 volume (sector {primary.Sector}) declares {primary.DeclaredSize} bytes and the file has {window.Length}: all files of its directories lie within the file, so "
                + "what is missing is padding, or was declared by mistake.");
        }
        else
        {
            findings.RefuseTruncated($"The ISO 9660 volume (sector {primary.Sector})", primary.DeclaredSize, window.Length);
        }
    }
}
