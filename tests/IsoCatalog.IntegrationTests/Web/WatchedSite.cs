using IsoCatalog.Client;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>A site with two images, one of which somebody hostile described, and a browser.</summary>
public sealed class WatchedSite : IAsyncLifetime
{
    public const string HostileTitle = "</td></table><script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">";

    public TestSite Site { get; private set; } = null!;

    public ImageView Debian { get; private set; } = null!;

    public ImageView Hostile { get; private set; } = null!;

    public Browser Browser { get; } = new();

    public async ValueTask InitializeAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        Site = await TestSite.StartAsync(cancel, TestSiteOptions.InOwnProcess);
        Debian = await ApiCaller.AddAsync(Site, "debian.iso", 1, "DEBIAN_12");
        Hostile = await ApiCaller.AddAsync(Site, "hostile.iso", 2, "HOSTILE");
        await Site.Client.ChangeImageAsync(Debian.Id.ToString(), new ImagePatch(Title: "Debian 12"), cancel);
        await Site.Client.ChangeImageAsync(Hostile.Id.ToString(), new ImagePatch(Title: HostileTitle), cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await Browser.DisposeAsync();
        if (Site is not null)
        {
            await Site.DisposeAsync();
        }
    }
}
