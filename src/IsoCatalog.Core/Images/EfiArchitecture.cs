namespace IsoCatalog.Core.Images;

/// <summary>Architectures that have a default EFI boot program (UEFI 2.10 section 3.5.1.1).</summary>
[Flags]
internal enum EfiArchitecture
{
    None = 0,
    X64 = 1,
    Arm64 = 2,
    X86 = 4,
    RiscV64 = 8,
    Arm = 16,
    LoongArch64 = 32,
    Itanium = 64,
    RiscV32 = 128,
    LoongArch32 = 256,
    RiscV128 = 512,

    /// <summary>Code for any processor.</summary>
    ByteCode = 1024,
}

internal static class EfiArchitectureNames
{
    private static readonly (string Program, EfiArchitecture Architecture, string? Name)[] Known =
    [
        ("BOOTX64.EFI", EfiArchitecture.X64, "x86_64"),
        ("BOOTAA64.EFI", EfiArchitecture.Arm64, "aarch64"),
        ("BOOTIA32.EFI", EfiArchitecture.X86, "i686"),
        ("BOOTRISCV64.EFI", EfiArchitecture.RiscV64, "riscv64"),
        ("BOOTARM.EFI", EfiArchitecture.Arm, "armv7l"),
        ("BOOTLOONGARCH64.EFI", EfiArchitecture.LoongArch64, "loongarch64"),
        ("BOOTIA64.EFI", EfiArchitecture.Itanium, "ia64"),
        ("BOOTRISCV32.EFI", EfiArchitecture.RiscV32, "riscv32"),
        ("BOOTLOONGARCH32.EFI", EfiArchitecture.LoongArch32, "loongarch32"),
        ("BOOTRISCV128.EFI", EfiArchitecture.RiscV128, "riscv128"),
        ("BOOTEBC.EFI", EfiArchitecture.ByteCode, null),
    ];

    public static EfiArchitecture Of(ReadOnlySpan<char> fileName)
    {
        foreach (var (program, architecture, _) in Known)
        {
            if (fileName.Equals(program, StringComparison.OrdinalIgnoreCase))
            {
                return architecture;
            }
        }

        return EfiArchitecture.None;
    }

    public static IReadOnlyList<string> Names(this EfiArchitecture found) =>
        [.. Known.Where(known => found.HasFlag(known.Architecture)).Select(known => known.Name).OfType<string>()];
}
