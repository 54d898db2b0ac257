using System.Globalization;
using System.Text;

namespace IsoCatalog.Appliance.Wording;

/// <summary>How many columns of a terminal a text takes: two for a wide letter or an emoji, none for what is set upon another letter.</summary>
internal static class DisplayWidth
{
    private static readonly Rune EmojiForm = new(0xFE0F);

    /// <summary>First and last of each run that is wide or fullwidth by Unicode's EastAsianWidth (UAX 11).</summary>
    private static readonly (int First, int Last)[] Wide =
    [
        (0x1100, 0x115F), (0x231A, 0x231B), (0x2329, 0x232A), (0x23E9, 0x23EC), (0x23F0, 0x23F0), (0x23F3, 0x23F3), (0x25FD, 0x25FE), (0x2614, 0x2615), (0x2648, 0x2653),
        (0x267F, 0x267F), (0x2693, 0x2693), (0x26A1, 0x26A1), (0x26AA, 0x26AB), (0x26BD, 0x26BE), (0x26C4, 0x26C5), (0x26CE, 0x26CE), (0x26D4, 0x26D4), (0x26EA, 0x26EA),
        (0x26F2, 0x26F3), (0x26F5, 0x26F5), (0x26FA, 0x26FA), (0x26FD, 0x26FD), (0x2705, 0x2705), (0x270A, 0x270B), (0x2728, 0x2728), (0x274C, 0x274C), (0x274E, 0x274E),
        (0x2753, 0x2755), (0x2757, 0x2757), (0x2795, 0x2797), (0x27B0, 0x27B0), (0x27BF, 0x27BF), (0x2B1B, 0x2B1C), (0x2B50, 0x2B50), (0x2B55, 0x2B55), (0x2E80, 0x303E),
        (0x3041, 0x3247), (0x3250, 0x4DBF), (0x4E00, 0xA4CF), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0xFE10, 0xFE19), (0xFE30, 0xFE6F), (0xFF01, 0xFF60),
        (0xFFE0, 0xFFE6), (0x16FE0, 0x18CFF), (0x1AFF0, 0x1B2FF), (0x1F004, 0x1F004), (0x1F0CF, 0x1F0CF), (0x1F18E, 0x1F18E), (0x1F191, 0x1F19A), (0x1F200, 0x1F320),
        (0x1F32D, 0x1F335), (0x1F337, 0x1F37C), (0x1F37E, 0x1F393), (0x1F3A0, 0x1F3CA), (0x1F3CF, 0x1F3D3), (0x1F3E0, 0x1F3F0), (0x1F3F4, 0x1F3F4), (0x1F3F8, 0x1F43E),
        (0x1F440, 0x1F440), (0x1F442, 0x1F4FC), (0x1F4FF, 0x1F53D), (0x1F54B, 0x1F54E), (0x1F550, 0x1F567), (0x1F57A, 0x1F57A), (0x1F595, 0x1F596), (0x1F5A4, 0x1F5A4),
        (0x1F5FB, 0x1F64F), (0x1F680, 0x1F6C5), (0x1F6CC, 0x1F6CC), (0x1F6D0, 0x1F6D2), (0x1F6D5, 0x1F6D7), (0x1F6DC, 0x1F6DF), (0x1F6EB, 0x1F6EC), (0x1F6F4, 0x1F6FC),
        (0x1F7E0, 0x1F7EB), (0x1F7F0, 0x1F7F0), (0x1F90C, 0x1F93A), (0x1F93C, 0x1F945), (0x1F947, 0x1F9FF), (0x1FA70, 0x1FAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD),
    ];

    public static int Of(string text) => Ascii.IsValid(text) ? text.Length : Clusters(text).Sum(OfCluster);

    /// <summary>The text itself, or as much of its beginning as fits together with an ellipsis.</summary>
    public static string Cut(string text, int width)
    {
        if (Of(text) <= width)
        {
            return text;
        }

        var (shown, taken) = (new StringBuilder(), 0);
        foreach (var cluster in Clusters(text))
        {
            var more = OfCluster(cluster);
            if (taken + more > width - 1)
            {
                break;
            }

            shown.Append(cluster);
            taken += more;
        }

        return width > 0 ? shown.Append('…').ToString() : "";
    }

    public static string Padded(string text, int width) => text + new string(' ', Math.Max(0, width - Of(text)));

    /// <summary>What a reader takes for one letter.</summary>
    private static IEnumerable<string> Clusters(string text)
    {
        var elements = StringInfo.GetTextElementEnumerator(text);
        while (elements.MoveNext())
        {
            yield return elements.GetTextElement();
        }
    }

    private static int OfCluster(string cluster)
    {
        var runes = cluster.EnumerateRunes().ToArray();
        var isPicture = runes.Contains(EmojiForm) || (runes.Length > 1 && (IsFlagHalf(runes[0]) || (Rune.GetUnicodeCategory(runes[0]) is UnicodeCategory.OtherSymbol && runes.Any(Joins))));
        return isPicture ? 2 : runes.Sum(OfRune);
    }

    /// <summary>A joiner, or the colour of a skin: more pictures that are shown as one.</summary>
    private static bool Joins(Rune rune) => rune.Value is 0x200D or (>= 0x1F3FB and <= 0x1F3FF);

    private static bool IsFlagHalf(Rune rune) => rune.Value is >= 0x1F1E6 and <= 0x1F1FF;

    private static int OfRune(Rune rune)
    {
        if (rune.Value is (>= 0x1160 and <= 0x11FF) or 0xAD)
        {
            return rune.Value is 0xAD ? 1 : 0;
        }

        if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format or UnicodeCategory.Control)
        {
            return 0;
        }

        var at = Array.BinarySearch(Wide, (rune.Value, int.MaxValue));
        var run = at >= 0 ? at : ~at - 1;
        return run >= 0 && Wide[run].Last >= rune.Value ? 2 : 1;
    }
}
