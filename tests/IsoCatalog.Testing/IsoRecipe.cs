namespace IsoCatalog.Testing;

/// <summary>What an image should be like that <see cref="IsoBuilder"/> makes.</summary>
public sealed record IsoRecipe
{
    public string VolumeId { get; init; } = "TEST_IMAGE";

    public string Publisher { get; init; } = "ISOCATALOG TESTS";

    /// <summary>Empty: what xorriso writes by itself.</summary>
    public string SystemId { get; init; } = "";

    /// <inheritdoc cref="SystemId"/>
    public string ApplicationId { get; init; } = "";

    /// <summary>A boot image for BIOS that halts.</summary>
    public bool Bios { get; init; }

    /// <summary>Names of programs in \EFI\BOOT of a FAT boot image, such as BOOTX64.EFI; none: no UEFI boot entry.</summary>
    public IReadOnlyList<string> EfiPrograms { get; init; } = [];

    /// <summary>12, 16 or 32.</summary>
    public int FatBits { get; init; } = 12;

    public IsoDisk Disk { get; init; }

    public bool Joliet { get; init; }

    public bool RockRidge { get; init; }

    /// <summary>Bytes of a file that does not compress.</summary>
    public int PayloadBytes { get; init; } = 10_000;

    /// <summary>Other seeds give other payloads.</summary>
    public int Seed { get; init; }
}

/// <summary>How an image can be written to a USB stick.</summary>
public enum IsoDisk
{
    None,

    /// <summary>A partition that covers the image.</summary>
    Mbr,

    /// <summary>GPT, with the FAT boot image as a partition behind the ISO 9660 volume.</summary>
    GptAppended,
}
