using System.Net;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Client;

/// <summary>
/// The public API of one site, typed. Thread-safe. Every call ends in the answer, in an <see cref="ApplianceException"/> (the site said no), in an
/// <see cref="ApplianceUnreachableException"/> (no answer came) or in an <see cref="OperationCanceledException"/>. GET, PUT and DELETE are repeated when
/// no answer came or the site asked for it (503 with Retry-After); everything else is sent once.
/// </summary>
public sealed class ApplianceClient : IDisposable
{
    private const string Images = "api/v1/images";
    private const string Aliases = "api/v1/aliases";
    private const string Leases = "api/v1/leases";

    private readonly Connection _connection;

    private ApplianceClient(Connection connection) => _connection = connection;

    /// <summary>The path of the Unix socket, or scheme, host and port.</summary>
    public string Address => _connection.Address;

    /// <param name="path">The Unix socket of a site on this machine. Nothing is opened before the first call.</param>
    public static ApplianceClient OverSocket(string path, ApplianceClientOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new ApplianceClient(new Connection(server: null, Path.GetFullPath(path), options ?? new ApplianceClientOptions()));
    }

    /// <param name="server">The site's API address, http or https; a path is the prefix under which a proxy serves the site.</param>
    /// <exception cref="ArgumentException">Not an absolute http or https address, or it holds a user, a query or a fragment.</exception>
    public static ApplianceClient At(Uri server, ApplianceClientOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(server);
        if (!server.IsAbsoluteUri || server.Scheme is not ("http" or "https") || server.UserInfo.Length > 0 || server.Query.Length > 0
            || server.Fragment.Length > 0)
        {
            throw new ArgumentException($"{server} is not the address of a site, such as https://isos.example.com:8443.", nameof(server));
        }

        var prefix = server.AbsoluteUri.EndsWith('/') ? server : new Uri(server.AbsoluteUri + "/");
        return new ApplianceClient(new Connection(prefix, socketPath: null, options ?? new ApplianceClientOptions()));
    }

    /// <summary>What can be mounted now.</summary>
    public async Task<AvailableAnswer> GetAvailableAsync(AvailableRequest request, CancellationToken cancellationToken) =>
        (await GetAvailableAsync(request, etag: null, cancellationToken))!.Answer;

    /// <param name="etag">The tag of the answer that the caller has; null if it has none.</param>
    /// <returns>Null when that answer still stands.</returns>
    public Task<AvailableChange?> GetAvailableAsync(AvailableRequest request, string? etag, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return _connection.SendAsync(
            HttpMethod.Get,
            "api/v1/available" + request.Query,
            body: null,
            async (response, token) => response.StatusCode == HttpStatusCode.NotModified && etag is not null
                ? null
                : new AvailableChange(await _connection.ReadAsync<AvailableAnswer>(response, token), response.Headers.ETag?.ToString()),
            cancellationToken,
            etag);
    }

    /// <summary>Has a surface compared with what should be there, now; an oVirt engine lists its domain anew. May take minutes.</summary>
    public Task<SurfaceRefreshView> RefreshSurfaceAsync(string surface, CancellationToken cancellationToken) =>
        _connection.SendAsync<SurfaceRefreshView>(HttpMethod.Post, $"api/v1/surfaces/{Uri.EscapeDataString(surface)}/refresh", cancellationToken);

    public Task<ImageList> GetImagesAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<ImageList>(HttpMethod.Get, Images, cancellationToken);

    /// <param name="image">Its id or its file name.</param>
    public Task<ImageView> GetImageAsync(string image, CancellationToken cancellationToken) =>
        _connection.SendAsync<ImageView>(HttpMethod.Get, One(Images, image), cancellationToken);

    /// <summary>Lets the site take a file of its own machine; the job tells how far it is.</summary>
    public Task<JobView> AddImageAsync(AddRequest request, CancellationToken cancellationToken) =>
        _connection.SendAsync<JobView, AddRequest>(HttpMethod.Post, Images, request, ApiJson.Default.AddRequest, cancellationToken);

    /// <summary>Sends an image; the answer comes once the site has read it back and signed it. There is no limit of time.</summary>
    /// <param name="image">From its position to its end; stays open.</param>
    /// <param name="sha256">What the bytes must have; the site refuses others.</param>
    /// <param name="progress">Bytes sent.</param>
    /// <exception cref="IOException">The stream could not be read.</exception>
    public Task<ImageView> UploadImageAsync(
        Stream image, string name, Sha256Digest? sha256, string? title, IProgress<long>? progress, CancellationToken cancellationToken) =>
        UploadImageAsync(image, name, sha256, title, kind: null, progress, cancellationToken);

