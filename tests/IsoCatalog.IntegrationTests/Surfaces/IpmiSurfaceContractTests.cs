using System.Diagnostics.Metrics;
using System.Net;
using System.Threading.Channels;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;
using Microsoft.Extensions.Logging.Abstractions;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>URLs of one listener on loopback, served from the store's own inode.</summary>
public sealed class IpmiSurfaceContractTests : FileSurfaceContract
{
    private readonly Meter _meter = new("isocatalog.contract");
    private readonly HttpClient _client = new(new SocketsHttpHandler());
    private IsoRoutes? _routes;
    private IsoListener? _listener;

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_listener is not null)
        {
            await _listener.DisposeAsync();
        }

        _routes?.Dispose();
        _client.Dispose();
        _meter.Dispose();
    }

    /// <summary>The listener is the site's, not the surface's: it is there before and stays.</summary>
    protected override async Task<ISurface> CreateAsync()
    {
        _routes ??= new IsoRoutes(
            new IsoStoreFiles(FileIdentity.Of, PageCache.Drop, ReadBackOf, new OwnLinks()),
            Channel.CreateUnbounded<ImageDoubt>().Writer,
            TimeProvider.System);
        _listener ??= await IsoListener.StartAsync(
            new IsoListenerOptions { Routes = _routes, Plain = new IPEndPoint(IPAddress.Loopback, 0), Meter = _meter },
            NullLoggerFactory.Instance,
            TimeProvider.System,
            Cancel);
        return new IpmiSurface(
            new IpmiSurfaceOptions
            {
                Name = "bmc",
                UrlSecret = Enumerable.Range(1, BmcToken.SecretLength).Select(number => (byte)number).ToArray(),
                Allow = [IPNetwork.Parse("127.0.0.0/8")],
            },
            _listener,
            TimeProvider.System,
            NullLogger<IpmiSurface>.Instance);
    }

    protected override async Task<byte[]?> SeenByClientAsync(StoredImage image)
    {
        using var answer = await _client.GetAsync(new Uri(Surface.MountOf(image, null)!.Url!), Cancel);
        return answer.StatusCode == HttpStatusCode.NotFound ? null
            : await answer.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync(Cancel);
    }

    protected override string ServedPath(StoredImage image) => image.StorePath;

    /// <summary>Who reads a reason must not be able to mount by it.</summary>
    protected override IEnumerable<string> Secrets(StoredImage image)
    {
        yield return new Uri(Surface.MountOf(image, null)!.Url!).AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries)[^2];
    }

    private static (Receipt Before, Receipt After) ReadBackOf(string path, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        var (before, after) = ReadBack.Of(path, bytesDone, cancellationToken);
        return (before, after);
    }
}
