using IsoCatalog.Appliance;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>A whole site with a console volume and an ISO domain that a simulated engine lists in two data centers.</summary>
public sealed class OvirtSiteTests : IAsyncLifetime
{
    private OvirtBench? _bench;
    private TestSite? _folders;
    private SiteHost? _site;
    private ApiCaller? _caller;

    private static CancellationToken Cancel => OvirtBench.Cancel;

    private EngineSimulator Engine => _bench!.Engine;

    private ApiCaller Caller => _caller!;

    public async ValueTask InitializeAsync()
    {
        _bench = await OvirtBench.StartAsync(
            with: o => o with
            {
                Domains = [new EngineDomain(o.Domains[0].Path, OvirtBench.Domain) { DataCenters = ["Default", "Second"] }],
                Machines = [new EngineMachine("web1", "Second")],
            },
            check: false);
        File.SetUnixFileMode(_bench.PasswordFile, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _folders = await TestSite.PrepareAsync(Cancel, new TestSiteOptions
        {
            Surfaces = $$"""
                  - { name: console, kind: volume, path: "{root}/console", check: 1s }
                  - name: vm
                    kind: ovirt-iso-domain
                    path: {{_bench.Export}}
                    domain: {{OvirtBench.Domain:D}}
                    check: 1s
                    engine: { url: "{{Engine.Url}}", user: admin@internal, passwordFile: "{{_bench.PasswordFile}}", caFile: "{{Engine.CaFile}}" }
                """,
            Extra = "store: { floor: 1MiB }\noffer: asap",
        });
        Directory.CreateDirectory(_folders.Console);
        var loaded = Assert.IsType<ConfigurationResult.Loaded>(ConfigurationFile.Load(_folders.ConfigurationPath));
        Assert.Empty(HostCheck.Run(loaded, TimeProvider.System.GetUtcNow()));
        _site = await SiteHost.StartAsync(
            loaded.Configuration,
            new SiteHostOptions(OpenOnLoopback: true)
            {
                Engines = OvirtBench.Quick with { Silence = TimeSpan.FromMilliseconds(300), Lag = TimeSpan.FromSeconds(2) },
                Logging = _ =>
                {
                },
            },
            Cancel);
        _caller = new ApiCaller(_site.Api);
    }

    public async ValueTask DisposeAsync()
    {
        _caller?.Dispose();
        if (_site is not null)
        {
            await _site.DisposeAsync();
        }

        if (_folders is not null)
        {
            await _folders.DisposeAsync();
        }

        if (_bench is not null)
        {
            await _bench.DisposeAsync();
        }
    }

    [Fact]
    public async Task An_image_is_offered_by_domain_and_file_once_the_engine_lists_it_and_by_cluster()
    {
        await AddAsync("debian.iso");

        var mount = (await Caller.GetAsync("/api/v1/available?surface=ovirt")).Json["images"]![0]!["mount"]!.AsObject();
        Assert.Equal(
            [("domainId", OvirtBench.Domain.ToString("D")), ("fileId", "debian.iso")],
            mount.Select(m => (m.Key, m.Value!.GetValue<string>())).Order());
        Assert.Equal(["debian.iso"], await ListAsync("ovirt", "Default"));
        Assert.Equal(["debian.iso"], await ListAsync("vm", Engine.ClusterId("Second").ToString("D")));
        (await Caller.GetAsync("/api/v1/available?surface=ovirt&cluster=nowhere")).Refused(404, "unknown-surface");
        (await Caller.GetAsync("/api/v1/available?surface=console&cluster=Default")).Refused(404, "unknown-surface");

        Engine.Faults = Engine.Faults with { Status = new Dictionary<string, string> { ["Second"] = "maintenance" } };
        await TestSite.EventuallyAsync(async () => (await ListAsync("ovirt", "Second")).Count == 0, Cancel);
        Assert.Empty(await ListAsync("ovirt"));
        Assert.Equal(["debian.iso"], await ListAsync("ovirt", "Default"));
        Assert.Equal(["debian.iso"], await ListAsync("console"));
        await TestSite.EventuallyAsync(
            async () => (await Caller.GetAsync("/api/v1/drift")).Json["drift"]!.AsArray()
                .Any(d => (string?)d!["code"] == ReasonCode.DomainInactive && ((string)d["reason"]!).Contains("Second", StringComparison.Ordinal)),
            Cancel);
        var lease = await Caller.JsonAsync(HttpMethod.Post, "/api/v1/leases", """{"image":"debian.iso","surface":"vm","client":"web1"}""");
        Assert.Equal(201, (int)lease.Status);

        Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(async () => (await ListAsync("ovirt")).Count == 1, Cancel);
    }

    [Fact]
    public async Task An_engine_that_is_down_takes_the_list_of_its_own_surface_alone()
    {
        await AddAsync("debian.iso");
        Engine.Faults = Engine.Faults with { Down = true };

        await TestSite.EventuallyAsync(async () => (await ListAsync("ovirt")).Count == 0, Cancel);
        Assert.Equal(["debian.iso"], await ListAsync("console"));
        var cell = (await Caller.GetAsync("/api/v1/images/debian.iso")).Json["ready"]!["ams"]!["vm"]!;
        Assert.Equal(ReasonCode.SurfaceUnreachable, (string?)cell["code"]);
        Assert.Contains("engine", (string)cell["reason"]!, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_bench!.Files, "debian.iso")));
        Assert.Contains("isocatalog_engine_up{surface=\"vm\"} 0", (await Caller.GetAsync("/metrics")).Text, StringComparison.Ordinal);

        Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(async () => (await ListAsync("ovirt")).Count == 1, Cancel);
        var page = (await Caller.GetAsync("/metrics")).Text;
        Assert.Contains("isocatalog_engine_up{surface=\"vm\"} 1", page, StringComparison.Ordinal);
        var engines = SiteMetricsTests.Served(page).Where(m => m.StartsWith("isocatalog_engine_", StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        Assert.Equal((await SiteMetricsTests.DocumentedAsync()).Where(m => m.StartsWith("isocatalog_engine_", StringComparison.Ordinal)).Order(StringComparer.Ordinal), engines);
    }

    [Fact]
    public async Task Automation_has_the_engine_list_the_domain_and_hears_what_it_lists()
    {
        await AddAsync("debian.iso");
        await File.WriteAllTextAsync(Path.Combine(_bench!.Files, "virtio-win.iso"), "drivers", Cancel);
        File.SetUnixFileMode(Path.Combine(_bench.Files, "virtio-win.iso"), UnixFileMode.OtherRead | UnixFileMode.UserRead);
        using var client = ApplianceClient.At(_site!.Api);

        var answer = await client.RefreshSurfaceAsync("vm", Cancel);
        Assert.Equal(["debian.iso"], answer.Available);
        Assert.Equal(["debian.iso", "virtio-win.iso"], answer.Listed);
        Assert.Empty(answer.Missing);
        Assert.Equal(["Default", "Second"], answer.DataCenters!.Where(d => d.Ready).Select(d => d.Name).Order());
        Assert.Null((await client.RefreshSurfaceAsync("console", Cancel)).Listed);
        (await Caller.SendAsync(HttpMethod.Post, "/api/v1/surfaces/none/refresh", null)).Refused(404, "unknown-surface");

        Engine.Faults = Engine.Faults with { Hide = ["debian.iso"] };
        var missing = Assert.Single((await client.RefreshSurfaceAsync("vm", Cancel)).Missing);
        Assert.Equal("debian.iso", missing.Name);
        await TestSite.EventuallyAsync(async () => (await ListAsync("ovirt")).Count == 0, Cancel);
        Engine.Faults = Engine.Faults with { Hide = [], FailingDataCenters = ["Second"] };
        var refused = await Caller.SendAsync(HttpMethod.Post, "/api/v1/surfaces/vm/refresh", null);
        refused.Refused(502, "engine-failed");
        Assert.Contains(ReasonCode.EngineRefreshFailed, refused.Text, StringComparison.Ordinal);

        Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(async () => (await ListAsync("ovirt")).Count == 1, Cancel);
    }

    [Fact]
    public async Task A_removed_image_leaves_the_domain_and_the_engines_list()
    {
        await AddAsync("debian.iso");
        await AddAsync("rescue.iso", 2);
        Assert.True((await Caller.SendAsync(HttpMethod.Delete, "/api/v1/images/debian.iso", null)).Status is System.Net.HttpStatusCode.OK or System.Net.HttpStatusCode.NoContent or System.Net.HttpStatusCode.Accepted);

        Assert.Equal(["rescue.iso"], await ListAsync("ovirt"));
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(Path.Combine(_bench!.Files, "debian.iso"))), Cancel);
        using var client = ApplianceClient.At(_site!.Api);
        Assert.Equal(["rescue.iso"], (await client.RefreshSurfaceAsync("vm", Cancel)).Listed);
    }

    /// <summary>As the guide for panels says it: the disc is changed in the running machine.</summary>
    [Fact]
    public async Task A_removed_image_in_a_running_machine_is_said_to_who_removes_it_in_the_status_and_on_the_page()
    {
        await AddAsync("debian.iso");
        await _bench!.StartMachineAsync("web1");
        await _bench.InsertAsync("web1", "debian.iso", now: true);
        var file = Path.Combine(_bench.Files, "debian.iso");

        var (exit, output, error) = await TestSite.RunAsync(["rm", "debian.iso", "--yes", "--config", _folders!.ConfigurationPath], Cancel);
        Assert.Equal((0, "debian.iso is in no list any more. To bring it back: isocatalog restore debian.iso\n"), (exit, output));
        Assert.Contains("It still lies on vm, and its space there is not free yet.", error, StringComparison.Ordinal);
        Assert.Contains("web1", error, StringComparison.Ordinal);
        Assert.True(File.Exists(file));
        Assert.Empty(await ListAsync("ovirt"));

        var status = await TestSite.RunAsync(["status", "--config", _folders.ConfigurationPath], Cancel);
        foreach (var told in new[] { status.Output, (await Caller.GetAsync("/api/v1/drift")).Text, (await Caller.GetAsync("/")).Text })
        {
            Assert.Contains(ReasonCode.HeldByMachine, told, StringComparison.Ordinal);
            Assert.Contains("web1", told, StringComparison.Ordinal);
            Assert.Contains("are not free", told, StringComparison.Ordinal);
        }

        await _bench.InsertAsync("web1", "", now: true);
        await TestSite.EventuallyAsync(() => Task.FromResult(!File.Exists(file)), Cancel, seconds: 90);
        await TestSite.EventuallyAsync(async () => (await Caller.GetAsync("/api/v1/drift")).Json["drift"]!.AsArray().Count == 0, Cancel);
    }

    [Fact]
    public async Task A_file_that_is_damaged_in_the_domain_leaves_the_list_and_comes_back_whole()
    {
        await AddAsync("debian.iso");
        var path = Path.Combine(_bench!.Files, "debian.iso");
        var bytes = await File.ReadAllBytesAsync(path, Cancel);
        Surfaces.SurfaceContract.FlipOneByte(path);

        await TestSite.EventuallyAsync(
            async () =>
            {
                try
                {
                    return (await File.ReadAllBytesAsync(path, Cancel)).AsSpan().SequenceEqual(bytes) && (await ListAsync("ovirt")).Count == 1;
                }
                catch (FileNotFoundException)
                {
                    return false;
                }
            },
            Cancel);
    }

    private async Task AddAsync(string name, int seed = 1)
    {
        var path = Path.Combine(_folders!.Root, name);
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("TEST", 20_000, seed), Cancel);
        using var client = ApplianceClient.At(_site!.Api);
        await using (var file = File.OpenRead(path))
        {
            await client.UploadImageAsync(file, name, null, null, null, Cancel);
        }

        await TestSite.EventuallyAsync(async () => (await ListAsync("ovirt")).Contains(name) && (await ListAsync("console")).Contains(name), Cancel);
    }

    private async Task<IReadOnlyList<string>> ListAsync(string surface, string? cluster = null)
    {
        var answer = await Caller.GetAsync($"/api/v1/available?surface={surface}{(cluster is null ? "" : $"&cluster={cluster}")}");
        return answer.Status == System.Net.HttpStatusCode.OK ? [.. answer.Names.Order(StringComparer.Ordinal)] : [answer.Text];
    }
}
