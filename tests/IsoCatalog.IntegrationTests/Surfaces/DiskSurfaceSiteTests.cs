using IsoCatalog.Appliance;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>A whole site with a volume, and with a surface that has no files: what is known of an image there is what the surface said and the database kept.</summary>
public sealed class DiskSurfaceSiteTests : IAsyncLifetime
{
    private const string Name = "debian-12.iso";

    private readonly DiskDomain _domain = new();
    private readonly byte[] _bytes = IsoBuilder.InMemory("DEBIAN", 300_000, 1);
    private TestSite? _folders;
    private SiteHost? _site;
    private IApplianceClient? _client;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IApplianceClient Client => _client!;

    public async ValueTask InitializeAsync()
    {
        _folders = await TestSite.PrepareAsync(
            Cancel, new TestSiteOptions { Surfaces = """  - { name: console, kind: volume, path: "{root}/console", check: 1s }""" });
        Directory.CreateDirectory(_folders.Console);
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_folders is not null)
        {
            await _folders.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_image_is_mounted_by_what_the_surface_keeps_of_it_and_survives_a_restart_and_goes_when_it_is_removed()
    {
        var disk = await PublishAsync();
        Assert.Equal(_bytes, _domain.Read(disk));
        var lease = await Client.TakeLeaseAsync(new LeaseRequest(Name, "vm", "web1", null), Cancel);
        Assert.Equal(Mount(disk), lease.Mount);
        await StopAsync();

        await StartAsync();
        Assert.Equal(Mount(disk), await MountAsync());
        Assert.Equal(Mount(disk), (await Client.GetLeaseAsync(lease.Id, Cancel)).Mount);
        Assert.Equal(1, _domain.Made);

        await Client.RemoveImageAsync(Name, null, Cancel);
        Assert.Null(await MountAsync());
        Assert.Equal(Name, Assert.Single(_domain.Offered).Value);
        await Client.EndLeaseAsync(lease.Id, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(_domain.All().Count == 0), Cancel);
    }

    [Fact]
    public async Task A_disk_that_changed_leaves_the_list_and_comes_back_as_another_whether_the_site_ran_or_not()
    {
        var first = await PublishAsync();
        await StopAsync();
        _domain.FlipOneByte(first);

        await StartAsync();
        var second = await ComesBackAsync(first);
        Assert.Equal(_bytes, _domain.Read(second));
        _domain.FlipOneByte(second);
        await Client.RefreshSurfaceAsync("vm", Cancel);
        var third = await ComesBackAsync(second);
        Assert.Equal(_bytes, _domain.Read(third));
        Assert.Equal([third], _domain.All().Select(d => d.Id));
    }

    private async Task StartAsync()
    {
        var loaded = Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Load(_folders!.ConfigurationPath));
        _site = await SiteHost.StartAsync(
            loaded.Configuration,
            new SiteHostOptions(OpenOnLoopback: true)
            {
                Surfaces = [new DiskSurface("vm", _domain)],
                Logging = _ =>
                {
                },
            },
            Cancel);
        _client = ApplianceClient.At(_site.Api);
    }

    private async Task StopAsync()
    {
        _client?.Dispose();
        if (_site is { } site)
        {
            _site = null;
            await site.DisposeAsync();
        }
    }

    private async Task<Guid> PublishAsync()
    {
        using var upload = new MemoryStream(_bytes);
        await Client.UploadImageAsync(upload, Name, null, null, null, Cancel);
        return await ComesBackAsync(Guid.Empty);
    }

    /// <summary>In the list, by another disk than that one.</summary>
    private async Task<Guid> ComesBackAsync(Guid before)
    {
        var disk = before;
        await TestSite.EventuallyAsync(async () => await MountAsync() is { FileId: { } id } && (disk = Guid.Parse(id)) != before, Cancel);
        return disk;
    }

    private SurfaceMount Mount(Guid disk) => new(DomainId: _domain.Id.ToString("D"), FileId: disk.ToString("D"));

    private async Task<SurfaceMount?> MountAsync() =>
        (await Client.GetAvailableAsync(new AvailableRequest("vm"), Cancel)).Images.SingleOrDefault(i => i.Name == Name)?.Mount;
}
