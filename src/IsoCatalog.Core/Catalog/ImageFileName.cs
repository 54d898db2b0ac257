using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.RegularExpressions;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// The one name that an image has on every surface: <c>[A-Za-z0-9][A-Za-z0-9._+-]{0,200}\.iso</c>. What fits that rule is safe as a file
/// name, in a URL path and in a shell. Two names that differ in case only are the same name, because SMB clients cannot tell them apart.
/// </summary>
public static partial class ImageFileName
{
    /// <summary>Compares as surfaces do: without case.</summary>
    public static StringComparer Comparer => StringComparer.OrdinalIgnoreCase;

    public static bool IsValid([NotNullWhen(true)] string? name) => name is not null && Rule().IsMatch(name);

    /// <summary>
    /// The name to use for a file called <paramref name="original"/>. Harmless characters (spaces, brackets, commas and the like) become
    /// hyphens. A name that hides something (separators, control or direction characters, other scripts, over 255 bytes) is not
    /// used; then the return is false, <paramref name="name"/> is a proposal, and <paramref name="problem"/> says what is wrong.
    /// </summary>
    public static bool TryDerive(string original, out string name, out string problem)
    {
        ArgumentNullException.ThrowIfNull(original);
        name = Propose(original);
        problem = "";
        if (original.Length == 0)
        {
            problem = "the name is empty";
        }
        else if (Encoding.UTF8.GetByteCount(original) > 255)
        {
            problem = "the name is longer than 255 bytes";
        }
        else if (original.AsSpan().ContainsAny('/', '\\'))
        {
            problem = "the name contains a path";
        }
        else if (original.Contains("..", StringComparison.Ordinal))
        {
            problem = "the name has two dots in a row";
        }
        else if (original.AsSpan().IndexOfAnyExceptInRange(' ', '~') is >= 0 and var at)
        {
            problem = Rune.TryGetRuneAt(original, at, out var rune) ? $"the name contains the character U+{rune.Value:X4}" : "the name contains half a character (text that was cut)";
        }
        else if (!original.EndsWith(".iso", StringComparison.OrdinalIgnoreCase))
        {
            problem = "the name does not end with .iso";
        }
        else if (!original.AsSpan(0, original.Length - 4).ContainsAny(Usable) || !IsValid(name))
        {
            problem = "nothing usable is left of the name";
        }

        return problem.Length == 0;
    }

    /// <summary><c>name.&lt;first 8 hex digits of the SHA-256&gt;.iso</c>: what is offered when the name is taken by other bytes.</summary>
    public static string WithHash(string name, ImageId id) => WithHash(name, id, 8, WithHashLimit - 4);

    /// <summary>The same with the whole SHA-256: cannot be anything else's name, because an entry may not ask for such a name.</summary>
    public static string WithWholeHash(string name, ImageId id) => WithHash(name, id, 64, 135);

    /// <summary>Longer names lose their end in <see cref="WithHash(string, ImageId)"/>.</summary>
    internal const int WithHashLimit = 194;

    /// <summary>Does it end as <see cref="WithWholeHash"/> writes names?</summary>
    public static bool HasWholeHash(string name) => WholeHash().IsMatch(name);

    /// <summary>The name that <see cref="WithHash(string, ImageId)"/> may have made this one of.</summary>
    internal static string? WithoutHash(string name) => ShortHash().IsMatch(name) ? name[..^13] + ".iso" : null;

    private static string WithHash(string name, ImageId id, int digits, int stemLength)
    {
        ArgumentNullException.ThrowIfNull(name);
        var stem = name[..^4];
        return $"{(stem.Length > stemLength ? stem[..stemLength] : stem)}.{id.Sha256.ToString()[..digits]}.iso";
    }

    private static readonly SearchValues<char> Usable =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");

    /// <summary>What follows <c>.iso</c> says what became of the image: a part of it, a packed one.</summary>
    private static string Propose(string original)
    {
        var end = original.LastIndexOf(".iso", StringComparison.OrdinalIgnoreCase);
        while (end > 0 && end + 4 < original.Length && char.IsAsciiLetterOrDigit(original[end + 4]))
        {
            end = original.LastIndexOf(".iso", end - 1, StringComparison.OrdinalIgnoreCase);
        }

        var stem = end > 0 ? original[..end] : original;
        var text = Unusual().Replace(stem, "-").Trim('-', '.', '_', '+');
        while (text.Contains("..", StringComparison.Ordinal))
        {
            text = text.Replace("..", ".", StringComparison.Ordinal);
        }

        return (text.Length is 0 ? "image" : text.Length > 200 ? text[..200].TrimEnd('-', '.', '_', '+') : text) + ".iso";
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._+-]{0,200}\.iso\z", RegexOptions.None, 1000)]
    private static partial Regex Rule();

    [GeneratedRegex("[^A-Za-z0-9._+-]+", RegexOptions.None, 1000)]
    private static partial Regex Unusual();

    [GeneratedRegex(@"\.[0-9a-fA-F]{8}\.iso\z", RegexOptions.None, 1000)]
    private static partial Regex ShortHash();

    [GeneratedRegex(@"\.[0-9a-fA-F]{64}\.iso\z", RegexOptions.None, 1000)]
    private static partial Regex WholeHash();
}
