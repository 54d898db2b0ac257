namespace IsoCatalog.Core.Images;

/// <summary>
/// What an image says about itself. Texts are cleaned for display: cut at the first NUL, trimmed, one line, without control characters or
/// marks that change the direction of writing, at most 128 characters, "" when absent. They are the image's own claims, not facts.
/// </summary>
public sealed record IsoMetadata
{
    /// <summary>From the primary volume descriptor; when that is empty, from Joliet, then from UDF.</summary>
    public required string VolumeId { get; init; }

    public required string SystemId { get; init; }

    public required string PublisherId { get; init; }

    public required string PreparerId { get; init; }

    public required string ApplicationId { get; init; }

    /// <summary>When the volume was made, with the offset that it names; null when it does not say or says no possible time.</summary>
    public required DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Bytes that the ISO 9660 and UDF volumes say they have. The file is longer when it is padded or has partitions appended, and shorter only with a warning.</summary>
    public required long DeclaredSize { get; init; }

    /// <summary>Bytes up to which something lies that is mounted or started: the volumes, and behind them EFI file systems and partitions of a GPT, as these say themselves.</summary>
    public long UsedSize { get => Math.Max(field, DeclaredSize); init; }

    public required bool Iso9660 { get; init; }

    public required bool Joliet { get; init; }

    public required bool RockRidge { get; init; }

    public required bool Udf { get; init; }

    public required BootModes Boot { get; init; }

    /// <summary>Processor architectures whose EFI boot program lies in the image's EFI boot file systems: x86_64, aarch64, i686, riscv64, armv7l, loongarch64,
    /// ia64, riscv32, loongarch32, riscv128, in that order. Empty when there is none to read: it says nothing about what the installer inside is for.</summary>
    public required IReadOnlyList<string> Arch { get; init; }

    /// <summary>Also written as a disk (MBR or GPT in the first sectors), for USB sticks.</summary>
    public required bool Hybrid { get; init; }

    /// <summary>All entries of the boot catalog in its order, at most <see cref="IsoReader.MaxBootEntries"/>.</summary>
    public required IReadOnlyList<ElToritoEntry> ElTorito { get; init; }

    /// <summary>The EFI boot image is to be had as a file of the ISO 9660 volume too, and not only by the boot catalog. Null where UEFI does not start from the image, where its files are
    /// those of a UDF volume, and where it has too many directories to tell.</summary>
    public bool? EfiImageIsFile { get; init; }
}

/// <summary>How a machine can start from the CD, by what its boot images are. Whether Secure Boot accepts it is not checked.</summary>
public readonly record struct BootModes(bool Bios, bool Uefi);

/// <summary>A boot entry (El Torito 1.0, sections 2.2 to 2.4).</summary>
/// <param name="Platform">0x00 BIOS, 0x01 PowerPC, 0x02 Mac, 0xEF UEFI.</param>
/// <param name="Bootable">Marked as bootable (0x88).</param>
/// <param name="MediaType">0 no emulation, 1 to 3 a floppy of 1.2, 1.44 or 2.88 MB, 4 a hard disk.</param>
/// <param name="LoadLba">First sector of the boot image, in sectors of 2048 bytes.</param>
/// <param name="SectorCount">Sectors of 512 bytes that the firmware loads, as written in the entry.</param>
/// <param name="ImageSize">Bytes that the boot image occupies: the floppy's size, to the end of the file for UEFI with a count of 0 or 1
/// (UEFI 2.10, section 13.3.2.1), the count otherwise.</param>
public sealed record ElToritoEntry(byte Platform, bool Bootable, byte MediaType, uint LoadLba, int SectorCount, long ImageSize)
{
    public const byte Bios = 0x00;
    public const byte Efi = 0xEF;

    internal const byte LastFloppy = 3;

    /// <summary>Bytes.</summary>
    internal const int CountedSector = 512;
}
