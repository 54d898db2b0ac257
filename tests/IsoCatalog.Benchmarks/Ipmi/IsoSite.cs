using IsoCatalog.Benchmarks.Api;
using IsoCatalog.Client;
using IsoCatalog.Testing;

namespace IsoCatalog.Benchmarks.Ipmi;

/// <summary>A real site that offers one image to BMCs, and nginx with the same bytes; both serve from the page cache.</summary>
internal sealed class IsoSite : IAsyncDisposable
{
    private readonly TestSite _site;
    private readonly NginxProcess _nginx;

    private IsoSite(TestSite site, NginxProcess nginx, Uri ours, long length) => (_site, _nginx, Ours, Length) = (site, nginx, ours, length);

    public Uri Ours { get; }

    public Uri Peer => new($"http://{_nginx.Address}/{Name}");

    public long Length { get; }

    private static string Name => "image.iso";

    public static async Task<IsoSite> StartAsync(BenchmarkFolder all, CancellationToken cancellationToken)
    {
        var site = await TestSite.StartAsync(cancellationToken, new TestSiteOptions
        {
            OwnProcess = true,
            Surfaces = """  - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }""",
            Extra = "store: { floor: 64MiB }",
        });
        try
        {
            var folder = Directory.CreateDirectory(Path.Combine(all.FullName, "iso"));
            var path = Path.Combine(folder.CreateSubdirectory("www").FullName, Name);
            await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("SERVED", ((all.Quick ? 256 : 1024) << 20) - (64 << 10), seed: 1), cancellationToken);
            await site.AddAsync(path, cancellationToken);
            var mount = (await site.Client.GetAvailableAsync(new AvailableRequest("bmc"), cancellationToken)).Images.Single().Mount;
            return new IsoSite(site, await NginxProcess.StartAsync(folder.FullName, cancellationToken), new Uri(mount.Url!), new FileInfo(path).Length);
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _nginx.DisposeAsync();
        await _site.DisposeAsync();
    }
}
