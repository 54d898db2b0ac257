using System.Net.Http.Headers;
using IsoCatalog.Core.Hashing;
using Refit;

namespace IsoCatalog.Client;

/// <summary>
/// The public API of one site, typed; <see cref="ApplianceClient"/> opens it. Thread-safe. Every call ends in the answer, in an
/// <see cref="ApplianceException"/> (the site said no), in an <see cref="ApplianceUnreachableException"/> (no answer came) or in an
/// <see cref="OperationCanceledException"/>. GET, PUT and DELETE are repeated when no answer came or the site asked for it (503 with Retry-After);
/// everything else is sent once.
/// </summary>
[PathPrefix("/api/v1")]
[Headers("Accept: application/json")]
public interface IApplianceClient : IDisposable
{
    /// <summary>What can be mounted now.</summary>
    async Task<AvailableAnswer> GetAvailableAsync(AvailableRequest request, CancellationToken cancellationToken) =>
        (await GetAvailableAsync(request, etag: null, cancellationToken))!.Answer;

    /// <param name="request">Which images.</param>
    /// <param name="etag">The tag of the answer that the caller has; null if it has none.</param>
    /// <returns>Null when that answer still stands.</returns>
    [Get("/available")]
    Task<AvailableChange?> GetAvailableAsync(AvailableRequest request, [Header("If-None-Match")] string? etag, CancellationToken cancellationToken);

    /// <summary>Has a surface compared with what should be there, now; an oVirt engine lists its domain anew. May take minutes.</summary>
    [Post("/surfaces/{surface}/refresh")]
    Task<SurfaceRefreshView> RefreshSurfaceAsync(string surface, CancellationToken cancellationToken);

    /// <summary>The whole catalog, asked for in as many pages as it takes; each image once.</summary>
    Task<ImageList> GetImagesAsync(CancellationToken cancellationToken) => WholeImageList.ReadAsync(this, cancellationToken);

    /// <summary>A part of the catalog, by name.</summary>
    /// <param name="limit">At most so many images; null for as many as the site gives at once.</param>
    /// <param name="after"><see cref="ImagePage.Next"/> of the page before; null for the first.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    [Get("/images")]
    Task<ImagePage> GetImagePageAsync(int? limit, string? after, CancellationToken cancellationToken);

    /// <param name="image">Its id or its file name.</param>
    [Get("/images/{image}")]
    Task<ImageView> GetImageAsync(string image, CancellationToken cancellationToken);

    /// <summary>Lets the site take a file of its own machine; the job tells how far it is.</summary>
    [Post("/images")]
    Task<JobView> AddImageAsync([Body] AddRequest request, CancellationToken cancellationToken);

    /// <inheritdoc cref="UploadImageAsync(Stream, string, Sha256Digest?, string?, string?, bool, IProgress{long}?, CancellationToken)"/>
    Task<ImageView> UploadImageAsync(
        Stream image, string name, Sha256Digest? sha256, string? title, IProgress<long>? progress, CancellationToken cancellationToken) =>
        UploadImageAsync(image, name, sha256, title, kind: null, replace: false, progress, cancellationToken);

    /// <summary>Sends an image; the answer comes once the site has read it back and signed it. There is no limit of time.</summary>
    /// <param name="image">From its position to its end; stays open.</param>
    /// <param name="name">Its file name.</param>
    /// <param name="sha256">What the bytes must have; the site refuses others.</param>
    /// <param name="title">For people.</param>
    /// <param name="kind">installer, live, rescue, drivers or other.</param>
    /// <param name="replace">An image that has the name goes for this one, in the same step.</param>
    /// <param name="progress">Bytes sent.</param>
    /// <exception cref="IOException">The stream could not be read.</exception>
    async Task<ImageView> UploadImageAsync(
        Stream image, string name, Sha256Digest? sha256, string? title, string? kind, bool replace, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(name);
        using var content = new UploadContent(image, progress);
        try
        {
            return await UploadImageAsync(content, name, sha256?.ToString(), title, kind, replace ? "true" : null, cancellationToken);
        }
        catch (ApplianceUnreachableException) when (content.SourceFailure is not null)
        {
            throw new IOException(content.SourceFailure.Message, content.SourceFailure);
        }
    }

    /// <summary>Takes an image out of every list; its file is kept for a while and can be restored.</summary>
    /// <param name="image">Its id or its file name.</param>
    /// <param name="why">For the audit.</param>
    [Delete("/images/{image}")]
    Task<ImageView> RemoveImageAsync(string image, string? why, CancellationToken cancellationToken);

    [Post("/images/{image}/restore")]
    Task<ImageView> RestoreImageAsync(string image, CancellationToken cancellationToken);

    /// <summary>Takes back removals, recalls and descriptions that a site signed from a time on.</summary>
    [Post("/restore")]
    Task<TakeBackView> TakeBackAsync([Body] TakeBackRequest request, CancellationToken cancellationToken);

    /// <summary>Recalls an image at all sites, by its id (it need not be in the catalog) or its file name.</summary>
    [Put("/images/{image}/block")]
    Task<BlockView> BlockImageAsync(string image, [Body] BlockRequest request, CancellationToken cancellationToken);

