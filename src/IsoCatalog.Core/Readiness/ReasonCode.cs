namespace IsoCatalog.Core.Readiness;

/// <summary>The machine-readable side of every "not ready": stable, lower case, listed in docs/panel.md.</summary>
public static class ReasonCode
{
    // The bytes where they are served.
    public const string FileMissing = "file-missing";
    public const string FileChanged = "file-changed";
    public const string HashMismatch = "hash-mismatch";
    public const string ReadError = "read-error";
    public const string WriteError = "write-error";
    public const string NoSpace = "no-space";
    public const string ForeignFile = "foreign-file";

    // The surface as a whole.
    public const string SurfaceMissing = "surface-missing";
    public const string SurfaceReadOnly = "surface-read-only";
    public const string SurfaceUnreachable = "surface-unreachable";

    // The oVirt engine and its ISO domain.
    public const string EngineDenied = "engine-denied";
    public const string EngineRefreshFailed = "engine-refresh-failed";
    public const string EngineNotListed = "engine-not-listed";
    public const string EngineListsMore = "engine-lists-more";
    public const string DomainInactive = "domain-inactive";
    public const string DomainUnlistable = "domain-unlistable";
    public const string HeldByMachine = "held-by-machine";

    // The store.
    public const string DataMissing = "data-missing";
    public const string StoreMissing = "store-missing";
    public const string StoreDamaged = "store-damaged";
    public const string StoreRestless = "store-restless";

    // The site.
    public const string DatabaseFailed = "database-failed";
    public const string DiskFull = "disk-full";
    public const string DocumentsUnstored = "documents-unstored";
    public const string UpkeepFailed = "upkeep-failed";
    public const string FilesExhausted = "files-exhausted";
    public const string WatchIncomplete = "watch-incomplete";
    public const string InboxUnlistable = "inbox-unlistable";
    public const string InboxNotEmptied = "inbox-not-emptied";
    public const string Incomplete = "incomplete";

    // The way of an image.
    public const string NotYetPublished = "not-yet-published";
    public const string Verifying = "verifying";
    public const string WaitingForSurfaces = "waiting-for-surfaces";
    public const string Removed = "removed";
    public const string Hidden = "hidden";
    public const string Blocked = "blocked";
    public const string Disputed = "disputed";
    public const string Renamed = "renamed";
    public const string WaitingForSites = "waiting-for-sites";
    public const string WaitingForName = "waiting-for-name";
    public const string ImageFaulty = "image-faulty";

    // Another site.
    public const string ManyNew = "many-new";
    public const string SiteLate = "site-late";
    public const string PeerUnreachable = "peer-unreachable";
    public const string PeerCannotCall = "peer-cannot-call";

    // The way from other sites.
    public const string Fetching = "fetching";
    public const string WaitingForSource = "waiting-for-source";
    public const string FetchFailed = "fetch-failed";
}
