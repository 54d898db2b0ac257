namespace IsoCatalog.Core.Images;

/// <summary>
/// Reads what an ISO 9660 (ECMA-119), El Torito 1.0 or UDF (ECMA-167, UDF 1.02 to 2.60) image says about itself and whether its file is as
/// long as it must be. It proves nothing about the content: the hash does that. docs/images.md lists what is read and why an image is refused.
/// </summary>
public static class IsoReader
{
    /// <summary>No image makes the reader read more bytes than this,</summary>
    public const int MaxBytesRead = 4 << 20;

    /// <summary>and so many of directories where the file is not as long as its volume says.</summary>
    public const int MaxDirectoryBytesRead = 32 << 20;

    public const int MaxWarnings = 16;

    /// <summary>Of all warnings together: they are signed with the rest of an entry, which has its own limit.</summary>
    public const int MaxWarningCharacters = 2000;

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
        if (window.Length == 0)
        {
            return new IsoInspection.Refused(new IsoRefusal(IsoRefusal.Empty, "The file is empty. Copy or download the image again."));
        }

        var findings = new Findings();
        var descriptors = VolumeDescriptors.Read(window, findings);
        if (descriptors is { HasIso9660: false, UdfSpacing: 0 })
        {
            return new IsoInspection.Refused(new IsoRefusal(IsoRefusal.NotAnIso, ForeignFormat.Describe(window)));
        }

        var metadata = Inspect(window, descriptors, findings);
        var found = new IsoInspection.Recognized(metadata, findings.All) { Faults = findings.Faults };
        return findings.Refusal is { } refusal ? new IsoInspection.Refused(refusal) { Vouched = found } : found;
    }

    private static IsoMetadata Inspect(ImageWindow window, VolumeDescriptors descriptors, Findings findings)
    {
        var iso = descriptors.Iso9660;
        var rockRidge = iso is not null && iso.HasRockRidge(window, findings);
        var udf = descriptors.UdfSpacing > 0
            ? UdfVolume.Read(window, descriptors.UdfSpacing, dispensable: iso is not null && findings.Refusal is null, findings)
            : null;
        var declared = Math.Max(iso?.DeclaredSize ?? 0, udf?.DeclaredSize ?? 0);
        var catalog = BootCatalog.Read(window, descriptors.BootCatalogLba, declared, findings);
        var (boot, architectures, efi) = BootImages.Judge(window, catalog, findings);
        var hybrid = PartitionTables.Read(window, declared, findings);
        return new IsoMetadata
        {
            VolumeId = FirstNamed(iso?.VolumeId, descriptors.JolietVolumeId, udf?.VolumeId),
            SystemId = iso?.SystemId ?? "",
            PublisherId = iso?.PublisherId ?? "",
            PreparerId = iso?.PreparerId ?? "",
            ApplicationId = iso?.ApplicationId ?? "",
            CreatedAt = iso?.CreatedAt ?? udf?.RecordedAt,
            DeclaredSize = (long)declared,
            UsedSize = (long)Math.Min(findings.Used, window.Length),
            Iso9660 = iso is not null,
            Joliet = descriptors.JolietVolumeId is not null,
            RockRidge = rockRidge,
            Udf = udf is not null,
            Boot = boot,
            Arch = architectures.Names(),
            Hybrid = hybrid,
            ElTorito = catalog.Entries,
            EfiImageIsFile = boot.Uefi && iso is not null && udf is null ? DirectoryTree.HasEfiFile(window, iso.Block, iso.Root, efi) : null,
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
