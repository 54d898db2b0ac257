using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Store;

/// <summary>Where everything of a site lies below its data folder.</summary>
internal sealed record SiteFolders(string Data, string Inbox)
{
    /// <summary>The mode of every folder but that of the keys: the group comes as far as the socket and the inbox, others do not come in.</summary>
    public const UnixFileMode ForGroup = (UnixFileMode)0b111_101_000;

    /// <summary>Whoever may write to it has the role admin: the site's user and group.</summary>
    public const UnixFileMode SocketMode = (UnixFileMode)0b110_110_000;

    private const UnixFileMode OwnerAlone = (UnixFileMode)0b111_000_000;
    private const UnixFileMode FileOfOwner = (UnixFileMode)0b110_000_000;
    private const UnixFileMode InboxMode = (UnixFileMode)0b111_111_000;
    private const UnixFileMode All = (UnixFileMode)0b111_111_111;

    public string Store => Path.Combine(Data, "store");

    public string Staging => Path.Combine(Data, "staging");

    public string Retired => Path.Combine(Data, "retired");

    public string Quarantine => Path.Combine(Data, "quarantine");

    public string Catalog => Path.Combine(Data, "catalog");

    public string Keys => Path.Combine(Data, "keys");

    public string Run => Path.Combine(Data, "run");

    public string Database => Path.Combine(Data, "isocatalog.db");

    /// <summary>Room that is given up for documents and the database on a full disk; see <see cref="Store.Reserve"/>.</summary>
    public string Reserve => Path.Combine(Data, "reserve");

    public string LockFile => Path.Combine(Data, "lock");

    public string SigningKey => Path.Combine(Keys, "site-sign.pem");

    public string TlsKey => Path.Combine(Keys, "site-tls.pem");

    public string UrlSecret => Path.Combine(Keys, "url-secret");

    public string Socket => Path.Combine(Run, "isocatalog.sock");

    /// <summary>Each version of the trust document, from the first on.</summary>
    public string Trust => Path.Combine(Catalog, "trust");

    /// <summary>One folder for each site; a document's file is named after the SHA-256 of its payload.</summary>
    public string Documents => Path.Combine(Catalog, "documents");

    /// <summary>The entries of the documents of all sites, named after the SHA-256 of their bytes.</summary>
    public string Chunks => Path.Combine(Catalog, "chunks");

    /// <summary>What each site says that it holds.</summary>
    public string Holdings => Path.Combine(Catalog, "holdings");

    /// <summary>Which replicas each site vouches for.</summary>
    public string Members => Path.Combine(Catalog, "members");

    public string TrustFile(long version) => Path.Combine(Trust, version.ToString(System.Globalization.CultureInfo.InvariantCulture) + ".json");

    public string DocumentsOf(string site) => Path.Combine(Documents, site);

    public string DocumentFile(string site, Sha256Digest payload) => Path.Combine(DocumentsOf(site), payload + ".json");

    public string ChunkFile(Sha256Digest chunk) => Path.Combine(Chunks, chunk + ".json");

    public string HoldingsFile(string site) => Path.Combine(Holdings, site + ".json");

    public string MembersFile(string site) => Path.Combine(Members, site + ".json");

    /// <summary>What a site that wants to join hands to whoever keeps the root keys; no secret.</summary>
    public string JoinRequest => Path.Combine(Data, "join-request.json");

    /// <summary>256 folders by the first two digits of the root: no folder grows large.</summary>
    public string StoreFolder(Sha256Digest root) => Path.Combine(Store, root.ToString()[..2]);

    public string StoreFile(Sha256Digest root) => Path.Combine(StoreFolder(root), root.ToString());

    public string MetainfoFile(Sha256Digest root) => StoreFile(root) + ".torrent";

    /// <summary>What is being fetched; survives a restart, unlike the rest of staging.</summary>
    public string Fetch => Path.Combine(Staging, "fetch");

    public string FetchFile(Sha256Digest root) => Path.Combine(Fetch, root.ToString());

    public string FetchProgress(Sha256Digest root) => FetchFile(root) + ".progress";

    public string RetiredFile(Sha256Digest root) => Path.Combine(Retired, root.ToString());

    /// <summary>Creates what is missing; only the group may look into it, and nobody into keys. An inbox that cannot be made stops no site: that is drift.</summary>
    /// <exception cref="IOException">With the folder that could not be made.</exception>
    public void Create()
    {
        foreach (var folder in Shared)
        {
            Directory.CreateDirectory(folder, ForGroup);
        }

        Directory.CreateDirectory(Keys, OwnerAlone);
        CreateInbox();

        for (var i = 0; i < 256; i++)
        {
            Directory.CreateDirectory(Path.Combine(Store, i.ToString("x2")), ForGroup);
        }
    }

    private void CreateInbox()
    {
        if (Directory.Exists(Inbox))
        {
            return;
        }

        try
        {
            // Exactly this, whatever the umask says: the group puts files there.
            Directory.CreateDirectory(Inbox);
            File.SetUnixFileMode(Inbox, InboxMode);
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            // Whoever looks at it finds out why.
        }
    }

    /// <summary>Takes from everybody else what only the site's user, or its group, is to have: copies of leases' tokens would do as well as the tokens.</summary>
    /// <returns>What was wider, with the mode that it had.</returns>
    /// <exception cref="UnauthorizedAccessException">It is somebody else's, and stays as it is.</exception>
    public IReadOnlyList<(string Path, UnixFileMode Was)> Tighten()
    {
        var wider = new List<(string, UnixFileMode)>();
        foreach (var folder in Shared)
        {
            // An inbox that was opened for others is reached through the data folder.
            Tighten(folder, folder == Data && IsInboxForOthers ? ForGroup | UnixFileMode.OtherExecute : ForGroup);
        }

        Tighten(Keys, OwnerAlone);
        foreach (var file in new[] { Database, Database + "-journal", Database + "-wal", Database + "-shm", Reserve, LockFile }.Where(File.Exists).Concat(DatabaseCopies))
        {
            Tighten(file, FileOfOwner);
        }

        return wider;

        void Tighten(string path, UnixFileMode widest)
        {
            if (File.GetUnixFileMode(path) is var mode && (mode & All & ~widest) != UnixFileMode.None)
            {
                File.SetUnixFileMode(path, mode & (widest | ~All));
                wider.Add((path, mode));
            }
        }
    }

    /// <summary>What it was before an upgrade: isocatalog.db.6.</summary>
    private IEnumerable<string> DatabaseCopies => Directory.EnumerateFiles(Data)
        .Where(f => f.StartsWith(Database + ".", StringComparison.Ordinal) && f.Skip(Database.Length + 1).All(char.IsAsciiDigit));

    private IEnumerable<string> Shared => [Data, Store, Staging, Fetch, Retired, Quarantine, Catalog, Trust, Documents, Chunks, Holdings, Members, Run];

    private bool IsInboxForOthers => Inbox.StartsWith(Data + "/", StringComparison.Ordinal) && Directory.Exists(Inbox) && (File.GetUnixFileMode(Inbox) & UnixFileMode.OtherExecute) != UnixFileMode.None;

    /// <summary>The staging name of an add in progress; everything in staging is rubbish after a restart.</summary>
    public string NewStagingFile() => Path.Combine(Staging, "add-" + Guid.CreateVersion7().ToString("N"));

    public string QuarantineFile(ImageId image, DateTimeOffset now) =>
        Path.Combine(Quarantine, $"{image.Sha256.ToString()[..16]}-{now.UtcDateTime:yyyyMMdd'T'HHmmssfff}");
}
