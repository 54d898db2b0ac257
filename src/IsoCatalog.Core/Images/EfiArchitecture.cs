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
}

internal static class EfiArchitectureNames
{
    public static EfiArchitecture Of(ReadOnlySpan<char> fileName) =>
        Is(fileName, "BOOTX64.EFI") ? EfiArchitecture.X64
        : Is(fileName, "BOOTAA64.EFI") ? EfiArchitecture.Arm64
        : Is(fileName, "BOOTIA32.EFI") ? EfiArchitecture.X86
        : Is(fileName, "BOOTRISCV64.EFI") ? EfiArchitecture.RiscV64
        : EfiArchitecture.None;

    public static IReadOnlyList<string> Names(this EfiArchitecture found) =>
    [
        .. found.HasFlag(EfiArchitecture.X64) ? ["x86_64"] : (ReadOnlySpan<string>)[],
        .. found.HasFlag(EfiArchitecture.Arm64) ? ["aarch64"] : (ReadOnlySpan<string>)[],
        .. found.HasFlag(EfiArchitecture.X86) ? ["i686"] : (ReadOnlySpan<string>)[],
        .. found.HasFlag(EfiArchitecture.RiscV64) ? ["riscv64"] : (ReadOnlySpan<string>)[],
    ];

    private static bool Is(ReadOnlySpan<char> name, string other) => name.Equals(other, StringComparison.OrdinalIgnoreCase);
}
