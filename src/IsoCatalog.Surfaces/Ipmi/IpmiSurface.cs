using System.Net;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// Offers images to BMCs by URL, from the store's own inode: nothing is copied, so there is nothing to stage. An image is served under a
/// standing URL to the addresses in <see cref="IpmiSurfaceOptions.Allow"/>, and under lease URLs to one BMC each. The listener and its
/// routes are shared with other surfaces and outlive this one.
/// </summary>
public sealed class IpmiSurface : ILeaseUrls
{
    private readonly IpmiSurfaceOptions _options;
    private readonly IsoListener _listener;
    private readonly IsoRoutes _routes;
    private readonly IsoReadBack _readBack;
    private readonly ILogger<IpmiSurface> _logger;
    private readonly IPAddress? _address;
    private readonly Lock _gate = new();
    private readonly HashSet<ImageId> _beingProved = [];
    private IReadOnlyList<IPNetwork> _allow;

    /// <exception cref="ArgumentException">The URL secret has the wrong length.</exception>
    public IpmiSurface(IpmiSurfaceOptions options, IsoListener listener, TimeProvider time, ILogger<IpmiSurface> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(listener);
        if (options.UrlSecret.Length != BmcToken.SecretLength)
        {
            throw new ArgumentException($"The URL secret has {BmcToken.SecretLength} bytes, not {options.UrlSecret.Length}.", nameof(options));
        }

        (_options, _listener, _routes, _logger) = (options, listener, listener.Options.Routes, logger);
        _allow = options.Allow;
        _readBack = new IsoReadBack(listener, time);
        var bound = (listener.PlainEndPoint ?? listener.TlsEndPoint)?.Address;
        _address = options.Address ?? (IPAddress.Any.Equals(bound) || IPAddress.IPv6Any.Equals(bound) ? null : bound);
        Description = new SurfaceDescription(options.Name, "ipmi", options.Group, ServesStoreInode: true);
    }

    public SurfaceDescription Description { get; }

    /// <inheritdoc/>
    public async Task<SurfaceOutcome> CheckAsync(CancellationToken cancellationToken)
    {
        if (_address is null)
        {
            return new SurfaceOutcome.Refused(ReasonCode.SurfaceMissing,
                $"The surface {_options.Name} has no address to put into URLs, because the ISO listener is bound to all of them: set `address` of the surface to the one that BMCs reach.",
                Retryable: false);
        }

        return await _readBack.KnockAsync(cancellationToken) is { } reason
            ? new SurfaceOutcome.Refused(ReasonCode.SurfaceUnreachable, reason, Retryable: true)
            : new SurfaceOutcome.Done();
    }

    /// <summary>Nothing is brought anywhere: the store read its bytes back already, so the receipt must agree and that is all.</summary>
    public Task<SurfaceOutcome> StageAsync(StoredImage image, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Examine(image, image.StoreReceipt) is { } finding)
        {
            return Task.FromResult<SurfaceOutcome>(Refusal(finding));
        }

