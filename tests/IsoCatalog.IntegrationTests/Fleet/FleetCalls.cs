using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>What the tests of several sites share.</summary>
internal static class FleetCalls
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Uploads a small image; it is signed when this returns.</summary>
    public static Task<ImageView> PutAsync(this TestSite site, string name, int seed) => site.UploadAsync(name, IsoBuilder.InMemory("TEST", 20_000, seed));

    public static async Task<ImageView?> FindAsync(this TestSite site, ImageId id) =>
        (await site.Client.GetImagesAsync(Cancel)).Images.FirstOrDefault(i => i.Id == id);

    public static Task KnowsAsync(this TestSite site, ImageId id, Func<ImageView, bool>? how = null, int seconds = 30) =>
        TestSite.EventuallyAsync(async () => await site.FindAsync(id) is { } found && (how?.Invoke(found) ?? true), Cancel, seconds);

    public static async Task<PeerView> PeerAsync(this TestSite site, string peer) =>
        (await site.Client.GetPeersAsync(Cancel)).Peers.First(p => p.Site == peer);

    public static Task TrustsAsync(this TestSite site, long version, int seconds = 30) =>
        TestSite.EventuallyAsync(async () => (await site.Client.GetPeersAsync(Cancel)).Trust >= version, Cancel, seconds);

    /// <summary>A number that the site measures; 0 while it has not been measured.</summary>
    public static async Task<double> MetricAsync(this TestSite site, string name)
    {
        using var http = new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = site.Api };
        var line = (await http.GetStringAsync("metrics", Cancel)).Split('\n').FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : double.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
    }

    public static async Task<ImageView> UploadAsync(this TestSite site, string name, byte[] bytes)
    {
        await using var content = new MemoryStream(bytes);
        return await site.Client.UploadImageAsync(content, name, null, null, null, Cancel);
    }

    public static async Task ListsEverywhereAsync(this TestSite site, ImageView image, int seconds = 60)
    {
        foreach (var surface in new[] { "bmc", "console" })
        {
            await TestSite.EventuallyAsync(() => site.ListsAsync(surface, image.Id, Cancel), Cancel, seconds);
        }
    }

    /// <summary>What the site says of clocks.</summary>
    public static async Task<List<DriftView>> ClockDriftAsync(this TestSite site) =>
        [.. (await site.Client.GetDriftAsync(Cancel)).Drift.Where(d => d.Code == "clock-implausible")];

    /// <summary>Every site lists it on every surface.</summary>
    public static async Task ListsEverywhereAsync(this TestFleet fleet, ImageView image, int seconds = 60)
    {
        foreach (var site in fleet.Sites)
        {
            await site.ListsEverywhereAsync(image, seconds);
        }
    }

    public static async Task<string> VerbAsync(int exit, params string[] arguments)
    {
        var (code, output, errors) = await TestSite.RunAsync(arguments, Cancel);
        Assert.True(code == exit, $"isocatalog {string.Join(' ', arguments)} ended with {code}, expected {exit}: {output}{errors}");
        return output + errors;
    }

    public static string TlsKey(this TestSite site) => Path.Combine(site.Data, "keys", "site-tls.pem");
}
