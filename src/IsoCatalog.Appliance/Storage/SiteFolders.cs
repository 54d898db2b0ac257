using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Storage;

/// <summary>Where everything of a site lies below its data folder.</summary>
internal sealed record SiteFolders(string Data, string Inbox)
{
    public string Store => Path.Combine(Data, "store");

    public string Staging => Path.Combine(Data, "staging");

    public string Retired => Path.Combine(Data, "retired");

    public string Quarantine => Path.Combine(Data, "quarantine");

    public string Catalog => Path.Combine(Data, "catalog");

    public string Keys => Path.Combine(Data, "keys");

    public string Run => Path.Combine(Data, "run");

    public string Database => Path.Combine(Data, "isocatalog.db");

    public string LockFile => Path.Combine(Data, "lock");

    public string SigningKey => Path.Combine(Keys, "site-sign.pem");

    public string UrlSecret => Path.Combine(Keys, "url-secret");

    public string Socket => Path.Combine(Run, "isocatalog.sock");

    public string SiteDocument(string site) => Path.Combine(Catalog, site + ".json");

    /// <summary>256 folders by the first two digits of the root: no folder grows large.</summary>
    public string StoreFolder(Sha256Digest root) => Path.Combine(Store, root.ToString()[..2]);

    public string StoreFile(Sha256Digest root) => Path.Combine(StoreFolder(root), root.ToString());

    public string MetainfoFile(Sha256Digest root) => StoreFile(root) + ".torrent";

    /// <summary>What is being fetched; survives a restart, unlike the rest of staging.</summary>
    public string Fetch => Path.Combine(Staging, "fetch");

    public string FetchFile(Sha256Digest root) => Path.Combine(Fetch, root.ToString());

    public string FetchProgress(Sha256Digest root) => FetchFile(root) + ".progress";

    public string RetiredFile(Sha256Digest root) => Path.Combine(Retired, root.ToString());

    /// <summary>Creates what is missing; nobody else may look into keys, and only the group into the run folder.</summary>
    /// <exception cref="IOException">With the folder that could not be made.</exception>
    public void Create()
    {
        const UnixFileMode open = (UnixFileMode)0b111_101_101;
        const UnixFileMode closed = (UnixFileMode)0b111_000_000;
        foreach (var folder in new[] { Data, Store, Staging, Fetch, Retired, Quarantine, Catalog, Inbox })
        {
            Directory.CreateDirectory(folder, open);
        }

        Directory.CreateDirectory(Keys, closed);
        Directory.CreateDirectory(Run, (UnixFileMode)0b111_101_000);
        for (var i = 0; i < 256; i++)
        {
            Directory.CreateDirectory(Path.Combine(Store, i.ToString("x2")), open);
        }
    }

    /// <summary>The staging name of an add in progress; everything in staging is rubbish after a restart.</summary>
    public string NewStagingFile() => Path.Combine(Staging, "add-" + Guid.CreateVersion7().ToString("N"));

    public string QuarantineFile(ImageId image, DateTimeOffset now) =>
        Path.Combine(Quarantine, $"{image.Sha256.ToString()[..16]}-{now.UtcDateTime:yyyyMMdd'T'HHmmssfff}");
}
