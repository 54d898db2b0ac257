using System.Text.RegularExpressions;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Images;

/// <summary>What is to be said of an image of which nobody says anything. All texts keep to the rules of entries.</summary>
/// <param name="Title">In English; null where the volume id is as good.</param>
/// <param name="Kind">As <see cref="MetaValue.Kind"/>; null if unknown.</param>
/// <param name="Arch">What it is for; empty where the boot programs tell as much.</param>
/// <param name="Source">By what it was recognised, for the audit.</param>
public sealed record RecognizedImage(string? Title, string? Kind, ImageOs Os, IReadOnlyList<string> Arch, string Source);

/// <param name="Image">Null for an image that is not known.</param>
/// <param name="Slow">Patterns that took too long; they count as not matching.</param>
public sealed record Recognition(RecognizedImage? Image, IReadOnlyList<string> Slow);

/// <summary>
/// Recognises images by what their volume descriptor says. Rules of osinfo-db come first; where several products have one label, what they share is said, or the one that the file's name names. Our own
/// table (<see cref="KnownImages"/>) adds what a rule does not know, and stands alone where none matches. Pure.
/// </summary>
public static class ImageRecognizer
{
    /// <summary>After so many patterns that took too long, no more are tried for this image.</summary>
    private const int MostSlow = 10;

    /// <summary>More products than that with one label are not named one by one.</summary>
    private const int MostAlternatives = 4;

    // What programs and people write who have no name for the volume.
    private static readonly HashSet<string> NoNames = new(StringComparer.OrdinalIgnoreCase)
    {
        "ISOIMAGE", "ISO_IMAGE", "ISO IMAGE", "ISO", "ISO9660", "CDROM", "CD_ROM", "CD-ROM", "CD", "DVD", "DVDROM", "DVD_ROM", "DVDVOLUME", "IMAGE", "NEW", "NEW_VOLUME", "NEW VOLUME", "VOLUME", "VOLUME_ID",
        "UNTITLED", "UNDEFINED", "NONAME", "NO_NAME", "NO NAME", "NO_LABEL", "LABEL", "DISC", "DISK", "MY_DISC", "MY DISC", "MYDISC", "DATA",
    };

    /// <param name="fileName">As the image is called on all surfaces.</param>
    public static Recognition Recognize(IsoMetadata iso, string fileName, IReadOnlyList<ImageRule> rules)
    {
        ArgumentNullException.ThrowIfNull(iso);
        ArgumentNullException.ThrowIfNull(fileName);
        ArgumentNullException.ThrowIfNull(rules);
        var slow = new List<string>();
        var matching = rules.Where(r => Matches(r, iso, slow)).ToList();
        if (matching.Exists(r => r.VolumeSize > 0))
        {
            matching.RemoveAll(r => r.VolumeSize == 0);
        }

        var own = KnownImages.Find(iso, fileName);
        var exact = matching.Where(r => !r.IsVague).ToList();
        (ImageGuess? found, string source) = exact.Count > 0 ? Told(exact, own, iso, fileName)
            : own is not null ? (Filled(own, matching.Count > 0 ? Told(matching, null, iso, fileName).Guess : null), "its label")
            : matching.Count > 0 ? Told(matching, null, iso, fileName)
            : (null, "");
        return new Recognition(
            found is not null ? Image(found, source)
            : NoNames.Contains(iso.VolumeId) ? new RecognizedImage(Stem(fileName), null, new ImageOs(), [], "its file name")
            : null,
            slow);
    }

    private static bool Matches(ImageRule rule, IsoMetadata iso, List<string> slow) =>
        (rule.VolumeSize == 0 || rule.VolumeSize == iso.DeclaredSize)
        && Matches(rule.VolumeId, iso.VolumeId, slow)
        && Matches(rule.SystemId, iso.SystemId, slow)
        && Matches(rule.PublisherId, iso.PublisherId, slow)
        && Matches(rule.ApplicationId, iso.ApplicationId, slow);

    private static bool Matches(RulePattern? pattern, string text, List<string> slow) => pattern is null || (text.Length > 0 && Find(pattern, text, slow) is not null);

    private static string? Find(RulePattern pattern, string text, List<string> slow)
    {
        if (slow.Count >= MostSlow)
        {
            return null;
        }

        try
        {
            return pattern.Find(text);
        }
        catch (RegexMatchTimeoutException)
        {
            slow.Add(pattern.Text);
            return null;
        }
    }

