using System.Text;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Tests.Catalog;

/// <summary>Everything that a reader can see of a view, as text that is equal exactly when the views are.</summary>
internal static class Render
{
    public static string View(CatalogView view)
    {
        var text = new StringBuilder();
        foreach (var (key, register) in view.Registers.OrderBy(r => r.Key))
        {
            text.AppendLine($"{key} {register.Winner.Hash} [{string.Join(' ', register.BySite.Select(e => $"{e.Stamp.Site}:{e.Hash}"))}]");
        }

        foreach (var (id, image) in view.Images.OrderBy(i => i.Key))
        {
            text.AppendLine($"{id} {image.FileName} {image.Title} deleted={image.Deleted} blocked={image.Blocked} disputed={image.Disputed} {image.Stamp} {image.By}");
        }

        foreach (var (name, id) in view.Names.OrderBy(n => n.Key, StringComparer.Ordinal).Concat(view.Aliases.OrderBy(n => n.Key, StringComparer.Ordinal)))
        {
            text.AppendLine($"{name} -> {id}");
        }

        return text.AppendLine($"{view.LastStamp}").ToString();
    }
}
