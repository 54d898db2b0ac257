using IsoCatalog.Appliance.Wording;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Breaks between words, and nowhere else: a longer word stands in a line of its own, whole.</summary>
internal static class TextLines
{
    public static IReadOnlyList<string> Of(string text, int width)
    {
        if (DisplayWidth.Of(text) <= width)
        {
            return [text];
        }

        var (lines, line) = (new List<string>(), "");
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var longer = line.Length == 0 ? word : line + " " + word;
            if (line.Length > 0 && DisplayWidth.Of(longer) > width)
            {
                lines.Add(line);
                line = word;
            }
            else
            {
                line = longer;
            }
        }

        return [.. lines, line];
    }
}
