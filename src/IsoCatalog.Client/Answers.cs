using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Client;

/// <summary>What can be mounted now.</summary>
/// <param name="AsOf">When this answer last changed.</param>
/// <param name="Lang">The language that titles were asked for in; left out when in none.</param>
public sealed record AvailableAnswer(string Site, string Surface, DateTimeOffset AsOf, IReadOnlyList<AvailableImage> Images, string? Lang = null);

/// <param name="Name">The file name, the same on every surface.</param>
/// <param name="Sha256Confirmed">Whether this site computed the flat SHA-256 itself.</param>
/// <param name="Mount">What the surface asked for needs.</param>
/// <param name="Faults">What is wrong with its structure; left out as a rule.</param>
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
    SurfaceMount Mount,
    ImageFaults? Faults = null);

public sealed record ImageBoot(bool Bios, bool Uefi);

public sealed record ImageList(IReadOnlyList<ImageView> Images);

/// <summary>A part of an <see cref="ImageList"/>.</summary>
/// <param name="Next">What to ask for the next part with; null when there is none.</param>
public sealed record ImagePage(IReadOnlyList<ImageView> Images, string? Next);

/// <summary>An image with its ready matrix.</summary>
/// <param name="AddedBy">Who added it, as the site says that signed that; "unknown" where nobody said it.</param>
/// <param name="AddedSite">The site that added it, by its signature; left out where that is not known any more.</param>
/// <param name="Store">The site's own copy: present, doubted, fetching, lost, retired or absent.</param>
/// <param name="Blocked">The recall that stands; left out when there is none.</param>
/// <param name="Aliases">Those that point to it.</param>
/// <param name="Faults">What is wrong with its structure, and why it was taken all the same; left out as a rule. They are among the warnings of <paramref name="Iso"/> too.</param>
/// <param name="Ready">Site, then surface. Of another site as it last said; without surfaces when it said nothing since this one was started.</param>
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
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, CellView>> Ready,
    BlockView? Blocked = null,
    IReadOnlyList<string>? Aliases = null,
    string? AddedSite = null,
    ChangeView? Removed = null,
    ChangeView? Restored = null,
    ChangeView? Described = null,
    ImageFaults? Faults = null,
    IReadOnlyList<BmcHabitView>? Bmc = null);

/// <summary>What BMCs of one make do, as far as it concerns the image; docs/bmc.md says from where that is known.</summary>
/// <param name="Code">efi-image-no-file, over-4-gib or url-name.</param>
/// <param name="Maker">Whose firmware.</param>
/// <param name="Known">False where it is not known whether the image is one that it concerns.</param>
/// <param name="Text">For an operator: what happens, and what to do.</param>
public sealed record BmcHabitView(string Code, string Maker, bool Known, string Text);

/// <summary>Who changed something.</summary>
/// <param name="By">Who asked for it, as that site says.</param>
/// <param name="Site">The site that signed it.</param>
/// <param name="Why">As was said then.</param>
public sealed record ChangeView(string By, string Site, DateTimeOffset At, string? Why = null);

/// <summary>Takes back removals, recalls and descriptions.</summary>
/// <param name="By">The site that signed them.</param>
/// <param name="Since">From when on. Must be given: without it everything that the site ever changed would go.</param>
/// <param name="DryRun">Only say what would be done.</param>
public sealed record TakeBackRequest(string? By = null, DateTimeOffset? Since = null, bool DryRun = false);

/// <param name="Done">What was taken back, or would be.</param>
/// <param name="Left">What was not, and why.</param>
public sealed record TakeBackView(string By, DateTimeOffset Since, bool DryRun, IReadOnlyList<TakenBackView> Done, IReadOnlyList<TakenBackView> Left);

/// <param name="Kind">removed, protected-removed, recalled, recall-ended, described, hidden, claimed or alias-moved.</param>
/// <param name="Subject">A file name, the id of bytes that nobody named, or an alias.</param>
/// <param name="Reason">Why it was left as it is.</param>
public sealed record TakenBackView(string Kind, string Subject, ImageId? Image, DateTimeOffset At, string? Reason = null);

public sealed record StoreView(string State, string? Code = null, string? Reason = null);

public sealed record CellView(CellState State, string? Reason, string? Code, DateTimeOffset? Since, double? Progress);

/// <param name="Kind">add, or alias for a move that waits until its image is available everywhere.</param>
/// <param name="State">running, done or failed.</param>
/// <param name="Step">What it is doing, in words.</param>
/// <param name="Done">Bytes; of an alias, surfaces of all sites.</param>
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
/// <param name="Site">The other site that it is about.</param>
public sealed record DriftView(string Code, string Reason, string? Surface, ImageId? Image, DateTimeOffset Since, string? Site = null);