    /// <inheritdoc cref="UploadImageAsync(Stream, string, Sha256Digest?, string?, IProgress{long}?, CancellationToken)"/>
    /// <param name="kind">installer, live, rescue, drivers or other.</param>
    public async Task<ImageView> UploadImageAsync(
        Stream image, string name, Sha256Digest? sha256, string? title, string? kind, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(name);
        var query = "?name=" + Uri.EscapeDataString(name)
            + (sha256 is { } expected ? "&sha256=" + expected : "")
            + (title is not null ? "&title=" + Uri.EscapeDataString(title) : "")
            + (kind is not null ? "&kind=" + Uri.EscapeDataString(kind) : "");
        using var content = new UploadContent(image, progress);
        using var request = new HttpRequestMessage(HttpMethod.Post, Images + query) { Content = content };
        request.Headers.ExpectContinue = true;
        try
        {
            return await _connection.TryAsync(request, _connection.ReadAsync<ImageView>, cancellationToken);
        }
        catch (ApplianceUnreachableException) when (content.SourceFailure is not null)
        {
            throw new IOException(content.SourceFailure.Message, content.SourceFailure);
        }
    }

    /// <summary>Takes an image out of every list; its file is kept for a while and can be restored.</summary>
    /// <param name="why">For the audit.</param>
    public Task<ImageView> RemoveImageAsync(string image, string? why, CancellationToken cancellationToken) =>
        _connection.SendAsync<ImageView>(
            HttpMethod.Delete, One(Images, image) + (why is null ? "" : "?why=" + Uri.EscapeDataString(why)), cancellationToken);

    public Task<ImageView> RestoreImageAsync(string image, CancellationToken cancellationToken) =>
        _connection.SendAsync<ImageView>(HttpMethod.Post, One(Images, image) + "/restore", cancellationToken);

    /// <summary>Recalls an image at all sites, by its id (it need not be in the catalog) or its file name.</summary>
    public Task<BlockView> BlockImageAsync(string image, BlockRequest request, CancellationToken cancellationToken) =>
        _connection.SendAsync<BlockView, BlockRequest>(HttpMethod.Put, One(Images, image) + "/block", request, ApiJson.Default.BlockRequest, cancellationToken);

    /// <summary>Takes a recall back.</summary>
    public Task UnblockImageAsync(string image, CancellationToken cancellationToken) =>
        _connection.SendAsync(HttpMethod.Delete, One(Images, image) + "/block", body: null, (_, _) => Task.FromResult(true), cancellationToken);

    public Task<BlockList> GetBlocksAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<BlockList>(HttpMethod.Get, "api/v1/blocks", cancellationToken);

    public Task<AliasList> GetAliasesAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<AliasList>(HttpMethod.Get, Aliases, cancellationToken);

    public Task<AliasView> GetAliasAsync(string alias, CancellationToken cancellationToken) =>
        _connection.SendAsync<AliasView>(HttpMethod.Get, One(Aliases, alias), cancellationToken);

    /// <summary>Points an alias to an image: now, or as soon as that is available everywhere.</summary>
    public Task<AliasMoved> SetAliasAsync(string alias, AliasRequest request, CancellationToken cancellationToken) =>
        _connection.SendAsync(
            HttpMethod.Put,
            One(Aliases, alias),
            System.Text.Json.JsonSerializer.SerializeToUtf8Bytes(request, ApiJson.Default.AliasRequest),
            async (response, token) => response.StatusCode == HttpStatusCode.Accepted
                ? new AliasMoved(null, await _connection.ReadAsync<JobView>(response, token))
                : new AliasMoved(await _connection.ReadAsync<AliasView>(response, token), null),
            cancellationToken);

    /// <summary>Takes an alias away, and a move of it that waits.</summary>
    public Task RemoveAliasAsync(string alias, CancellationToken cancellationToken) =>
        _connection.SendAsync(HttpMethod.Delete, One(Aliases, alias), body: null, (_, _) => Task.FromResult(true), cancellationToken);

    public Task<ImageView> ChangeImageAsync(string image, ImagePatch patch, CancellationToken cancellationToken) =>
        _connection.SendAsync<ImageView, ImagePatch>(HttpMethod.Patch, One(Images, image), patch, ApiJson.Default.ImagePatch, cancellationToken);

