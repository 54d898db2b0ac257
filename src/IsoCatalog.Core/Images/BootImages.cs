namespace IsoCatalog.Core.Images;

/// <summary>
/// How a machine can start from the entries of a boot catalog: by what lies there. UEFI firmware takes every bootable entry that holds a FAT file system with a boot program, whatever the
/// entry's platform (EDK II, PartitionDxe/ElTorito.c); BIOS takes the first entry, if the catalog says that it is for BIOS (SeaBIOS, cdrom.c).
/// </summary>
internal static class BootImages
{
    private const int MaxImages = 16;
    private const int FirstBytes = 512;

    /// <summary>0 and 1: to the end (UEFI 2.10, section 13.3.2.1).</summary>
    private const int UnknownCount = 1;

    /// <returns>Also where the images begin from which UEFI starts, in bytes.</returns>
    public static (BootModes Modes, EfiArchitecture Architectures, IReadOnlySet<ulong> Efi) Judge(ImageWindow window, BootCatalog catalog, Findings findings)
    {
        var bios = false;
        var all = EfiArchitecture.None;
        var seen = new Dictionary<(uint, int), Programs>();
        foreach (var (index, entry) in catalog.Entries.Index().Where(e => e.Item.Bootable && Begins(window, e.Item)))
        {
            if (!seen.TryGetValue((entry.LoadLba, entry.SectorCount), out var programs))
            {
                if (seen.Count == MaxImages)
                {
                    findings.Warn($"The boot catalog names more than {MaxImages} boot images; those after them are not looked at.");
                    break;
                }

                programs = seen[(entry.LoadLba, entry.SectorCount)] = Look(window, entry, findings);
            }

            all |= programs.Seen;
            bios |= index == 0 && entry.Platform == ElToritoEntry.Bios && StartsBios(window, entry, programs.Held, findings);
        }

        if (!bios && catalog.Entries.Skip(1).Any(entry => entry.Bootable && entry.Platform == ElToritoEntry.Bios && !seen.GetValueOrDefault((entry.LoadLba, entry.SectorCount)).Held.IsAny()))
        {
            findings.Warn("The boot catalog has an entry for BIOS that is not the first one: most machines with BIOS do not start from it.");
        }

        return (
            new BootModes(bios, catalog.IsSealed && all.IsAny()),
            all,
            seen.Where(image => image.Value.Seen.IsAny()).Select(image => (ulong)image.Key.Item1 * IsoReader.SectorSize).ToHashSet());
    }

    private static bool Begins(ImageWindow window, ElToritoEntry entry) => entry.LoadLba != 0 && OffsetOf(entry) < window.Length;

    private static Programs Look(ImageWindow window, ElToritoEntry entry, Findings findings)
    {
        var start = OffsetOf(entry);
        var fat = entry.MediaType <= ElToritoEntry.LastFloppy ? FatImage.Open(window, start) : null;
        var programs = fat?.BootPrograms() ?? EfiArchitecture.None;
        var isEfi = entry.Platform == ElToritoEntry.Efi || programs.IsAny();
        var saysItsSize = fat is not null && entry.MediaType == 0 && (isEfi || fat.HasTable());
        if (saysItsSize)
        {
            findings.Use(start + fat!.Size);
        }

        if (saysItsSize && !window.Contains(start, fat!.Size))
        {
            findings.RefuseTruncated($"The {(isEfi ? "EFI " : "")}boot image at sector {entry.LoadLba}, a FAT file system,", start + fat.Size, window.Length);
        }
        else if (entry.Platform == ElToritoEntry.Efi && !programs.IsAny())
        {
            findings.Warn(fat is { IsReadable: true }
                ? $"The EFI boot image at sector {entry.LoadLba} has no boot program in \\EFI\\BOOT: UEFI does not start from it."
                : $"The EFI boot image at sector {entry.LoadLba} is not a FAT file system that can be read: UEFI does not start from it.");
        }

        if (!programs.IsAny() || entry is not { MediaType: 0, SectorCount: > UnknownCount })
        {
            return new Programs(programs, programs);
        }

        // Firmware makes a partition of what the catalog counts, unless it counts nothing.
        var seen = FatImage.Open(window, start, (ulong)entry.SectorCount * ElToritoEntry.CountedSector)?.BootPrograms() ?? EfiArchitecture.None;
        if (!seen.IsAny())
        {
            findings.Warn(
                $"The boot catalog counts {entry.SectorCount} sectors of {ElToritoEntry.CountedSector} bytes for the EFI boot image at sector {entry.LoadLba}, and its boot program lies behind them: "
                + "UEFI does not start from it.");
        }

        return new Programs(programs, seen);
    }

    /// <summary>What holds programs for UEFI and emulates no floppy is none for BIOS, whatever the entry says; nor is a hole.</summary>
    private static bool StartsBios(ImageWindow window, ElToritoEntry entry, EfiArchitecture programs, Findings findings)
    {
        if (programs.IsAny() && entry.MediaType == 0)
        {
            return false;
        }

        Span<byte> first = stackalloc byte[FirstBytes];
        if (window.TryRead(OffsetOf(entry), first) && !first.ContainsAnyExcept((byte)0))
        {
            findings.Warn($"The BIOS boot image at sector {entry.LoadLba} has only zeros where its program begins: BIOS does not start from it.");
            return false;
        }

        return true;
    }

    private static ulong OffsetOf(ElToritoEntry entry) => (ulong)entry.LoadLba * IsoReader.SectorSize;

    private static bool IsAny(this EfiArchitecture found) => found != EfiArchitecture.None;

    /// <param name="Held">What lies in the file system.</param>
    /// <param name="Seen">What firmware gets to see of it.</param>
    private readonly record struct Programs(EfiArchitecture Held, EfiArchitecture Seen);
}
