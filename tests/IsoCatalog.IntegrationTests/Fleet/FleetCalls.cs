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
    public static async Task<ImageView> PutAsync(this TestSite site, string name, int seed)
    {
        await using var content = new MemoryStream(IsoBuilder.InMemory("TEST", 20_000, seed));
        return await site.Client.UploadImageAsync(content, name, null, null, null, Cancel);
    }

    public static async Task<ImageView?> FindAsync(this TestSite site, ImageId id) =>
        (await site.Client.GetImagesAsync(Cancel)).Images.FirstOrDefault(i => i.Id == id);

    public static Task KnowsAsync(this TestSite site, ImageId id, Func<ImageView, bool>? how = null, int seconds = 30) =>
        TestSite.EventuallyAsync(async () => await site.FindAsync(id) is { } found && (how?.Invoke(found) ?? true), Cancel, seconds);

    public static async Task<PeerView> PeerAsync(this TestSite site, string peer) =>
        (await site.Client.GetPeersAsync(Cancel)).Peers.First(p => p.Site == peer);

    public static Task TrustsAsync(this TestSite site, long version, int seconds = 30) =>
        TestSite.EventuallyAsync(async () => (await site.Client.GetPeersAsync(Cancel)).Trust >= version, Cancel, seconds);

    public static async Task<string> VerbAsync(int exit, params string[] arguments)
    {
        var (code, output, errors) = await TestSite.RunAsync(arguments, Cancel);
        Assert.True(code == exit, $"isocatalog {string.Join(' ', arguments)} ended with {code}, expected {exit}: {output}{errors}");
        return output + errors;
    }

    public static string TlsKey(this TestSite site) => Path.Combine(site.Data, "keys", "site-tls.pem");
}