    /// <summary>Takes a recall back.</summary>
    [Delete("/images/{image}/block")]
    [Headers("Accept")]
    Task UnblockImageAsync(string image, CancellationToken cancellationToken);

    [Get("/blocks")]
    Task<BlockList> GetBlocksAsync(CancellationToken cancellationToken);

    [Get("/aliases")]
    Task<AliasList> GetAliasesAsync(CancellationToken cancellationToken);

    [Get("/aliases/{alias}")]
    Task<AliasView> GetAliasAsync(string alias, CancellationToken cancellationToken);

    /// <summary>Points an alias to an image: now, or as soon as that is available everywhere.</summary>
    [Put("/aliases/{alias}")]
    Task<AliasMoved> SetAliasAsync(string alias, [Body] AliasRequest request, CancellationToken cancellationToken);

    /// <summary>Takes an alias away, and a move of it that waits.</summary>
    [Delete("/aliases/{alias}")]
    [Headers("Accept")]
    Task RemoveAliasAsync(string alias, CancellationToken cancellationToken);

    [Patch("/images/{image}")]
    Task<ImageView> ChangeImageAsync(string image, [Body] ImagePatch patch, CancellationToken cancellationToken);

    /// <summary>Checks that the image is ready and holds it there, in one step.</summary>
    [Post("/leases")]
    Task<LeaseView> TakeLeaseAsync([Body] LeaseRequest request, CancellationToken cancellationToken);

    [Get("/leases")]
    Task<LeaseList> GetLeasesAsync(CancellationToken cancellationToken);

    [Get("/leases/{lease}")]
    Task<LeaseView> GetLeaseAsync(string lease, CancellationToken cancellationToken);

    [Put("/leases/{lease}")]
    Task<LeaseView> RenewLeaseAsync(string lease, [Body] LeaseRenewal renewal, CancellationToken cancellationToken);

    [Delete("/leases/{lease}")]
    [Headers("Accept")]
    Task EndLeaseAsync(string lease, CancellationToken cancellationToken);

    [Get("/drift")]
    Task<DriftList> GetDriftAsync(CancellationToken cancellationToken);

    /// <summary>Says that somebody has seen to a drift that stands until then: <c>database-lost</c> (nobody holds a removed image any more), <c>documents-forked</c>,
    /// <c>rolled-back</c>.</summary>
    [Post("/drift/{code}/confirm")]
    [Headers("Accept")]
    Task ConfirmDriftAsync(string code, CancellationToken cancellationToken);

    /// <summary>Has the site read its configuration and certificates again; see <see cref="ReloadView"/>.</summary>
    [Post("/reload")]
    Task<ReloadView> ReloadAsync(CancellationToken cancellationToken);

    [Get("/jobs")]
    Task<JobList> GetJobsAsync(CancellationToken cancellationToken);

    [Get("/jobs/{job}")]
    Task<JobView> GetJobAsync(string job, CancellationToken cancellationToken);

    [Get("/retired")]
    Task<RetiredList> GetRetiredAsync(CancellationToken cancellationToken);

    [Get("/status")]
    Task<StatusView> GetStatusAsync(CancellationToken cancellationToken);

    /// <summary>Every active site of the fleet, as the asked one sees it.</summary>
    [Get("/sites")]
    Task<SiteList> GetSitesAsync(CancellationToken cancellationToken);

    /// <summary>What comes from other sites and goes to them at this moment.</summary>
    [Get("/transfers")]
    Task<TransferList> GetTransfersAsync(CancellationToken cancellationToken);

    [Get("/peers")]
    Task<PeerList> GetPeersAsync(CancellationToken cancellationToken);

    /// <summary>Other sites are asked there, until the next start. Only over the socket.</summary>
    [Put("/peers")]
    Task<PeerList> SetPeersAsync([Body] PeerSetting peers, CancellationToken cancellationToken);

    /// <summary>Has the site take the next version of the trust document. Only over the socket.</summary>
    /// <param name="envelope">DSSE, signed by enough root keys.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    async Task<PeerList> AddTrustAsync(byte[] envelope, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(envelope) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        return await AddTrustAsync(content, cancellationToken);
    }

    /// <summary>
    /// What happens at the site, as it happens. A connection that breaks is made anew and goes on after the last event seen; the enumeration ends only
    /// with its token, with a refusal, or when not even the first connection can be made.
    /// </summary>
    /// <param name="after">The id of the last event that the caller has seen; null for what happens from now on.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<SiteEvent> GetEventsAsync(long? after = null, CancellationToken cancellationToken = default) =>
        EventSubscription.ReadAsync(this, after, cancellationToken);

    [Post("/images")]
    [Headers("Expect: 100-continue")]
    internal Task<ImageView> UploadImageAsync(
        [Body] HttpContent image, string name, string? sha256, string? title, string? kind, string? replace, CancellationToken cancellationToken);

    [Post("/trust")]
    internal Task<PeerList> AddTrustAsync([Body] HttpContent envelope, CancellationToken cancellationToken);

    /// <summary>One connection; its content is an <see cref="EventContent"/>, or empty when there are no events to come.</summary>
    [Get("/events")]
    [Headers("Accept: text/event-stream")]
    internal Task<HttpContent> OpenEventsAsync([Header("Last-Event-ID")] string? after, CancellationToken cancellationToken);
}
