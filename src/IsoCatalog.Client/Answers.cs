using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Client;

/// <summary>What can be mounted now.</summary>
/// <param name="AsOf">When this answer last changed.</param>
public sealed record AvailableAnswer(string Site, string Surface, DateTimeOffset AsOf, IReadOnlyList<AvailableImage> Images);

/// <param name="Name">The file name, the same on every surface.</param>
/// <param name="Sha256Confirmed">Whether this site computed the flat SHA-256 itself.</param>
/// <param name="Mount">What the surface asked for needs.</param>
public sealed record AvailableImage(
    ImageId Id,
    string Name,
    string Title,
    long Size,
    Sha256Digest Sha256,
    bool Sha256Confirmed,
    string Kind,
    string? Group,
    int Order,
    IReadOnlyList<string> Aliases,
    ImageOs Os,
    IReadOnlyList<string> Arch,
    ImageBoot Boot,
    string VolumeId,
    DateOnly? EolDate,
    DateTimeOffset AddedAt,
    SurfaceMount Mount);

public sealed record ImageBoot(bool Bios, bool Uefi);

public sealed record ImageList(IReadOnlyList<ImageView> Images);

/// <summary>An image with its ready matrix.</summary>
/// <param name="Store">The site's own copy: present, doubted, lost, retired or absent.</param>
/// <param name="Ready">Site, then surface.</param>
public sealed record ImageView(
    ImageId Id,
    string Name,
    string Title,
    long Size,
    Sha256Digest Sha256,
    Sha256Digest Root,
    int PieceLength,
    Sha1Digest InfoV1,
    Sha256Digest InfoV2,
    MetaValue Meta,
    ImageFacts Iso,
    DateTimeOffset AddedAt,
    string AddedBy,
    bool Deleted,
    StoreView Store,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, CellView>> Ready);

public sealed record StoreView(string State, string? Code = null, string? Reason = null);

public sealed record CellView(CellState State, string? Reason, string? Code, DateTimeOffset? Since, double? Progress);

/// <param name="State">running, done or failed.</param>
/// <param name="Step">What it is doing, in words.</param>
public sealed record JobView(
    string Id,
    string Kind,
    string Subject,
    string State,
    string Step,
    long Done,
    long Total,
    DateTimeOffset Started,
    DateTimeOffset? Ended,
    ImageId? Image,
    Problem? Problem);

public sealed record JobList(IReadOnlyList<JobView> Jobs);

public sealed record DriftList(string Site, DateTimeOffset AsOf, IReadOnlyList<DriftView> Drift);

/// <param name="Code">Stable, for alerts; see docs/panel.md.</param>
/// <param name="Reason">What, where, and what to do.</param>
public sealed record DriftView(string Code, string Reason, string? Surface, ImageId? Image, DateTimeOffset Since);

public sealed record RetiredList(IReadOnlyList<RetiredView> Retired);

public sealed record RetiredView(ImageId Id, string Name, long Size, DateTimeOffset RetiredAt, DateTimeOffset? EvictedAfter);

public sealed record LeaseView(
    string Id, ImageId Image, string Surface, string Client, DateTimeOffset Created, DateTimeOffset Expires, SurfaceMount Mount);

public sealed record LeaseList(IReadOnlyList<LeaseView> Leases);

/// <param name="Ttl">Seconds, 60 to 2,592,000 (30 days).</param>
public sealed record LeaseRequest(string Image, string Surface, string Client, int? Ttl);

public sealed record LeaseRenewal(int? Ttl);

/// <param name="Path">A file on the appliance's own machine.</param>
/// <param name="Url">Not supported yet.</param>
public sealed record AddRequest(
    string? Path = null, string? Url = null, string? Name = null, Sha256Digest? Sha256 = null, string? Title = null, string? Kind = null);

/// <summary>Members that are left out stay as they are.</summary>
public sealed record ImagePatch(
    string? Title = null,
    IReadOnlyDictionary<string, string?>? Titles = null,
    string? Kind = null,
    string? Group = null,
    int? Order = null,
    ImageOs? Os = null,
    IReadOnlyList<string>? Arch = null,
    IReadOnlyList<string>? Tags = null,
    bool? Hidden = null,
    DateOnly? EolDate = null,
    string? Owner = null,
    bool? Protected = null,
    string? Offer = null);

public sealed record SiteEvent(
    long Id, DateTimeOffset At, string Type, string Text, ImageId? Image, string? Surface, string? Code);

public sealed record StatusView(
    string Site,
    string Version,
    DateTimeOffset Started,
    string Api,
    string? Iso,
    string Data,
    long FreeBytes,
    int Images,
    int Retired,
    int Leases,
    string LeafHashing,
    string Sqlite,
    IReadOnlyList<SurfaceView> Surfaces,
    IReadOnlyList<JobView> Jobs,
    IReadOnlyList<DriftView> Drift);

public sealed record SurfaceView(string Name, string Kind, string Group, int Available, int Wanted, string? Problem, string? Path);

/// <summary>Where other sites are asked, in place of what the configuration says, until the next start.</summary>
public sealed record PeerSetting(IReadOnlyList<PeerAddress> Peers);

/// <param name="Fleet">host:port of its fleet listener.</param>
/// <param name="Swarm">host:port of its swarm listener.</param>
public sealed record PeerAddress(string Site, string Fleet, string Swarm);

/// <param name="Trust">The version of the trust document that this site has.</param>
/// <param name="TrustSha256">SHA-256 of its payload: the same at every site that is up to date.</param>
public sealed record PeerList(string Site, string FleetId, long Trust, Sha256Digest TrustSha256, IReadOnlyList<PeerView> Peers);

/// <summary>How it stands with another site.</summary>
/// <param name="ReachableSince">Null while it does not answer.</param>
/// <param name="LastExchange">When everything that it had was last seen to be here.</param>
/// <param name="Error">What is wrong, in words.</param>
/// <param name="ErrorCode">unreachable, slow, wrongkey, unknowntopeer, refused, notfound or garbage.</param>
/// <param name="ClockOffset">Its clock minus this site's, seconds.</param>
/// <param name="RoundTrip">Seconds.</param>
/// <param name="Trust">The version of the trust document that it has.</param>
/// <param name="Received">Bytes, since the start.</param>
/// <param name="Sent">Bytes, since the start.</param>
/// <param name="Refused">How many of its documents were refused, by the rule of docs/catalog-format.md.</param>
public sealed record PeerView(
    string Site,
    string Fleet,
    string Swarm,
    DateTimeOffset? ReachableSince,
    DateTimeOffset? LastExchange,
    string? Error,
    string? ErrorCode,
    DateTimeOffset? ErrorSince,
    double? ClockOffset,
    double? RoundTrip,
    long? Trust,
    long Received,
    long Sent,
    IReadOnlyDictionary<string, long> Refused,
    string? LastRefusal);

/// <summary>RFC 9457; <see cref="Type"/> is <c>urn:isocatalog:problem:CODE</c>.</summary>
public sealed record Problem(string Type, string Title, int Status, string Detail, ImageId? Image = null)
{
    public const string TypePrefix = "urn:isocatalog:problem:";

    [System.Text.Json.Serialization.JsonIgnore]
    public string Code => Type.StartsWith(TypePrefix, StringComparison.Ordinal) ? Type[TypePrefix.Length..] : Type;
}
