using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces;
using IsoCatalog.Testing;
using Xunit;
using EngineDomain = IsoCatalog.Simulators.Engine.EngineDomain;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>A file stays where it is as long as a machine has it in its drive, wherever the engine says so, and is not deleted before that was asked again.</summary>
public sealed class HeldByMachineTests
{
    private const string Api = "GET /ovirt-engine/api/";
    private const string Vm = "0a000000-0000-0000-0000-000000000001";
    private const string Current = $"{Api}vms/{Vm}/cdroms/00000000-0000-0000-0000-000000000000";

    private static CancellationToken Cancel => OvirtBench.Cancel;

    public static TheoryData<string> Ways => ["for the next start", "changed live", "run once", "running and for the next start", "by a path"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_disc_is_found_wherever_a_machine_has_it(string way)
    {
        await using var bench = await StartAsync("web1", "web2");
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await InsertAsync(bench, way);

        var held = OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, receipt, Cancel), ReasonCode.HeldByMachine);
        Assert.Contains("web2", held.Reason, StringComparison.Ordinal);
        Assert.Contains($"{image.Size:N0} bytes", held.Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(bench.Shown(image)));

        await EjectAsync(bench, way);
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        Assert.False(File.Exists(bench.Shown(image)));
    }

    [Fact]
    public async Task A_disc_that_was_in_a_machine_when_it_went_down_holds_nothing()
    {
        await using var bench = await StartAsync("web1");
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await InsertAsync(bench, "changed live", "web1");
        OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, receipt, Cancel), ReasonCode.HeldByMachine);
        await bench.StopMachineAsync("web1");

        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task It_is_held_after_a_restart_too(string way)
    {
        await using var bench = await StartAsync("web2");
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await InsertAsync(bench, way);
        bench.Open();

        OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, receipt, Cancel), ReasonCode.HeldByMachine);
        Assert.True(File.Exists(bench.Shown(image)));
    }

    [Fact]
    public async Task A_file_that_only_its_note_knows_is_held_and_that_is_said()
    {
        await using var bench = await StartAsync("web2");
        var (image, _) = bench.Put("a.iso");
        await bench.PublishAsync(image);
        await InsertAsync(bench, "changed live");
        bench.Open();
        await bench.Surface.CheckAsync(Cancel);

        OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, null, Cancel), ReasonCode.HeldByMachine);
        Assert.True(File.Exists(bench.Shown(image)));
        Assert.Contains(
            await bench.Surface.ObserveAsync([], Cancel),
            f => f.Image is null && f.Code == ReasonCode.HeldByMachine && f.Reason.Contains("web2", StringComparison.Ordinal));
        await EjectAsync(bench, "changed live");
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, null, Cancel));
        Assert.DoesNotContain(await bench.Surface.ObserveAsync([], Cancel), f => f.Code == ReasonCode.HeldByMachine);
    }

    [Fact]
    public async Task A_file_that_was_taken_away_is_not_deleted_under_a_machine_that_reads_it()
    {
        await using var bench = await StartAsync("web2");
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await InsertAsync(bench, "changed live");
        Surfaces.SurfaceContract.FlipOneByte(bench.Shown(image));
        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        bench.Open(OvirtBench.Quick with { Routine = TimeSpan.FromMilliseconds(20) }, grace: TimeSpan.Zero);
        var kept = Assert.Single(Directory.EnumerateFiles(Path.Combine(bench.Hidden, "retired")));

        await TestSite.EventuallyAsync(
            async () =>
            {
                await bench.Surface.CheckAsync(Cancel);
                return (await bench.Surface.ObserveAsync([], Cancel)).Any(
                    f => f.Code == ReasonCode.HeldByMachine && f.Reason.Contains("web2", StringComparison.Ordinal) && f.Reason.Contains(kept, StringComparison.Ordinal)
                        && f.Reason.Contains("not free yet", StringComparison.Ordinal));
            },
            Cancel);
        Assert.True(File.Exists(kept));

        bench.Engine.Faults = bench.Engine.Faults with { NoAdministrator = true };
        await TestSite.EventuallyAsync(
            async () =>
            {
                await bench.Surface.CheckAsync(Cancel);
                return (await bench.Surface.ObserveAsync([], Cancel)).Any(f => f.Reason.Contains("not known", StringComparison.Ordinal));
            },
            Cancel);
        Assert.True(File.Exists(kept));

        bench.Engine.Faults = EngineFaults.None;
        await EjectAsync(bench, "changed live");
        await TestSite.EventuallyAsync(
            async () =>
            {
                await bench.Surface.CheckAsync(Cancel);
                return !File.Exists(kept);
            },
            Cancel);
        Assert.DoesNotContain(await bench.Surface.ObserveAsync([], Cancel), f => f.Code == ReasonCode.HeldByMachine);
    }

    [Theory]
    [InlineData("is no administrator")]
    [InlineData("is down")]
    [InlineData("answers nonsense")]
    public async Task What_is_not_known_of_the_machines_keeps_the_file(string trouble)
    {
        await using var bench = await StartAsync("web2");
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await InsertAsync(bench, "changed live");
        bench.Engine.Faults = trouble switch
        {
            "is down" => new EngineFaults { Down = true },
            "answers nonsense" => new EngineFaults { Garbage = EngineGarbage.Other },
            _ => new EngineFaults { NoAdministrator = true },
        };

        var refused = Assert.IsType<SurfaceOutcome.Refused>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        Assert.Contains("is not known, so the file stays", refused.Reason, StringComparison.Ordinal);
        Assert.True(File.Exists(bench.Shown(image)));
    }

    /// <summary>Each of these is an answer that somebody in an engine's place might give to the one question that counts.</summary>
    [Theory]
    [InlineData("{}", 200)]
    [InlineData("""{"id":"00000000-0000-0000-0000-000000000001"}""", 200)]
    [InlineData("""{"cdrom":[{"id":"00000000-0000-0000-0000-000000000000"}]}""", 200)]
    [InlineData("", 404)]
    [InlineData("""{"reason":"Operation Failed","detail":"No."}""", 400)]
    public async Task A_drive_that_is_not_answered_for_is_not_empty(string answer, int status)
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await using var engine = await ScriptedAsync($$$"""{"cdrom":[{"id":"{{{Guid.Empty:D}}}"}]}""");
        engine.On(Current, answer, status: status);
        bench.Open(url: new Uri(engine.Address, "ovirt-engine"));

        var refused = Assert.IsType<SurfaceOutcome.Refused>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
        Assert.Contains("is not known, so the file stays", refused.Reason, StringComparison.Ordinal);
        Assert.Contains(engine.Requests, r => r.ToString().Contains("?current=true&filter=false", StringComparison.Ordinal));

        engine.On(Current, $$"""{"id":"{{Guid.Empty:D}}"}""");
        await TestSite.EventuallyAsync(async () => await bench.Surface.WithdrawAsync(image, receipt, Cancel) is SurfaceOutcome.Done, Cancel);
    }

    [Fact]
    public async Task An_engine_that_follows_no_links_is_asked_for_each_machines_drives()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await using var engine = await ScriptedAsync("null");
        engine.On(Current, $$"""{"id":"{{Guid.Empty:D}}"}""")
            .On(Current[..Current.LastIndexOf('/')], $$$"""{"cdrom":[{"id":"{{{Guid.Empty:D}}}","file":{"id":"a.iso"}}]}""");
        bench.Open(url: new Uri(engine.Address, "ovirt-engine"));

        OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, receipt, Cancel), ReasonCode.HeldByMachine);
    }

    [Fact]
    public async Task A_machine_with_a_file_of_the_same_name_from_another_domain_holds_nothing()
    {
        var other = Guid.NewGuid();
        await using var bench = await OvirtBench.StartAsync(with: o => o with
        {
            Domains = [.. o.Domains, new EngineDomain(o.Domains[0].Path + "-2", other) { Name = "iso-2", DataCenters = ["Other"] }],
            Machines = [new EngineMachine("web2", "Other")],
        });
        var (image, _) = bench.Put("a.iso");
        var receipt = await bench.PublishAsync(image);
        await File.WriteAllTextAsync(Path.Combine(IsoDomainFolder.Create(bench.Export + "-2", other), "a.iso"), "of the other domain", Cancel);
        await InsertAsync(bench, "changed live");

        Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.WithdrawAsync(image, receipt, Cancel));
    }

    [Fact]
    public async Task Many_removals_ask_each_running_machine_once_and_a_held_file_only_its_holder_again()
    {
        const int Machines = 200;
        await using var bench = await OvirtBench.StartAsync(
            OvirtBench.Quick with { Gather = TimeSpan.FromMilliseconds(500) },
            o => o with { Machines = [.. Enumerable.Range(0, Machines).Select(i => new EngineMachine($"web{i:000}")), new EngineMachine("elsewhere", "Other")] });
        var images = await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            var (image, _) = bench.Put($"image-{i}.iso", 5000);
            return (Image: image, Receipt: await bench.PublishAsync(image));
        }));

        for (var i = 0; i < 20; i++)
        {
            await bench.StartMachineAsync($"web{i:000}");
        }

        await bench.StartMachineAsync("elsewhere");
        await bench.InsertAsync("web007", "image-3.iso", now: true);
        var before = Drives(bench);
        var outcomes = await Task.WhenAll(images.Select(i => bench.Surface.WithdrawAsync(i.Image, i.Receipt, Cancel)));

        Assert.Equal(["image-3.iso"], images.Where((_, n) => outcomes[n] is SurfaceOutcome.Refused).Select(i => i.Image.FileName));
        Assert.Equal(20, Drives(bench) - before);
        Assert.InRange(bench.Engine.Requests.Count(r => r.Target.Contains("/vms?follow=cdroms", StringComparison.Ordinal)), 1, 1);

        before = Drives(bench);
        OvirtBench.Refused(await bench.Surface.WithdrawAsync(images[3].Image, images[3].Receipt, Cancel), ReasonCode.HeldByMachine);
        Assert.Equal(1, Drives(bench) - before);
    }

    /// <summary>An engine with one machine that is up, as far as it is asked for machines.</summary>
    /// <param name="drives">What it says of the machine's drives in the list of all machines.</param>
    private static async Task<ScriptedSite> ScriptedAsync(string drives)
    {
        var (engine, center) = (await ScriptedSite.StartAsync(), "0c000000-0000-0000-0000-000000000001");
        return engine
            .On("POST /ovirt-engine/sso/oauth/token", """{"access_token":"t0ken","exp":"9223372036854775807"}""")
            .On($"{Api}storagedomains/{OvirtBench.Domain:D}", $$$"""{"id":"{{{OvirtBench.Domain:D}}}","type":"iso","data_centers":{"data_center":[{"id":"{{{center}}}"}]}}""")
            .On($"{Api}datacenters/{center}/storagedomains/{OvirtBench.Domain:D}", $$"""{"id":"{{OvirtBench.Domain:D}}","status":"active"}""")
            .On($"{Api}datacenters", "{}")
            .On($"{Api}clusters", "{}")
            .On($"{Api}vms", $$$"""{"vm":[{"id":"{{{Vm}}}","name":"web1","status":"up","cdroms":{{{drives}}}}]}""");
    }

    private static int Drives(OvirtBench bench) => bench.Engine.Requests.Count(r => r.Method == "GET" && r.Target.Contains("/cdroms/", StringComparison.Ordinal));

    private static Task<OvirtBench> StartAsync(params string[] machines) =>
        OvirtBench.StartAsync(with: o => o with { Machines = [.. machines.Select(m => new EngineMachine(m))] });

    private static async Task InsertAsync(OvirtBench bench, string way, string machine = "web2")
    {
        switch (way)
        {
            case "for the next start":
                await bench.InsertAsync(machine, "a.iso");
                break;
            case "run once":
                await bench.StartMachineAsync(machine, once: "a.iso");
                break;
            case "running and for the next start":
                await bench.InsertAsync(machine, "a.iso");
                await bench.StartMachineAsync(machine);
                break;
            default:
                await bench.StartMachineAsync(machine);
                await bench.InsertAsync(machine, way == "by a path" ? "/some/where/a.iso" : "a.iso", now: true);
                break;
        }
    }

    private static async Task EjectAsync(OvirtBench bench, string way, string machine = "web2")
    {
        await bench.InsertAsync(machine, "");
        if (way != "for the next start")
        {
            await bench.InsertAsync(machine, "", now: true);
        }
    }
}
