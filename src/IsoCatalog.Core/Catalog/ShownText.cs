namespace IsoCatalog.Core.Catalog;

/// <summary>Text of others in a message of ours.</summary>
public static class ShownText
{
    /// <summary>At most so many UTF-16 units of it, and no half of a character.</summary>
    public static string Cut(string text, int most)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= most ? text : text[..(char.IsHighSurrogate(text[most - 1]) ? most - 1 : most)];
    }
}