        bytesDone?.Report(image.Size);
        return Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Done(image.StoreReceipt));
    }

    /// <summary>The route is first open to this host alone and read back at its own URL; only then BMCs are let in.</summary>
    public async Task<SurfaceOutcome> AdvertiseAsync(StoredImage image, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Examine(image, image.StoreReceipt) is { } finding)
        {
            return Refusal(finding);
        }

        var path = StandingPath(image);
        _routes.Refresh(image);
        var here = _readBack.Clients.Select(IsoRoutes.Only);
        lock (_gate)
        {
            _beingProved.Add(image.Id);
            _routes.AddStanding(_options.Name, path, image, _routes.HasStanding(_options.Name, image.Id) ? [.. _allow, .. here] : [.. here]);
        }

        var open = false;
        try
        {
            if (await _readBack.ReadAsync(path, image, cancellationToken) is { } refused)
            {
                _logger.NotOffered(image.FileName, _options.Name, refused.Reason);
                return refused;
            }

            Open(path, image);
            open = true;
            return new SurfaceOutcome.Done(image.StoreReceipt);
        }
        finally
        {
            lock (_gate)
            {
                _beingProved.Remove(image.Id);
            }

            if (!open)
            {
                _routes.RemoveStanding(_options.Name, image.Id);
            }
        }
    }

    /// <summary>Ends the standing URL and cuts who reads by it, whoever holds a lease: those have URLs of their own, which go on until the caller ends them.</summary>
    public Task<SurfaceOutcome> WithdrawAsync(StoredImage image, Evidence? published, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        _routes.RemoveStanding(_options.Name, image.Id);
        _logger.Withdrawn(image.FileName, _options.Name);
        return Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Done());
    }

    /// <inheritdoc/>
    public Task<SurfaceOutcome> ResumeAsync(StoredImage image, Evidence published, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Examine(image, published) is { } finding)
        {
            return Task.FromResult<SurfaceOutcome>(Refusal(finding));
        }

        Open(StandingPath(image), image with { StoreReceipt = FileIdentity.In(published) });
        return Task.FromResult<SurfaceOutcome>(new SurfaceOutcome.Done(published));
    }

    /// <inheritdoc/>
    public async Task<SurfaceOutcome> VerifyAsync(
        StoredImage image, Evidence published, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(image);
        if (Examine(image, published) is { } before)
        {
            return Refusal(before);
        }

        ImageDoubt doubt;
        try
        {
            var (look, receipt) = (_routes.Files.Links.Before(image.Root), FileIdentity.In(published));
            var (first, last) = await Task.Run(() => _routes.Files.ReadBack(image.StorePath, bytesDone, cancellationToken), cancellationToken);
            if (look.Explains(first, receipt) && look.Explains(last, receipt))
            {
                return new SurfaceOutcome.Done(published);
            }

            doubt = first.Root == image.Root
                ? new ImageDoubt(image.Id, ReasonCode.FileChanged, $"The store file {image.StorePath} was changed while it was read.")
                : new ImageDoubt(image.Id, ReasonCode.HashMismatch,
                    $"The store file {image.StorePath} has the root {first.Root} instead of {image.Root}: its bytes are damaged.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            doubt = new ImageDoubt(image.Id, ReasonCode.ReadError, $"The store file {image.StorePath} could not be read: {exception.Message}");
        }

        _routes.RaiseDoubt(doubt);
        return new SurfaceOutcome.Refused(doubt.Code, doubt.Reason, Retryable: false);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<SurfaceFinding>> ObserveAsync(IReadOnlyCollection<PublishedImage> expected, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(expected);
        var findings = new List<SurfaceFinding>();
        if (!_listener.IsUp)
        {
            findings.Add(new SurfaceFinding(null, ReasonCode.SurfaceUnreachable, "The ISO listener has stopped: restart isocatalog."));
        }

        foreach (var (image, evidence) in expected)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (Examine(image, evidence) is { } finding)
            {
                findings.Add(finding);
            }
            else if (!_routes.HasStanding(_options.Name, image.Id))
            {
                findings.Add(new SurfaceFinding(image.Id, ReasonCode.NotYetPublished, $"{image.FileName} has no URL on {_options.Name}; it is advertised again."));
            }
        }

        return Task.FromResult<IReadOnlyList<SurfaceFinding>>(findings);
    }

    /// <inheritdoc/>
    public SurfaceMount? MountOf(StoredImage image, Evidence? published)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Allowed.Count > 0 ? Mount(StandingPath(image)) : null;
    }

    /// <summary>The addresses of BMCs that may use standing URLs from now on. Who reads and is still among them does not notice; who is not is cut.</summary>
    public void Allow(IReadOnlyList<IPNetwork> allow)
    {
        ArgumentNullException.ThrowIfNull(allow);
        lock (_gate)
        {
            _allow = allow;

            // What is being read back gets the list once that is done: nobody reads what was not proved.
            _routes.AllowStanding(_options.Name, allow, except: _beingProved);
        }
    }

    /// <summary>Whether this client may ever be answered at standing URLs.</summary>
    public bool Admits(IPAddress client) => Allowed.Any(network => network.Contains(client));

    /// <summary>The path of the standing URL of an image, whether it is there or not: the same as long as the secret and both names are.</summary>
    public string StandingPathOf(ImageId image, string fileName) =>
        BmcUrl.PathOf(BmcToken.Standing(_options.UrlSecret.Span, _options.Name, image), fileName);

    public string NewToken() => BmcToken.New();

    /// <inheritdoc/>
    public SurfaceMount? LeaseMountOf(string token, StoredImage image)
    {
        ArgumentNullException.ThrowIfNull(image);
        return Mount(BmcUrl.PathOf(token, image.FileName));
    }

    /// <inheritdoc/>
    public SurfaceMount? AddLease(string token, StoredImage image, IPAddress client) =>
        Mount(_routes.AddLease(_options.Name, token, image, client));

    /// <inheritdoc/>
    public void RemoveLease(string token) => _routes.RemoveLease(token);

    public ValueTask DisposeAsync()
    {
        _routes.RemoveSurface(_options.Name);
        return ValueTask.CompletedTask;
    }

    private static SurfaceOutcome.Refused Refusal(SurfaceFinding finding) => new(finding.Code, finding.Reason, Retryable: false);

    private IReadOnlyList<IPNetwork> Allowed => Volatile.Read(ref _allow);

    private string StandingPath(StoredImage image) => StandingPathOf(image.Id, image.FileName);

    private SurfaceMount? Mount(string path)
    {
        if (_address is null)
        {
            return null;
        }

        var http = _listener.PlainEndPoint is { } plain ? BmcUrl.Of(Uri.UriSchemeHttp, _address, plain.Port, path) : null;
        var https = _listener.TlsEndPoint is { } tls ? BmcUrl.Of(Uri.UriSchemeHttps, _address, tls.Port, path) : null;
        return new SurfaceMount(http ?? https, new SurfaceUrls(http, https));
    }

    /// <summary>Without an allow list the route is for nobody: the image is to be had by lease only, until somebody is allowed.</summary>
    private void Open(string path, StoredImage image)
    {
        _logger.Advertised(image.FileName, _options.Name);
        lock (_gate)
        {
            _routes.AddStanding(_options.Name, path, image, _allow);
        }
    }

    private SurfaceFinding? Examine(StoredImage image, Evidence published)
    {
        try
        {
            var look = _routes.Files.Links.Before(image.Root);
            using SafeFileHandle file = File.OpenHandle(image.StorePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return look.Explains(_routes.Files.Stat(file, image.Root), FileIdentity.In(published))
                ? null
                : new SurfaceFinding(image.Id, ReasonCode.FileChanged, $"The store file {image.StorePath} is not as it was when it was verified.");
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new SurfaceFinding(image.Id, ReasonCode.StoreMissing, $"The store file {image.StorePath} is gone.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new SurfaceFinding(image.Id, ReasonCode.ReadError, $"The store file {image.StorePath} cannot be opened: {exception.Message}");
        }
    }
}
