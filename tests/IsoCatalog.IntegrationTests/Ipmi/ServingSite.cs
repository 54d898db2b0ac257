using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>A store, a listener on loopback and whatever surfaces a test puts on it.</summary>
internal sealed class ServingSite : IAsyncDisposable
{
    public static readonly DateTimeOffset AddedAt = new(2026, 3, 14, 15, 9, 26, 535, TimeSpan.Zero);

    private readonly Channel<ImageDoubt> _doubts = Channel.CreateUnbounded<ImageDoubt>();

    private ServingSite() => Routes = new IsoRoutes(StoreFileInterop.Files(Links), _doubts.Writer, TimeProvider.System);

    public TempFolder Folder { get; } = new();

    public OwnLinks Links { get; } = new();

    public IsoRoutes Routes { get; }

    public Meter Meter { get; } = new("isocatalog.test");

    public IsoListener Listener { get; private set; } = null!;

    public ChannelReader<ImageDoubt> Doubts => _doubts.Reader;

    public X509Certificate2? Authority { get; private set; }

    public string Http => $"http://{Listener.PlainEndPoint}";

    public string Https => $"https://{Listener.TlsEndPoint}";

    /// <summary>What a site would keep in a file.</summary>
    public static byte[] Secret { get; } = [.. Enumerable.Range(1, 32).Select(number => (byte)number)];

    public static Task<ServingSite> StartAsync() => StartAsync(options => options);

    public static async Task<ServingSite> StartAsync(Func<IsoListenerOptions, IsoListenerOptions> change, bool tls = false)
    {
        var site = new ServingSite();
        var options = new IsoListenerOptions { Routes = site.Routes, Plain = new IPEndPoint(IPAddress.Loopback, 0), Meter = site.Meter };
        if (tls)
        {
            var (authority, certificate) = TestAuthority.Create();
            site.Authority = authority;
            options = options with { Tls = new IPEndPoint(IPAddress.Loopback, 0), Certificate = certificate };
        }

        try
        {
            site.Listener = await IsoListener.StartAsync(
                change(options), NullLoggerFactory.Instance, TimeProvider.System, TestContext.Current.CancellationToken);
            return site;
        }
        catch
        {
            site.Folder.Dispose();
            throw;
        }
    }

    public static byte[] RandomBytes(int length)
    {
        var bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }

    public StoredImage Store(string fileName, byte[] bytes)
    {
        var root = StoreFileInterop.RootOf(bytes);
        var path = Folder.Write(root.ToString(), bytes);
        return Examine(new StoredImage(new ImageId(new Sha256Digest(SHA256.HashData(bytes))), root, bytes.Length, fileName, path, default, AddedAt));
    }

    /// <summary>The image with a receipt of what lies at its path now.</summary>
    public static StoredImage Examine(StoredImage image)
    {
        using var file = File.OpenHandle(image.StorePath);
        return image with { StoreReceipt = StoreFileInterop.Stat(file, image.Root) };
    }

    public IpmiSurface Surface(string name = "bmc", params string[] allow) => new(
        new IpmiSurfaceOptions { Name = name, UrlSecret = Secret, Allow = [.. allow.Select(text => IPNetwork.Parse(text))] },
        Listener, TimeProvider.System, NullLogger<IpmiSurface>.Instance);

    /// <summary>Stores, advertises to all of 127.0.0.0/8, and returns the path of the standing URL.</summary>
    public async Task<(StoredImage Image, string Path)> AdvertiseAsync(string fileName, byte[] bytes)
    {
        var image = Store(fileName, bytes);
        var surface = Surface("bmc", "127.0.0.0/8");
        Assert.IsType<SurfaceOutcome.Done>(await surface.AdvertiseAsync(image, TestContext.Current.CancellationToken));
        return (image, new Uri(surface.MountOf(image, null)!.Url!).AbsolutePath);
    }

    public async Task<ImageDoubt> DoubtAsync() =>
        await Doubts.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Listener.DisposeAsync();
        Routes.Dispose();
        Meter.Dispose();
        Authority?.Dispose();
        Folder.Dispose();
    }
}