    /// <summary>Checks that the image is ready and holds it there, in one step.</summary>
    public Task<LeaseView> TakeLeaseAsync(LeaseRequest request, CancellationToken cancellationToken) =>
        _connection.SendAsync<LeaseView, LeaseRequest>(HttpMethod.Post, Leases, request, ApiJson.Default.LeaseRequest, cancellationToken);

    public Task<LeaseList> GetLeasesAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<LeaseList>(HttpMethod.Get, Leases, cancellationToken);

    public Task<LeaseView> GetLeaseAsync(string lease, CancellationToken cancellationToken) =>
        _connection.SendAsync<LeaseView>(HttpMethod.Get, One(Leases, lease), cancellationToken);

    public Task<LeaseView> RenewLeaseAsync(string lease, LeaseRenewal renewal, CancellationToken cancellationToken) =>
        _connection.SendAsync<LeaseView, LeaseRenewal>(HttpMethod.Put, One(Leases, lease), renewal, ApiJson.Default.LeaseRenewal, cancellationToken);

    public Task EndLeaseAsync(string lease, CancellationToken cancellationToken) =>
        _connection.SendAsync(HttpMethod.Delete, One(Leases, lease), body: null, (_, _) => Task.FromResult(true), cancellationToken);

    public Task<DriftList> GetDriftAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<DriftList>(HttpMethod.Get, "api/v1/drift", cancellationToken);

    /// <summary>After a lost database: the leases that it held are over, and removed images may be retired and evicted again.</summary>
    public Task ConfirmLostDatabaseAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync(
            HttpMethod.Post, "api/v1/drift/database-lost/confirm", body: null, (_, _) => Task.FromResult(true), cancellationToken);

    public Task<JobList> GetJobsAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<JobList>(HttpMethod.Get, "api/v1/jobs", cancellationToken);

    public Task<JobView> GetJobAsync(string job, CancellationToken cancellationToken) =>
        _connection.SendAsync<JobView>(HttpMethod.Get, One("api/v1/jobs", job), cancellationToken);

    public Task<RetiredList> GetRetiredAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<RetiredList>(HttpMethod.Get, "api/v1/retired", cancellationToken);

    public Task<StatusView> GetStatusAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<StatusView>(HttpMethod.Get, "api/v1/status", cancellationToken);

    /// <summary>Every active site of the fleet, as the asked one sees it.</summary>
    public Task<SiteList> GetSitesAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<SiteList>(HttpMethod.Get, "api/v1/sites", cancellationToken);

    /// <summary>What comes from other sites and goes to them at this moment.</summary>
    public Task<TransferList> GetTransfersAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<TransferList>(HttpMethod.Get, "api/v1/transfers", cancellationToken);

    public Task<PeerList> GetPeersAsync(CancellationToken cancellationToken) =>
        _connection.SendAsync<PeerList>(HttpMethod.Get, "api/v1/peers", cancellationToken);

    /// <summary>Other sites are asked there, until the next start. Only over the socket.</summary>
    public Task<PeerList> SetPeersAsync(PeerSetting peers, CancellationToken cancellationToken) =>
        _connection.SendAsync<PeerList, PeerSetting>(HttpMethod.Put, "api/v1/peers", peers, ApiJson.Default.PeerSetting, cancellationToken);

    /// <summary>Has the site take the next version of the trust document. Only over the socket.</summary>
    /// <param name="envelope">DSSE, signed by enough root keys.</param>
    public async Task<PeerList> AddTrustAsync(byte[] envelope, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/trust")
        {
            Content = new ByteArrayContent(envelope) { Headers = { ContentType = new("application/octet-stream") } },
        };
        return await _connection.TryAsync(request, _connection.ReadAsync<PeerList>, cancellationToken);
    }

    /// <summary>
    /// What happens at the site, as it happens. A connection that breaks is made anew and goes on after the last event seen; the enumeration ends only
    /// with its token, with a refusal, or when not even the first connection can be made.
    /// </summary>
    /// <param name="after">The id of the last event that the caller has seen; null for what happens from now on.</param>
    public IAsyncEnumerable<SiteEvent> GetEventsAsync(long? after = null, CancellationToken cancellationToken = default) =>
        EventSubscription.ReadAsync(_connection, after, cancellationToken);

    public void Dispose() => _connection.Dispose();

    private static string One(string collection, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return collection + "/" + Uri.EscapeDataString(name);
    }
}