public sealed record RetiredList(IReadOnlyList<RetiredView> Retired);

public sealed record RetiredView(ImageId Id, string Name, long Size, DateTimeOffset RetiredAt, DateTimeOffset? EvictedAfter, ChangeView? Removed = null);

/// <summary>Bytes that are recalled: offered nowhere, and refused wherever they are added, until the recall is taken back.</summary>
/// <param name="Name">Null when no site ever added them.</param>
/// <param name="Why">As whoever recalled them said.</param>
/// <param name="By">Who recalled them, and <paramref name="Site"/> where.</param>
/// <param name="Leases">Leases at the site asked that still hold the image.</param>
public sealed record BlockView(ImageId Id, string? Name, string? Why, string By, string Site, DateTimeOffset Since, int Leases);

public sealed record BlockList(IReadOnlyList<BlockView> Blocks);

/// <param name="Why">For everybody who meets the recall.</param>
/// <param name="EndLeases">End the leases of this site at once; otherwise they run to their end and are not renewed.</param>
public sealed record BlockRequest(string? Why = null, bool EndLeases = false);

public sealed record LeaseView(
    string Id, ImageId Image, string Surface, string Client, DateTimeOffset Created, DateTimeOffset Expires, SurfaceMount Mount);

public sealed record LeaseList(IReadOnlyList<LeaseView> Leases);

/// <param name="Ttl">Seconds, 60 to 2,592,000 (30 days).</param>
public sealed record LeaseRequest(string Image, string Surface, string Client, int? Ttl);

public sealed record LeaseRenewal(int? Ttl);

/// <param name="Path">A file on the appliance's own machine.</param>
/// <param name="Url">Not supported yet.</param>
/// <param name="Replace">An image that has the name goes for this one, in the same step.</param>
public sealed record AddRequest(
    string? Path = null, string? Url = null, string? Name = null, Sha256Digest? Sha256 = null, string? Title = null, string? Kind = null, bool? Replace = null);

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
    IReadOnlyList<DriftView> Drift,
    IReadOnlyList<SiteStanding> Sites,
    IReadOnlyList<TransferView> Transfers,
    IReadOnlyList<UploadView> Uploads);

/// <param name="DataCenters">oVirt: what the ISO domain is attached to, as the engine last said it.</param>
public sealed record SurfaceView(
    string Name, string Kind, string Group, int Available, int Wanted, string? Problem, string? Path, IReadOnlyList<DataCenter>? DataCenters = null);

/// <summary>A surface right after it was compared with what should be there.</summary>
/// <param name="Available">File names of the images that can be mounted there now.</param>
/// <param name="Listed">oVirt: every name that the engine lists in the ISO domain, also those that are not ours.</param>
/// <param name="Missing">Images that should be there and are not, with the reason.</param>
/// <param name="DataCenters">oVirt: what the ISO domain is attached to.</param>
public sealed record SurfaceRefreshView(
    string Surface,
    string Kind,
    DateTimeOffset AsOf,
    IReadOnlyList<string> Available,
    IReadOnlyList<string>? Listed,
    IReadOnlyList<MissingImage> Missing,
    IReadOnlyList<DataCenter>? DataCenters);

public sealed record MissingImage(ImageId Id, string Name, string Code, string Reason);

/// <summary>Every active site of the fleet, the one that was asked first.</summary>
public sealed record SiteList(string Site, DateTimeOffset AsOf, IReadOnlyList<SiteStanding> Sites);

/// <summary>How it stands with a site of the fleet, as the one that was asked sees it.</summary>
/// <param name="Self">It is the one that was asked.</param>
/// <param name="State">ok; late when it last said what it has 60 s ago or more; unknown when it said nothing since the asked one was started.</param>
/// <param name="Heard">When it last said what it has, by the clock of the asked one; left out for that one itself.</param>
/// <param name="Age">Seconds since then.</param>
/// <param name="Trust">The version of the trust document that it has.</param>
/// <param name="FreeBytes">Of its data folder.</param>
/// <param name="Images">Images whose verified bytes lie in its store.</param>
/// <param name="Missing">Images that are wanted and do not lie there.</param>
/// <param name="Behind">Sites of whose newest signed documents it is known that they have not come there yet.</param>
/// <param name="Catalog">Its own newest signed document, as far as it came to the asked one.</param>
/// <param name="Link">How the asked one reaches it.</param>
public sealed record SiteStanding(
    string Id,
    bool Self,
    string State,
    DateTimeOffset? Heard,
    double? Age,
    long? Trust,
    IReadOnlyList<SurfaceStanding> Surfaces,
    long? FreeBytes,
    int? Images,
    int? Missing,
    int? Behind,
    CatalogHead? Catalog,
    SiteLink? Link);

