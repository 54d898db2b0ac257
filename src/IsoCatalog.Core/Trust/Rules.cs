namespace IsoCatalog.Core.Trust;

/// <summary>The numbers of docs/catalog-format.md. A number keeps its meaning for ever.</summary>
public static class Rules
{
    // JSON of any signed document.
    public const string Syntax = "J-01";
    public const string Duplicate = "J-02";
    public const string Depth = "J-03";
    public const string Number = "J-04";
    public const string Unicode = "J-05";
    public const string StringLength = "J-06";
    public const string MissingMember = "J-07";

    // The envelope.
    public const string EnvelopeSize = "D-01";
    public const string EnvelopeForm = "D-02";
    public const string PayloadType = "D-03";
    public const string Signature = "D-04";
    public const string PayloadSize = "D-05";

    // The trust document and its chain.
    public const string TrustForm = "T-01";
    public const string TrustRootKeys = "T-02";
    public const string TrustKeyForm = "T-03";
    public const string TrustKeyOwner = "T-04";
    public const string TrustSites = "T-05";
    public const string TrustPast = "T-06";
    public const string TrustParams = "T-07";
    public const string TrustCritical = "T-08";
    public const string TrustFirst = "T-09";
    public const string TrustFleet = "T-10";
    public const string TrustOldRoots = "T-11";
    public const string TrustNewRoots = "T-12";
    public const string TrustPrev = "T-13";
    public const string TrustFork = "T-14";
    public const string TrustGap = "T-15";
    public const string TrustExpired = "T-16";
    public const string TrustRepair = "T-17";
    public const string TrustQuota = "T-18";

    // The site manifest.
    public const string ManifestForm = "M-01";
    public const string ManifestFleet = "M-02";
    public const string ManifestKey = "M-03";
    public const string ManifestEpoch = "M-04";
    public const string ManifestPast = "M-05";
    public const string ManifestChunks = "M-06";
    public const string ManifestSize = "M-07";
    public const string ManifestSeen = "M-08";
    public const string ManifestVoids = "M-09";
    public const string ManifestCritical = "M-10";
    public const string ManifestFuture = "M-11";
    public const string ManifestTrust = "M-12";
    public const string ManifestVoided = "M-13";
    public const string ManifestFlood = "M-14";
    public const string ManifestFork = "M-15";
    public const string ManifestQuota = "M-16";

    // A chunk.
    public const string ChunkHash = "C-01";
    public const string ChunkSize = "C-02";
    public const string ChunkForm = "C-03";
    public const string ChunkBucket = "C-04";
    public const string ChunkOrder = "C-05";
    public const string ChunkSite = "C-06";
    public const string ChunkClock = "C-07";

    // An entry.
    public const string EntrySize = "E-01";
    public const string EntryKey = "E-02";
    public const string EntryForm = "E-03";
    public const string EntryStamp = "E-04";
    public const string EntryText = "E-05";
    public const string EntryImage = "E-06";
    public const string EntryFileName = "E-07";
    public const string EntryMeta = "E-08";
    public const string EntryAlias = "E-09";

    // Holdings and members.
    public const string HoldingsForm = "H-01";
    public const string HoldingsLimits = "H-02";
    public const string HoldingsSigner = "H-03";
    public const string MembersForm = "R-01";
    public const string MembersSigner = "R-02";

    // Joining.
    public const string RequestForm = "P-01";
    public const string RequestKeys = "P-02";
    public const string JoinForm = "P-03";
    public const string JoinChain = "P-04";

    // Writing.
    public const string WriteTrustExpired = "W-01";
    public const string WriteKey = "W-02";
    public const string WriteClock = "W-03";
    public const string WriteRoom = "W-04";
    public const string WriteStamp = "W-05";
    public const string WriteEntry = "W-06";
    public const string WriteEpoch = "W-07";

    /// <summary>Rules by which a site that is behind with the trust document hands on in good faith what is refused elsewhere.</summary>
    public static bool AsksTrust(string rule) => rule is ManifestKey or ManifestEpoch or ManifestPast or HoldingsSigner or MembersSigner;
}
