using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Scenarios;

/// <summary>Somebody removes, restores, holds or damages while the engine is being asked: the domain's own races, with a whole site and a simulated engine.</summary>
public sealed class IsoDomainRaceTests
{
    private const int Size = 400_000;

    private static readonly byte[] Bytes = IsoBuilder.InMemory("DEBIAN", Size, 1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_removed_while_the_engine_is_asked_for_it_is_never_offered_and_leaves_the_domain()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await PlacedAsync(site, domain);
        var removed = Witness.Now;
        await site.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
        domain.Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(
            async () => !File.Exists(Path.Combine(domain.Files, image.Name)) && !(await domain.ListAsync(Cancel)).Contains(image.Name) && await StateAsync(site, image) == "retired", Cancel);
        Assert.DoesNotContain(
            await witness.EventsAsync(),
            e => e.Surface == "ovirt" && e.Image == image.Id && e.At >= removed && e.Text.Contains("is available", StringComparison.Ordinal));

        await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
        await WholeAsync(site, domain, witness, image);
    }

    [Fact]
    public async Task A_file_damaged_while_the_engine_is_asked_for_it_is_not_offered_before_it_is_whole_again()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await PlacedAsync(site, domain);
        await Damage.DoAsync(Path.Combine(domain.Files, image.Name), "edited in place");
        domain.Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(() => site.ListsAsync("ovirt", image.Id, Cancel), Cancel);
        Assert.Equal(Bytes, await File.ReadAllBytesAsync(Path.Combine(domain.Files, image.Name), Cancel));
        Assert.Empty(await witness.LeftAsync(image.Id, "ovirt", default));
        await WholeAsync(site, domain, witness, image);
    }

    [Fact]
    public async Task A_lease_granted_while_the_image_is_removed_keeps_its_file_in_the_engines_list_until_it_ends()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", Bytes), Cancel);
        var granted = 0;
        for (var round = 0; round < 6; round++)
        {
            var asked = TryAsync(async () =>
            {
                await Task.Delay(round % 3, Cancel);
                return await site.Client.TakeLeaseAsync(new LeaseRequest(image.Id.ToString(), "ovirt", "vm1", 600), Cancel);
            });
            await site.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
            if (await asked is { } lease)
            {
                granted++;
                await site.Client.RefreshSurfaceAsync("ovirt", Cancel);
                Assert.Contains(lease.Mount.FileId!, await domain.ListAsync(Cancel));
                Assert.Equal(Bytes, await File.ReadAllBytesAsync(Path.Combine(domain.Files, lease.Mount.FileId!), Cancel));
                await site.Client.EndLeaseAsync(lease.Id, Cancel);
            }

            await TestSite.EventuallyAsync(async () => !File.Exists(Path.Combine(domain.Files, image.Name)) && await StateAsync(site, image) == "retired", Cancel);
            await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
            await WholeAsync(site, domain, witness, image);
        }

        TestContext.Current.TestOutputHelper!.WriteLine($"{granted} of 6 leases were granted.");
    }

    /// <summary>At every distance from the removal: before the file moves, while the engine is asked, after it.</summary>
    [Fact]
    public async Task A_restore_at_any_moment_of_a_removal_brings_the_image_back_into_the_engines_list()
    {
        await using var domain = await SimulatedDomain.StartAsync();
        await using var site = await StartAsync(domain);
        using var witness = new Witness(site);
        var image = await site.AddAsync(site.Write("debian-12.iso", Bytes), Cancel);
        for (var ms = 0; ms < 400; ms += 50)
        {
            await site.Client.RemoveImageAsync(image.Id.ToString(), null, Cancel);
            await Task.Delay(ms, Cancel);
            await site.Client.RestoreImageAsync(image.Id.ToString(), Cancel);
            await WholeAsync(site, domain, witness, image);
        }

        Assert.Empty((await site.Client.GetDriftAsync(Cancel)).Drift);
    }

    private static Task<TestSite> StartAsync(SimulatedDomain domain) => Scenario.StartAsync(new TestSiteOptions
    {
        EnginePace = 50,
        Extra = "store: { floor: 1MiB }\noffer: asap",
        Surfaces =
            $$"""
              - { name: bmc, kind: ipmi, allow: ["127.0.0.0/8"] }
            {{domain.Surface}}
            """,
    });

    /// <summary>An image whose file lies in the domain, while the engine takes its time to list it.</summary>
    private static async Task<ImageView> PlacedAsync(TestSite site, SimulatedDomain domain)
    {
        domain.Engine.Faults = new() { Hide = ["debian-12.iso"] };
        var image = await site.Client.UploadImageAsync(new MemoryStream(Bytes), "debian-12.iso", null, null, null, Cancel);
        await TestSite.EventuallyAsync(() => Task.FromResult(File.Exists(Path.Combine(domain.Files, image.Name))), Cancel);
        Assert.NotEqual(CellState.Advertised, (await site.CellAsync(image.Id, "ovirt", Cancel)).State);
        return image;
    }

    private static async Task WholeAsync(TestSite site, SimulatedDomain domain, Witness witness, ImageView image)
    {
        await witness.ListedAsync(image.Id, "bmc", "ovirt");
        Assert.Contains(image.Name, await domain.ListAsync(Cancel));
        Assert.Equal(Bytes, await File.ReadAllBytesAsync(Path.Combine(domain.Files, image.Name), Cancel));
    }

    private static async Task<string> StateAsync(TestSite site, ImageView image) => (await site.Client.GetImageAsync(image.Id.ToString(), Cancel)).Store.State;

    private static async Task<LeaseView?> TryAsync(Func<Task<LeaseView>> lease)
    {
        try
        {
            return await lease();
        }
        catch (ApplianceException e) when (e.Problem.Code is "not-ready" or "not-found")
        {
            return null;
        }
    }
}
