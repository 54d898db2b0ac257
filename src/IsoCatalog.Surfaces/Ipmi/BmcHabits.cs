using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Surfaces.Ipmi;

/// <param name="Code">Stable.</param>
/// <param name="Maker">Whose firmware does it.</param>
/// <param name="Known">False where nobody looked whether the image is one that it concerns.</param>
/// <param name="Text">For an operator: what happens, and what to do.</param>
public sealed record BmcHabit(string Code, string Maker, bool Known, string Text);

/// <summary>
/// What BMC firmware is known to do that an image can meet, by what the catalog knows of it; docs/bmc.md has the same rows and from where each is known. Nothing here keeps an image from a
/// list. Pure.
/// </summary>
public static class BmcHabits
{
    /// <summary>The virtual CD of Supermicro in UEFI mode (OSInside/kiwi issue 2512).</summary>
    public const string EfiImageNoFile = "efi-image-no-file";

    /// <summary>AMI's reader, where it is a 32-bit build of httpfs2.</summary>
    public const string Over4GiB = "over-4-gib";

    /// <summary>AMI's fields of 64 bytes.</summary>
    public const string UrlName = "url-name";

    private const long FourGiB = 1L << 32;

    private static readonly Func<CatalogImage, BmcHabit?>[] Table = [OfEfiFile, OfSize, OfName];

    /// <returns>Those that concern the image, in the order of the table; empty as a rule.</returns>
    public static IReadOnlyList<BmcHabit> Of(CatalogImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return [.. Table.Select(row => row(image)).OfType<BmcHabit>()];
    }

    private static BmcHabit? OfEfiFile(CatalogImage image)
    {
        // The files of a UDF volume are not looked at, and no report is about such an image.
        var facts = image.Value.Iso;
        const string Habit = "Its virtual CD is reported to start in UEFI mode only from an image that has its EFI boot image as a file (efi.img) too.";
        return facts is (not { Uefi: true, Udf: false }) or { HasEfiImageFile: true } ? null
            : facts.HasEfiImageFile is null
                ? new BmcHabit(EfiImageNoFile, "Supermicro", Known: false, $"{Habit} Whether this one has it was not found out when it was added.")
            : new BmcHabit(EfiImageNoFile, "Supermicro", Known: true, facts.Bios
                ? $"{Habit} This one has none: start it in legacy mode there."
                : $"{Habit} This one has none, and does not start with BIOS either.");
    }

    private static BmcHabit? OfSize(CatalogImage image) => image.Value.Size <= FourGiB ? null : new BmcHabit(
        Over4GiB, "AMI", Known: true, "Its reader, where it is a 32-bit build of httpfs2, is reported to read what lies behind 4 GiB from the wrong place. Try the image there before customers do.");

    private static BmcHabit? OfName(CatalogImage image) => BmcUrl.KeepsName(image.FileName) ? null : new BmcHabit(
        UrlName, "AMI", Known: true, $"Its fields hold 64 bytes, so the URL calls the image {BmcUrl.NameOf(image.FileName)}, and BMCs show that. Under a shorter name in Latin letters it is easier to tell.");
}
