using System.Text.RegularExpressions;

namespace IsoCatalog.Core.Images;

/// <summary>What the rules of one source say together of an image.</summary>
/// <param name="Name">With the version of the release, as people say it.</param>
/// <param name="Version">Of the release, such as 12; null where it is not known or there is none.</param>
internal sealed record ImageGuess(string? Name, string? Family, string? Distro, string? Version, string? Kind)
{
    /// <summary>With all that the image says, such as 12.5.0.</summary>
    public string? Exact { get; init; }

    public string? Edition { get; init; }

    public string? Language { get; init; }

    public string? Arch { get; init; }
}

/// <summary>Architectures as EFI and osinfo-db name them.</summary>
internal static class ArchName
{
    /// <returns>Null for what is none, or is several at once.</returns>
    public static string? Of(string text) => text.ToLowerInvariant() switch
    {
        "x86_64" or "amd64" or "x64" or "64" or "x" => "x86_64",
        "i686" or "i586" or "i486" or "i386" or "x86" or "32" or "ia32" => "i686",
        "aarch64" or "arm64" or "a64" or "arm64_aarch64" => "aarch64",
        "armv7l" or "armv7" or "armhf" or "armhfp" => "armv7l",
        "ppc64le" or "ppc64el" or "p64el" or "ppc64" => "ppc64le",
        "s390x" => "s390x",
        "riscv64" => "riscv64",
        "loongarch64" => "loongarch64",
        _ => null,
    };
}

/// <summary>Languages as RFC 5646 writes them.</summary>
internal static partial class LanguageTag
{
    /// <param name="text">Such as EN-US, de_DE or sr_RS@latin.</param>
    public static string? Of(string? text)
    {
        if (text is null || !Form().IsMatch(text))
        {
            return null;
        }

        var parts = text.Split('@')[0].Split('-', '_');
        return string.Join('-', parts.Select((p, i) => i == 0 ? p.ToLowerInvariant() : p.Length == 4 ? char.ToUpperInvariant(p[0]) + p[1..].ToLowerInvariant() : p.ToUpperInvariant()));
    }

    [GeneratedRegex(@"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}(@[a-z]{1,20})?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Form();
}
