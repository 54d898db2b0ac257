namespace IsoCatalog.Core.Images;

/// <summary>What a variant of osinfo-db adds to the name of its product: the name of the variant repeats most of it, and often all.</summary>
internal static class EditionName
{
    /// <param name="variant">Its id, such as server-netinst.</param>
    /// <param name="name">Its name, such as "Fedora Server 37"; null where it has none.</param>
    public static string? Of(string product, string variant, string? name)
    {
        var known = product.Split(' ').Append(product.Replace(" ", "", StringComparison.Ordinal)).Append("Microsoft").ToHashSet(StringComparer.OrdinalIgnoreCase);
        known.UnionWith(product.Split(' ').Select((_, i) => string.Concat(product.Split(' ').Take(i + 1))));
        var words = (name ?? "").Replace("(", "", StringComparison.Ordinal).Replace(")", "", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Where(w => !known.Contains(w)).ToList();
        var isNetwork = variant.Contains("netinst", StringComparison.Ordinal);
        if (words.Count == 0 && !isNetwork && !variant.StartsWith("universal", StringComparison.Ordinal))
        {
            words.Add(variant.Replace('-', ' '));
        }

        if (isNetwork && !words.Exists(w => w.Contains("net", StringComparison.OrdinalIgnoreCase)))
        {
            words.Add("netinst");
        }

        var edition = IsoText.Clean(string.Join(' ', words));
        return edition.Length is > 0 and <= 100 ? edition : null;
    }
}
