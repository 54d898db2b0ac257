using System.Globalization;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Web;

/// <summary>Which images the page shows: everything that its address says. What makes no sense there is ignored.</summary>
/// <param name="Text">Part of the title, the file name, the volume id or the image's id; empty for all.</param>
/// <param name="UnreadyOnly">Only images that are not available everywhere.</param>
/// <param name="Number">The page, from 1.</param>
public sealed record PageQuery(string Text = "", bool UnreadyOnly = false, int Number = 1)
{
    /// <summary>Rows: a list that is still read, and a page of some 100 KB however many sites there are.</summary>
    public const int Rows = 100;

    private const int LongestText = 100;

    /// <summary>The language that the address names; null where it names none.</summary>
    public string? Language { get; init; }

    public static PageQuery Of(IQueryCollection query)
    {
        ArgumentNullException.ThrowIfNull(query);
        var text = query["q"].ToString().Trim();
        return new PageQuery(
            text.Length > LongestText ? text[..LongestText] : text,
            query["show"] == "unready",
            int.TryParse(query["page"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is > 0 and < 1_000_000 ? number : 1)
        {
            Language = PageLanguage.Asked(query),
        };
    }

    /// <summary>The address of the same list at another page.</summary>
    public string At(int number)
    {
        string?[] parts =
        [
            Text.Length > 0 ? "q=" + Uri.EscapeDataString(Text) : null,
            UnreadyOnly ? "show=unready" : null,
            number > 1 ? $"page={number}" : null,
            Language is not null ? $"{PageLanguage.Parameter}={Language}" : null,
        ];
        return parts.Any(p => p is not null) ? "/?" + string.Join('&', parts.Where(p => p is not null)) : "/";
    }

    public bool Finds(CatalogImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Text.Length == 0
            || image.Title.Contains(Text, StringComparison.OrdinalIgnoreCase)
            || image.FileName.Contains(Text, StringComparison.OrdinalIgnoreCase)
            || image.Value.Iso.VolumeId.Contains(Text, StringComparison.OrdinalIgnoreCase)
            || (Text.Length >= 6 && image.Id.ToString().Contains(Text, StringComparison.OrdinalIgnoreCase));
    }
}
