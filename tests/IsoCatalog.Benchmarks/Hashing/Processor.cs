using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace IsoCatalog.Benchmarks.Hashing;

/// <summary>The processor as it is, or as OpenSSL (and with it the platform's hashing) sees it without SHA-NI.</summary>
internal sealed record Processor(string Suffix, IReadOnlyDictionary<string, string> Environment)
{
    public static Processor AsItIs { get; } = new("", new Dictionary<string, string>(StringComparer.Ordinal));

    // OPENSSL_ia32cap(3): the second word is leaf 7 EBX, in which bit 29 says SHA.
    public static Processor WithoutShaNi { get; } = new(
        "-noshani", new Dictionary<string, string>(StringComparer.Ordinal) { ["OPENSSL_ia32cap"] = ":~0x20000000" });

    public static bool HasShaNi { get; } =
        RuntimeInformation.ProcessArchitecture == Architecture.X64 && X86Base.IsSupported && (X86Base.CpuId(7, 0).Ebx & 1 << 29) != 0;

    public bool Masked => Environment.Count > 0;

    /// <summary>Masking what is not there would be the same row again.</summary>
    public bool Applies => !Masked || HasShaNi;

    public string Openssl => Masked ? "openssl dgst -sha256, SHA-NI masked" : "openssl dgst -sha256";
}
