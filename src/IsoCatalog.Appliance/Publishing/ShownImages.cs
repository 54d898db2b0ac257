using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>What one surface shows, by its cells. Thread-safe.</summary>
internal sealed class ShownImages(ISurface surface, ImageStore store)
{
    /// <summary>What it shows, to be looked at; null while its bytes are the store's and the store does not vouch for them. A copy of its own it has whatever is thought
    /// of the store's.</summary>
    public StoredImage? Served(SiteView view, ImageId id, Cell cell) =>
        view.SharesStore(id, view.Surfaces.First(s => s.Name == surface.Description.Name)) ? store.Stored(view, id) : Of(view, id, cell);

    /// <summary>The image under the name that it was shown by: the catalog may call it something else by now, or not know it any more.</summary>
    public StoredImage? Of(SiteView view, ImageId id, Cell cell)
    {
        var receipt = (view.FileOf(id) as StoreFile.Present)?.Receipt ?? cell.Evidence?.FileReceipt ?? default;
        return view.Catalog.Images.GetValueOrDefault(id) is { } image
                ? store.Stored(image, receipt) with { FileName = cell.FileName ?? image.FileName }
            : cell is { FileName: { } name, Evidence: { } published }
                ? new StoredImage(id, published.Root, published.Size, name, store.Folders.StoreFile(published.Root), receipt, cell.Since)
            : null;
    }

    /// <summary>The file that lies there now; null when none does, or when that cannot be said.</summary>
    public Receipt? InPlace(Cell seen)
    {
        if (surface.Description.Folder is not { } folder || seen is not { FileName: { } name, Evidence: { } published })
        {
            return seen.Evidence?.FileReceipt;
        }

        try
        {
            return FileIdentity.Of(Path.Combine(folder, name), published.Root);
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            return null;
        }
    }
}