/// <param name="Available">Images that can be mounted there.</param>
/// <param name="Wanted">Images that should be.</param>
/// <param name="Problem">Code of why nothing is offered there.</param>
public sealed record SurfaceStanding(string Name, string Kind, string Group, int Available, int Wanted, string? Problem, DateTimeOffset? ProblemSince);

/// <param name="Epoch">Grows with each start of the site.</param>
/// <param name="Seq">Counts from 1 in each epoch.</param>
/// <param name="Issued">When it was signed, by that site's clock.</param>
public sealed record CatalogHead(long Epoch, long Seq, DateTimeOffset Issued);

/// <param name="Address">host:port of its fleet listener.</param>
/// <param name="ReachableSince">Null while it does not answer.</param>
/// <param name="LastExchange">When everything that it had was last seen to be here.</param>
/// <param name="Error">What is wrong, in words.</param>
/// <param name="ErrorCode">unreachable, slow, wrongkey, unknowntopeer, refused, notfound or garbage.</param>
/// <param name="RoundTrip">Seconds.</param>
/// <param name="ClockOffset">Its clock minus this site's, seconds.</param>
public sealed record SiteLink(
    string? Address,
    DateTimeOffset? ReachableSince,
    DateTimeOffset? LastExchange,
    string? Error,
    string? ErrorCode,
    DateTimeOffset? ErrorSince,
    double? RoundTrip,
    double? ClockOffset);

/// <summary>What comes from other sites, and what goes to them.</summary>
public sealed record TransferList(IReadOnlyList<TransferView> Transfers, IReadOnlyList<UploadView> Uploads);

/// <summary>An image on its way from other sites.</summary>
/// <param name="State">waiting, checking, fetching, finishing or verifying.</param>
/// <param name="Done">Bytes that are here and match.</param>
/// <param name="Fetched">Bytes that arrived in this run; more than what was missing if some were wasted.</param>
/// <param name="Rate">Bytes a second.</param>
/// <param name="SecondsLeft">At this rate; left out while nothing arrives.</param>
/// <param name="RequestsInFlight">Blocks of 16 KiB asked for and not arrived.</param>
/// <param name="Reason">Why nothing arrives.</param>
public sealed record TransferView(
    ImageId? Image,
    string? Name,
    Sha256Digest Root,
    string State,
    long Size,
    long Done,
    long Fetched,
    double Rate,
    double? SecondsLeft,
    int RequestsInFlight,
    DateTimeOffset? Since,
    string? Code,
    string? Reason,
    IReadOnlyList<TransferPeer> Peers);

/// <param name="Name">The site's id, or the address of a standard client.</param>
/// <param name="DownloadRate">Bytes a second that it sends us.</param>
/// <param name="UploadRate">Bytes a second that we send it.</param>
/// <param name="RoundTrip">Seconds from a request to its block; left out until one was measured.</param>
/// <param name="Progress">The share of the image that it has, 0 to 1.</param>
public sealed record TransferPeer(string Name, double DownloadRate, double UploadRate, int RequestsInFlight, double? RoundTrip, double Progress);

/// <summary>Somebody to whom an image is sent at this moment.</summary>
/// <param name="Peer">The site's id, or the address of a standard client.</param>
/// <param name="Rate">Bytes a second.</param>
/// <param name="Sent">Bytes, over this connection.</param>
/// <param name="Progress">The share of the image that it has, 0 to 1.</param>
public sealed record UploadView(string Peer, ImageId? Image, string? Name, double Rate, long Sent, double Progress);

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
/// <param name="Detail">What is wrong, for people: a panel may show it to its customers.</param>
/// <param name="Image">The image that it is about or that stands in the way.</param>
/// <param name="Remedy">What somebody who runs the site does about it: commands, calls, files. Only to the roles operator and admin; left out where there is nothing to add, and by older sites.</param>
public sealed record Problem(string Type, string Title, int Status, string Detail, ImageId? Image = null, string? Remedy = null)
{
    public const string TypePrefix = "urn:isocatalog:problem:";

    [System.Text.Json.Serialization.JsonIgnore]
    public string Code => Type.StartsWith(TypePrefix, StringComparison.Ordinal) ? Type[TypePrefix.Length..] : Type;
}
