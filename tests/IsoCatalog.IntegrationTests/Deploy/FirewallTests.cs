using System.Diagnostics;
using System.Net;
using IsoCatalog.Client;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Deploy;

/// <summary>The firewalls of docs/install.md, as they stand there, in the kernel of this machine: IPv4 and IPv6, and a whole site behind one of them.</summary>
public sealed class FirewallTests : IDisposable
{
    private const string Page = "docs/install.md";
    private const string Nftables = "table inet isocatalog {";
    private const string Firewalld = "firewall-cmd --reload";

    private readonly TempFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    [RunsExample(Page, Nftables)]
    public async Task With_nftables_everybody_comes_to_their_ports_and_to_no_other()
    {
        var rules = Rules();
        await using var bench = await FirewallBench.CreateAsync(Cancel);
        await bench.ListenAsync();
        await LoadAsync(bench, rules);

        Assert.Empty(await bench.WrongDoorsAsync(ssh: _ => true, Cancel));
    }

    [Fact]
    [RunsExample(Page, Nftables)]
    public async Task With_nftables_the_machine_keeps_its_neighbours_its_lease_and_its_way_out()
    {
        var rules = Rules();
        await using var bench = await FirewallBench.CreateAsync(Cancel);
        await bench.ListenAsync();
        await LoadAsync(bench, rules);

        await StandsAsync(bench, rawDhcp: false);
    }

