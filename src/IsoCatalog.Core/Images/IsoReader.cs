namespace IsoCatalog.Core.Images;

/// <summary>
/// Reads what an ISO 9660 (ECMA-119), El Torito 1.0 or UDF (ECMA-167, UDF 1.02 to 2.60) image says about itself and whether its file is as
/// long as it must be. It proves nothing about the content: the hash does that. docs/images.md lists what is read and why an image is refused.
/// </summary>
public static class IsoReader
{
    /// <summary>No image makes the reader read more bytes than this.</summary>
    public const int MaxBytesRead = 4 << 20;

    public const int MaxWarnings = 32;

    public const int MaxBootEntries = 64;

    internal const int SectorSize = 2048;

    /// <summary>
    /// Every input ends in one of the two results, whatever its bytes are; only the stream's own errors are thrown. The reads are
    /// synchronous, few and bounded, as is what is allocated. Not thread-safe for one stream, whose position is moved.
    /// </summary>
    /// <param name="image">Seekable; its length is the size of the file.</param>
    public static IsoInspection Read(Stream image)
    {
        ArgumentNullException.ThrowIfNull(image);
        var window = new ImageWindow(image);
        var findings = new Findings();
        var metadata = Inspect(window, findings);
        return metadata is null || findings.Refusal is not null
            ? new IsoInspection.Refused(findings.Refusal!)
            : new IsoInspection.Recognized(metadata, findings.Warnings);
    }

    private static IsoMetadata? Inspect(ImageWindow window, Findings findings)
    {
        if (window.Length == 0)
        {
            findings.Refuse(IsoRefusal.Empty, "The file is empty. Copy or download the image again.");
            return null;
        }

        var descriptors = VolumeDescriptors.Read(window, findings);
        if (findings.Refusal is not null)
        {
            return null;
        }

        if (descriptors is { Iso9660: null, UdfSpacing: 0 })
        {
            findings.Refuse(IsoRefusal.NotAnIso, ForeignFormat.Describe(window));
            return null;
        }

        var rockRidge = descriptors.Iso9660 is { } volume && volume.HasRockRidge(window, findings);
        var udf = descriptors.UdfSpacing > 0 && findings.Refusal is null ? UdfVolume.Read(window, descriptors.UdfSpacing, findings) : null;
        if (findings.Refusal is not null)
        {
            return null;
        }

        var iso = descriptors.Iso9660;
        var declared = Math.Max(iso?.DeclaredSize ?? 0, udf?.DeclaredSize ?? 0);
        var catalog = BootCatalog.Read(window, descriptors.BootCatalogLba, declared, findings);
        var hybrid = PartitionTables.Read(window, findings);
        return new IsoMetadata
        {
            VolumeId = FirstNamed(iso?.VolumeId, descriptors.JolietVolumeId, udf?.VolumeId),
            SystemId = iso?.SystemId ?? "",
            PublisherId = iso?.PublisherId ?? "",
            PreparerId = iso?.PreparerId ?? "",
            ApplicationId = iso?.ApplicationId ?? "",
            CreatedAt = iso?.CreatedAt ?? udf?.RecordedAt,
            DeclaredSize = (long)declared,
            Iso9660 = iso is not null,
            Joliet = descriptors.JolietVolumeId is not null,
            RockRidge = rockRidge,
            Udf = udf is not null,
            Boot = new BootModes(catalog.Boots(ElToritoEntry.Bios), catalog.Boots(ElToritoEntry.Efi)),
            Arch = catalog.EfiArchitectures(window, findings),
            Hybrid = hybrid,
            ElTorito = catalog.Entries,
        };
    }

    private static string FirstNamed(params ReadOnlySpan<string?> names)
    {
        foreach (var name in names)
        {
            if (!string.IsNullOrEmpty(name))
            {
                return name;
            }
        }

        return "";
    }
}
