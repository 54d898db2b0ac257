using IsoCatalog.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>The real program with two images, for tests that only read or that clean up after themselves.</summary>
public sealed class SharedSite : IAsyncLifetime
{
    public TestSite Site { get; private set; } = null!;

    public ImageView Debian { get; private set; } = null!;

    public ImageView Rescue { get; private set; } = null!;

    internal ApiCaller Caller { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Site = await TestSite.StartAsync(TestContext.Current.CancellationToken, TestSiteOptions.InOwnProcess);
        Caller = new ApiCaller(Site.Api);
        Debian = await ApiCaller.AddAsync(Site, "debian.iso", 1, "DEBIAN_12");
        Rescue = await ApiCaller.AddAsync(Site, "rescue.iso", 2, "RESCUE");
        await Patch(Debian, """{"title":"Debian 12","kind":"installer","group":"Linux","order":2,"os":{"family":"linux","distro":"debian"},"arch":["x86_64"],"tags":["stable"]}""");
        await Patch(Rescue, """{"title":"Rescue","kind":"rescue","order":1,"arch":["i686"],"tags":["tools"]}""");

        async Task Patch(ImageView image, string json) =>
            Assert.Equal(200, (int)(await Caller.JsonAsync(HttpMethod.Patch, $"/api/v1/images/{image.Id}", json)).Status);
    }

    public async ValueTask DisposeAsync()
    {
        Caller?.Dispose();
        if (Site is not null)
        {
            await Site.DisposeAsync();
        }
    }
}
