using IsoCatalog.Appliance.Fleet;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Appliance.Sync;

/// <summary>The torrent of an image: the store's own, or another site's. It is a pure function of the image, so any site's will do, and a false one shows.</summary>
internal sealed class TorrentSource(SiteLedger ledger, SiteFolders folders, FleetExchange exchange, ILogger<TorrentSource> log)
{
    /// <returns>Null when no site that answers has it.</returns>
    public async Task<Torrent?> FindAsync(CatalogImage image, CancellationToken cancellationToken)
    {
        if (Stored(image) is { } own)
        {
            return own;
        }

        var others = ledger.View.Others.Values.OrderByDescending(o => o.Stored.Contains(image.Id)).Select(o => o.Site);
        foreach (var site in others)
        {
            if (exchange.ClientOf(site) is not { } client)
            {
                continue;
            }

            try
            {
                var file = await client.GetTorrentAsync(image.Value.Root, cancellationToken);
                if (Read(file, image) is { } torrent)
                {
                    DurableFile.WriteAtomically(folders.MetainfoFile(image.Value.Root), file, ImageStore.ReadOnlyForAll);
                    return torrent;
                }

                Log.FalseTorrent(log, site, image.FileName);
            }
            catch (PeerException)
            {
                // That site has its own row in the status; another may have it.
            }
        }

        return null;
    }

    /// <summary>The torrent that lies beside the store's file, made anew from the file if it is not there or not right.</summary>
    public Torrent? OfStored(CatalogImage image, CancellationToken cancellationToken)
    {
        if (Stored(image) is { } torrent)
        {
            return torrent;
        }

        using var reader = new UncachedReader(folders.StoreFile(image.Value.Root));
        using var hasher = new ImageHasher(reader.Length);
        reader.ReadAll(hasher.Append, cancellationToken);
        var made = ImageMetainfo.Build(hasher.Complete()).TorrentFile;
        if (Read(made, image) is not { } rebuilt)
        {
            return null;
        }

        DurableFile.WriteAtomically(folders.MetainfoFile(image.Value.Root), made, ImageStore.ReadOnlyForAll);
        return rebuilt;
    }

    private Torrent? Stored(CatalogImage image)
    {
        try
        {
            return Read(File.ReadAllBytes(folders.MetainfoFile(image.Value.Root)), image);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    private static Torrent? Read(byte[] file, CatalogImage image) =>
        Torrent.TryParse(file, out var torrent, out _)
        && torrent.InfoV2 == image.Value.InfoV2 && torrent.Root == image.Value.Root && torrent.Size == image.Value.Size
        && torrent.PieceLength == image.Value.PieceLength
            ? torrent
            : null;
}
