using System.Net;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>
/// What the operator said in <c>site.yaml</c>, checked and typed; docs/configuration.md tells the meaning, unit and default of each key.
/// Immutable. Paths are absolute, byte counts are bytes, rates are bytes per second with 0 for no limit.
/// </summary>
public sealed record SiteConfiguration
{
    /// <summary>The id of this site in the trust document: <c>[a-z][a-z0-9-]{0,30}</c>.</summary>
    public required string Site { get; init; }

    /// <summary>Where the file lies; empty for a configuration that was in none.</summary>
    public string Folder { get; init; } = "";

    /// <summary>The file itself; empty for a configuration that was in none.</summary>
    public string File { get; init; } = "";

    /// <summary>The folder that holds everything that this site keeps.</summary>
    public required string Data { get; init; }

    /// <summary>The Unix socket of the command line; access to it is by file permission.</summary>
    public required string Socket { get; init; }

    public ListenConfiguration Listen { get; init; } = new();

    public TlsConfiguration Tls { get; init; } = new();

    /// <summary>Proxies whose X-Forwarded-For is believed.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } = [];

    public IReadOnlyList<TokenConfiguration> Tokens { get; init; } = [];

    public IReadOnlyList<PeerConfiguration> Peers { get; init; } = [];

    public FetchConfiguration Fetch { get; init; } = new();

    public required InboxConfiguration Inbox { get; init; }

    public RetiredConfiguration Retired { get; init; } = new();

    public StoreConfiguration Store { get; init; } = new();

    public ScrubConfiguration Scrub { get; init; } = new();

    public AlarmConfiguration Alarms { get; init; } = new();

    public HashingChoice Hashing { get; init; }

    /// <summary>What a new image gets unless its entry says otherwise.</summary>
    public OfferPolicy Offer { get; init; }

    public LogConfiguration Log { get; init; } = new();

    public IReadOnlyList<SurfaceConfiguration> Surfaces { get; init; } = [];
}

/// <summary>When an image appears in the lists.</summary>
public enum OfferPolicy
{
    /// <summary>Once every wanted site and surface is ready.</summary>
    Together,

    /// <summary>At each site as soon as it is ready there.</summary>
    Asap,
}

/// <summary>Which SHA-256 code runs.</summary>
public enum HashingChoice
{
    /// <summary>The fastest that this processor can.</summary>
    Auto,
    Avx512,
    Avx2,

    /// <summary>What the operating system's library does.</summary>
    Platform,
}