    /// <summary>What the rules say together, made more exact by our own table where both mean the same product.</summary>
    private static (ImageGuess Guess, string Source) Told(List<ImageRule> rules, ImageGuess? own, IsoMetadata iso, string fileName)
    {
        var products = rules.Select(r => r.Product).DistinctBy(p => p.Id).ToList();
        if (products.Count > 1
            && products.Where(p => own?.Version is { } v ? p.Distro == own.Distro && p.Version == v : p.Version is { } version && Names(fileName, version)).ToList() is [var meant])
        {
            products = [meant];
            rules = [.. rules.Where(r => r.Product.Id == meant.Id)];
        }

        var guess = new ImageGuess(
            Together(products), Common(products.Select(p => p.Family)), Common(products.Select(p => p.Distro)), Common(products.Select(p => p.Version)), Common(rules.Select(r => r.Kind)))
        {
            Edition = CommonWords(rules.Select(r => r.Edition ?? "")) is { Length: > 0 } edition ? edition : null,
            Arch = Common(rules.Select(r => r.Arch)),
            Language = Common(rules.Select(r => r.Language is null ? null : LanguageTag.Of(Language(r, iso.VolumeId)))),
        };
        var source = $"osinfo-db ({string.Join(", ", products.Take(MostAlternatives).Select(p => p.Id))})";
        return (own is null || own.Distro is null || own.Distro != guess.Distro ? guess

            // The database may be older than a product that has the same label.
            : products.Count > 1 ? Filled(own, guess)
            : Exacter(guess, own), source.Length > 500 ? "osinfo-db" : source);
    }

    private static string? Language(ImageRule rule, string volumeId)
    {
        var raw = Find(rule.Language!, volumeId, []);
        return raw is not null && rule.LanguageNames?.TryGetValue(raw, out var known) == true ? known : raw;
    }

    private static ImageGuess Exacter(ImageGuess guess, ImageGuess own)
    {
        var isExacter = guess.Version is { } version && own.Exact is { } exact && (exact == version || exact.StartsWith(version + ".", StringComparison.Ordinal));
        return guess with
        {
            Name = isExacter ? string.Join(' ', guess.Name!.Split(' ').Select(w => w == guess.Version ? own.Exact : w)) : guess.Name,
            Kind = own.Kind ?? guess.Kind,
            Edition = guess.Edition ?? own.Edition,
            Language = guess.Language ?? own.Language,
            Arch = guess.Arch ?? own.Arch,
        };
    }

    private static ImageGuess Filled(ImageGuess own, ImageGuess? other) => other is null || other.Distro != own.Distro
        ? own
        : own with { Edition = own.Edition ?? other.Edition, Language = own.Language ?? other.Language, Arch = own.Arch ?? other.Arch, Version = own.Version ?? other.Version };

    private static RecognizedImage Image(ImageGuess guess, string source)
    {
        var name = guess.Name;
        if (name is not null && guess.Edition is { } edition && !edition.Split(' ').All(w => name.Split(' ').Contains(w, StringComparer.OrdinalIgnoreCase)))
        {
            name += " " + edition;
        }

        string[] apart = [.. guess.Family == OsName.Windows && guess.Language is { } language ? [language] : (string[])[], .. guess.Arch is { } arch and not "x86_64" ? [arch] : (string[])[]];
        return new RecognizedImage(
            name is null || apart.Length == 0 ? name : $"{name} ({string.Join(", ", apart)})",
            guess.Kind,
            new ImageOs(guess.Family, guess.Distro, guess.Version, guess.Edition, guess.Language),
            guess.Arch is null ? [] : [guess.Arch],
            source);
    }

    /// <summary>"Windows Server 2019", or what several names begin with and how they end: "Windows Server 2016, 2019 or 2022".</summary>
    private static string? Together(List<KnownProduct> products)
    {
        var names = products.Select(p => p.Name).Distinct(StringComparer.Ordinal).Order(NaturalOrder.Comparer).ToList();
        if (names.Count == 1)
        {
            return names[0];
        }

        var common = CommonWords(names);
        var ends = names.Select(n => n[common.Length..].Trim()).ToList();
        return names.Count > MostAlternatives || ends.Contains("") || common.Length == 0
            ? common is { Length: > 0 } ? common : null
            : $"{common} {string.Join(", ", ends.SkipLast(1))} or {ends[^1]}";
    }

    private static string? Common(IEnumerable<string?> values) => values.Distinct(StringComparer.Ordinal).Take(2).ToList() is [var one] ? one : null;

    private static string CommonWords(IEnumerable<string> texts) => string.Join(' ', texts.Select(t => t.Split(' ')).Aggregate(
        (one, other) => [.. one.Zip(other).TakeWhile(p => p.First == p.Second).Select(p => p.First)]));

    /// <summary>Does the name have the version in it, and not as a part of another number or word?</summary>
    private static bool Names(string fileName, string version)
    {
        for (var at = fileName.IndexOf(version, StringComparison.OrdinalIgnoreCase); at >= 0; at = fileName.IndexOf(version, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var (before, after) = (at == 0 ? ' ' : fileName[at - 1], at + version.Length == fileName.Length ? ' ' : fileName[at + version.Length]);
            if (!char.IsAsciiDigit(before) && before != '.' && !char.IsAsciiLetterOrDigit(after))
            {
                return true;
            }
        }

        return false;
    }

    private static string Stem(string fileName) => fileName.EndsWith(".iso", StringComparison.OrdinalIgnoreCase) ? fileName[..^4] : fileName;
}