    [Fact]
    [RunsExample(Page, Nftables)]
    public async Task With_nftables_a_BMC_of_the_allowed_network_gets_an_image_and_one_from_elsewhere_does_not()
    {
        var rules = Rules();
        Counterpart.Require("curl");
        await using var bench = await FirewallBench.CreateAsync(Cancel);
        await LoadAsync(bench, rules);
        await using var site = await TestSite.PrepareAsync(Cancel, new TestSiteOptions { OwnProcess = true, Fleet = true, FleetHost = "[::]" });
        await File.WriteAllTextAsync(
            site.ConfigurationPath,
            (await File.ReadAllTextAsync(site.ConfigurationPath, Cancel))
                .Replace("iso: \"127.0.0.1:0\", fleet: \"[::]:0\", swarm: \"[::]:0\"", "iso: \"[::]:80\", metrics: \"[::]:9464\", fleet: \"[::]:58888\", swarm: \"[::]:58889\"", StringComparison.Ordinal)
                .Replace(
                    "  - { name: bmc, kind: ipmi, allow: [\"127.0.0.0/8\"] }",
                    """
                      - { name: bmc, kind: ipmi, address: "10.0.0.5", allow: ["10.100.0.0/16"] }
                      - { name: bmc6, kind: ipmi, address: "2001:db8:1::5", allow: ["fd00:100::/32"] }
                    """,
                    StringComparison.Ordinal),
            Cancel);
        await site.StartAgainAsync(Cancel, bench.Machine.Wrapper);
        using var client = ApplianceClient.OverSocket(site.Socket);
        var bytes = IsoBuilder.InMemory("DEBIAN", 100_000, 1);
        await using (var content = new MemoryStream(bytes))
        {
            await client.UploadImageAsync(content, "debian.iso", null, null, null, Cancel);
        }

        foreach (var (surface, family) in new[] { ("bmc", 0), ("bmc6", 1) })
        {
            AvailableImage? listed = null;
            await TestSite.EventuallyAsync(
                async () => (listed = (await client.GetAvailableAsync(new AvailableRequest(surface), Cancel)).Images.SingleOrDefault()) is not null, Cancel, 60);
            var url = listed!.Mount!.Url!;
            var got = _folder.Combine(surface);
            (await bench.CurlAsync(FirewallBench.Others[FirewallBench.Bmc].From[family], url, got, Cancel)).Succeeded();
            Assert.Equal(bytes, await File.ReadAllBytesAsync(got, Cancel));

            // The firewall alone keeps strangers out: they get no connection, and no 404 either.
            using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var stranger = bench.CurlAsync(FirewallBench.Others[FirewallBench.Stranger].From[family], url, _folder.Combine("stranger"), giveUp.Token);
            (await bench.CurlAsync(FirewallBench.Others[FirewallBench.Bmc].From[family], url, got, Cancel)).Succeeded();
            Assert.False(stranger.IsCompleted);
            Assert.False(File.Exists(_folder.Combine("stranger")));

            (await bench.CurlAsync(
                FirewallBench.Others["Prometheus"].From[family], $"http://{(family == 0 ? "10.0.0.5" : "[2001:db8:1::5]")}:9464/metrics", _folder.Combine("metrics"), Cancel)).Succeeded();
            Assert.Contains("isocatalog_", await File.ReadAllTextAsync(_folder.Combine("metrics"), Cancel), StringComparison.Ordinal);
            foreach (var port in new[] { 58888, 58889 })
            {
                await bench.ConnectFromAsync("site", family, port, Cancel);
            }

            await giveUp.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stranger);
        }
    }

    [Fact]
    [RunsExample(Page, Firewalld)]
    public async Task With_firewalld_everybody_comes_to_their_ports_and_the_machine_keeps_its_neighbours()
    {
        var commands = Assert.Single(PageExamples.Of(Page, Firewalld));
        Counterpart.Require("firewall-cmd");
        Counterpart.Require("dbus-daemon");
        await using var bench = await FirewallBench.CreateAsync(Cancel);
        await bench.ListenAsync();
        using var daemon = await FirewalldAsync(bench, commands);
        try
        {
            // A source in a zone of its own is in no other, so ssh is for those that have none.
            Assert.Empty(await bench.WrongDoorsAsync(ssh: who => who == FirewallBench.Stranger, Cancel));
            await StandsAsync(bench, rawDhcp: true);
        }
        finally
        {
            daemon.StandardInput.Close();
            await daemon.WaitForExitAsync(Cancel);
        }
    }

    private static string Rules() => Assert.Single(PageExamples.Of(Page, Nftables));

    /// <summary>Twice, as when it was changed.</summary>
    private async Task LoadAsync(FirewallBench bench, string rules)
    {
        Counterpart.Require("nft");
        var file = _folder.Combine("isocatalog.nft");
        await File.WriteAllTextAsync(file, rules, Cancel);
        for (var i = 0; i < 2; i++)
        {
            (await bench.Machine.RunAsync(Counterpart.Require("nft"), ["-f", file], TimeSpan.FromMinutes(1), Cancel)).Succeeded();
        }

        var loaded = (await bench.Machine.RunAsync(Counterpart.Require("nft"), ["list", "ruleset"], TimeSpan.FromMinutes(1), Cancel)).Succeeded();
        Assert.Single(loaded.Split('\n'), line => line.Contains("dport 22 ", StringComparison.Ordinal));
    }

    private static async Task StandsAsync(FirewallBench bench, bool rawDhcp)
    {
        foreach (var (own, family) in FirewallBench.Own.Select((own, family) => (own, family)))
        {
            var bmc = FirewallBench.Others[FirewallBench.Bmc].From[family];
            await bench.ForgetNeighboursAsync(Cancel);
            Assert.Equal(1 << 20, await bench.FetchAsync(own, IPAddress.Parse(bmc), Cancel));

            // Each packet was larger than the line takes, and the machine was told so.
            Assert.Contains($"mtu {FirewallBench.Smaller}", await bench.RouteToAsync(bmc, Cancel), StringComparison.Ordinal);
            await bench.ForgetNeighboursAsync(Cancel);
            await bench.ConnectOutAsync(IPAddress.Parse(FirewallBench.Others[FirewallBench.Stranger].From[family]), Cancel);
        }

        await bench.AnswerDhcpAsync(rawDhcp, Cancel);
    }

    /// <summary>The real daemon with a bus of its own, in the machine's namespace, after the commands of the page. It takes its rules away when it ends.</summary>
    private async Task<Process> FirewalldAsync(FirewallBench bench, string commands)
    {
        var work = _folder.Path;
        await File.WriteAllTextAsync(_folder.Combine("commands.sh"), commands, Cancel);
        await File.WriteAllTextAsync(
            _folder.Combine("bus.conf"),
            $"""
            <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
            <busconfig><type>system</type><listen>unix:path={work}/bus</listen>
            <policy context="default"><allow send_destination="*"/><allow own="*"/><allow receive_sender="*"/></policy></busconfig>
            """,
            Cancel);
        var daemon = Process.Start(bench.Machine.Command(
            "bash",
            ["-c", $$"""
                set -eu
                cd '{{work}}'
                exec 3>&1 > daemon.log 2>&1
                mkdir -p etc
                cp /etc/firewalld/firewalld.conf etc/
                firewalld='' bus=''
                trap 'kill $firewalld $bus; wait' EXIT
                mkfifo address
                dbus-daemon --config-file='{{work}}/bus.conf' --nofork --nopidfile --print-address > address & bus=$!
                read -r DBUS_SYSTEM_BUS_ADDRESS < address
                export DBUS_SYSTEM_BUS_ADDRESS
                firewalld --nofork --nopid --system-config '{{work}}/etc' --log-target console & firewalld=$!
                until firewall-cmd --state; do kill -0 $firewalld; done
                bash -eu commands.sh
                echo ready >&3
                cat > /dev/null
                """]))!;
        var said = await daemon.StandardOutput.ReadLineAsync(Cancel);
        if (said != "ready")
        {
            Assert.Fail($"firewalld: {await File.ReadAllTextAsync(_folder.Combine("daemon.log"), Cancel)}{await daemon.StandardError.ReadToEndAsync(Cancel)}");
        }

        return daemon;
    }
}
