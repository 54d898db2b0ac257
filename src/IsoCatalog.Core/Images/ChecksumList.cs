using System.Text;
using System.Text.RegularExpressions;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Images;

/// <summary>
/// The SHA-256 lines of a file as publishers put them beside their images: the form of GNU coreutils (<c>HEX  NAME</c>, with an asterisk, with escaped names), that of BSD and OpenSSL
/// (<c>SHA256 (NAME) = HEX</c>), or a hash alone. Lines of other algorithms, comments and what PGP puts around a signed text are passed over; no signature is checked.
/// </summary>
public sealed partial class ChecksumList
{
    /// <summary>Bytes. A list of every image of a large distribution has a tenth of it.</summary>
    public const int MaxLength = 1 << 20;

    private readonly ILookup<string, Line> _byFile;

    private ChecksumList(IReadOnlyList<Line> lines) => (Lines, _byFile) = (lines, lines.Where(l => l.Name is not null).ToLookup(l => FileOf(l.Name!), StringComparer.OrdinalIgnoreCase));

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<Line> Lines { get; }

    /// <summary>Null when it is no text: it holds a zero, or is longer than <see cref="MaxLength"/>.</summary>
    public static ChecksumList? Parse(ReadOnlySpan<byte> content)
    {
        var text = content.Length > MaxLength ? null
            : content is [0xFF, 0xFE, ..] ? Encoding.Unicode.GetString(content[2..])
            : content is [0xFE, 0xFF, ..] ? Encoding.BigEndianUnicode.GetString(content[2..])
            : Encoding.UTF8.GetString(content is [0xEF, 0xBB, 0xBF, ..] ? content[3..] : content);
        if (text is null || text.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        var lines = new List<Line>();
        var (number, ofOther, isSigned, inSignature) = (0, false, false, false);
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            number++;
            var line = raw.Trim();
            if (line.StartsWith("-----"))
            {
                isSigned |= line.StartsWith("-----BEGIN PGP SIGNED MESSAGE");
                inSignature = line.StartsWith("-----BEGIN PGP SIGNATURE");
                continue;
            }

            if (inSignature || line.IsEmpty)
            {
                continue;
            }

            if (isSigned && line.StartsWith("- "))
            {
                // RFC 9580, 7.2: dash-escaped text.
                line = line[2..];
            }

            if (line[0] == '#')
            {
                // A list of several algorithms says above each part which it is.
                ofOther = Sha256Word().IsMatch(line) ? false : OtherWord().IsMatch(line) || ofOther;
            }
            else if (!ofOther && LineOf(number, line.ToString()) is { } found)
            {
                lines.Add(found);
            }
        }

        return new ChecksumList(lines);
    }

    /// <summary>The lines about a file in the same folder: those that name it so, or else those whose path ends with its name, or else with that name in another case: surfaces know none.</summary>
    public IReadOnlyList<Line> Of(string fileName)
    {
        ArgumentNullException.ThrowIfNull(fileName);
        var here = "./" + fileName;
        var itself = _byFile[FileOf(fileName)].Where(l => l.Name == fileName || l.Name == here).ToList();
        if (itself.Count > 0)
        {
            return itself;
        }

        var named = _byFile[fileName].ToList();
        return named.Where(l => FileOf(l.Name!) == fileName).ToList() is { Count: > 0 } exact ? exact : named;
    }

    private static string FileOf(string path) => path[(path.LastIndexOfAny(['/', '\\']) + 1)..];

    private static Line? LineOf(int number, string line)
    {
        if (Bsd().Match(line) is { Success: true } bsd)
        {
            return new Line(number, Digest(bsd), Unescaped(bsd.Groups["name"].Value, bsd.Groups["escaped"].Success));
        }

        return Gnu().Match(line) is { Success: true } gnu
            ? new Line(number, Digest(gnu), gnu.Groups["name"] is { Success: true } name ? Unescaped(name.Value, gnu.Groups["escaped"].Success) : null)
            : null;
    }

    private static Sha256Digest Digest(Match match) =>
        Sha256Digest.TryParse(match.Groups["hex"].Value.ToLowerInvariant(), out var digest) ? digest : throw new System.Diagnostics.UnreachableException();

    /// <summary>coreutils marks a line whose name it had to escape with a backslash in front.</summary>
    private static string Unescaped(string name, bool isEscaped)
    {
        if (!isEscaped)
        {
            return name;
        }

        var plain = new StringBuilder(name.Length);
        for (var i = 0; i < name.Length; i++)
        {
            plain.Append(name[i] != '\\' || i + 1 == name.Length ? name[i] : name[++i] switch { 'n' => '\n', 'r' => '\r', var other => other });
        }

        return plain.ToString();
    }

    [GeneratedRegex(@"\A(?<escaped>\\)?(?<hex>[0-9a-fA-F]{64})(?:[ \t]+\*?(?<name>.+))?\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Gnu();

    [GeneratedRegex(@"\A(?<escaped>\\)?SHA(?:2-)?-?256 ?\((?<name>.+)\) ?= ?(?<hex>[0-9a-fA-F]{64})\z", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Bsd();

    [GeneratedRegex(@"sha-?(2-)?256", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Sha256Word();

    [GeneratedRegex(@"sha-?[0-9]|blake|\bb2|\bb3|\bsm3\b|\bmd5|whirlpool|rmd-?160|streebog", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex OtherWord();

    /// <param name="Number">From 1 on.</param>
    /// <param name="Sha256">What it says.</param>
    /// <param name="Name">Of what; null for a hash alone.</param>
    public readonly record struct Line(int Number, Sha256Digest Sha256, string? Name);
}
