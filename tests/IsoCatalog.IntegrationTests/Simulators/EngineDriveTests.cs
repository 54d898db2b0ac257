using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IsoCatalog.Simulators.Engine;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>The drives of virtual machines, as the engine's source has them: BackendVmCdromsResource, BackendVmCdromResource, ChangeDiskCommand, UpdateVmCommand.</summary>
public sealed class EngineDriveTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("?current=true")]
    [InlineData("?current")]
    [InlineData(";current=yes")]
    public async Task Only_the_single_drive_shows_what_is_in_a_running_machine(string current)
    {
        await using var bench = await OneMachineAsync();
        var (vm, drive) = await DriveAsync(bench);
        await SendAsync(bench, HttpMethod.Post, vm + "/start", "<action/>");
        Assert.Equal(HttpStatusCode.OK, await SendAsync(bench, HttpMethod.Put, drive + current, "<cdrom><file id=\"a.iso\"/></cdrom>"));

        Assert.Equal("a.iso", await DiscAsync(bench, drive + current));
        Assert.Null(await DiscAsync(bench, drive));
        Assert.Null(await DiscAsync(bench, drive + "?current=maybe"));
        var all = (await bench.JsonAsync($"{vm[4..]}/cdroms{current}"))["cdrom"]!.AsArray();
        Assert.False(Assert.Single(all)!.AsObject().ContainsKey("file"));
    }

    [Fact]
    public async Task Run_once_puts_a_disc_in_for_this_run_alone()
    {
        await using var bench = await OneMachineAsync();
        var (vm, drive) = await DriveAsync(bench);
        Assert.Equal(
            HttpStatusCode.OK,
            await SendAsync(bench, HttpMethod.Post, vm + "/start", "<action><vm><cdroms><cdrom><file id=\"a.iso\"/></cdrom></cdroms></vm></action>"));

        Assert.Equal("a.iso", await DiscAsync(bench, drive + "?current=true"));
        Assert.Null(await DiscAsync(bench, drive));
    }

    [Fact]
    public async Task What_was_in_the_drive_is_not_forgotten_when_the_machine_goes_down()
    {
        await using var bench = await OneMachineAsync();
        var (vm, drive) = await DriveAsync(bench);
        await SendAsync(bench, HttpMethod.Post, vm + "/start", "<action/>");
        await SendAsync(bench, HttpMethod.Put, drive + "?current=true", "<cdrom><file id=\"a.iso\"/></cdrom>");
        await SendAsync(bench, HttpMethod.Post, vm + "/stop", "<action/>");

        Assert.Equal("down", (string?)(await bench.JsonAsync(vm[4..]))["status"]);
        Assert.Equal("a.iso", await DiscAsync(bench, drive + "?current=true"));
    }

    [Fact]
    public async Task A_file_without_an_id_changes_nothing_for_the_next_start_and_ejects_now()
    {
        await using var bench = await OneMachineAsync();
        var (vm, drive) = await DriveAsync(bench);
        await SendAsync(bench, HttpMethod.Put, drive, "<cdrom><file id=\"a.iso\"/></cdrom>");
        await SendAsync(bench, HttpMethod.Post, vm + "/start", "<action/>");

        Assert.Equal(HttpStatusCode.OK, await SendAsync(bench, HttpMethod.Put, drive, "<cdrom><file/></cdrom>"));
        Assert.Equal("a.iso", await DiscAsync(bench, drive));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(bench, HttpMethod.Put, drive + "?current=true", "<cdrom><file/></cdrom>"));
        Assert.Null(await DiscAsync(bench, drive + "?current=true"));
        Assert.Equal("a.iso", await DiscAsync(bench, drive));
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(bench, HttpMethod.Put, drive, "<cdrom/>"));
    }

    [Fact]
    public async Task A_live_change_looks_at_no_list_and_fails_where_the_host_finds_no_file()
    {
        await using var bench = await OneMachineAsync();
        var (vm, drive) = await DriveAsync(bench);
        var now = drive + "?current=true";
        await SendAsync(bench, HttpMethod.Post, vm + "/start", "<action/>");
        bench.Put("new.iso");
        var refreshes = bench.Engine.Refreshes;

        Assert.Equal(HttpStatusCode.OK, await SendAsync(bench, HttpMethod.Put, now, "<cdrom><file id=\"new.iso\"/></cdrom>"));
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(bench, HttpMethod.Put, now, "<cdrom><file id=\"gone.iso\"/></cdrom>"));
        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(bench, HttpMethod.Put, now, "<cdrom><file id=\"notes.txt\"/></cdrom>"));
        Assert.Equal("new.iso", await DiscAsync(bench, now));
        Assert.Equal(HttpStatusCode.OK, await SendAsync(bench, HttpMethod.Put, now, "<cdrom><file id=\"any/where/a.iso\"/></cdrom>"));
        Assert.Equal("any/where/a.iso", await DiscAsync(bench, now));
        Assert.Equal(refreshes, bench.Engine.Refreshes);
    }

    [Fact]
    public async Task A_change_for_the_next_start_goes_by_the_list_as_it_is()
    {
        await using var bench = await OneMachineAsync();
        var (_, drive) = await DriveAsync(bench);
        bench.Put("new.iso");

        Assert.Equal(HttpStatusCode.BadRequest, await SendAsync(bench, HttpMethod.Put, drive, "<cdrom><file id=\"new.iso\"/></cdrom>"));
        await bench.NamesAsync();
        Assert.Equal(HttpStatusCode.OK, await SendAsync(bench, HttpMethod.Put, drive, "<cdrom><file id=\"new.iso\"/></cdrom>"));
    }

    [Fact]
    public async Task Links_to_drives_are_followed_to_those_of_the_next_start()
    {
        await using var bench = await OneMachineAsync();
        var (vm, drive) = await DriveAsync(bench);
        await SendAsync(bench, HttpMethod.Put, drive, "<cdrom><file id=\"a.iso\"/></cdrom>");

        foreach (var machine in new[] { (await bench.JsonAsync("vms?follow=cdroms&current=true"))["vm"]![0]!, await bench.JsonAsync(vm[4..] + "?follow=cdroms") })
        {
            Assert.Equal(("a.iso", Guid.Empty.ToString("D")), ((string?)machine["cdroms"]!["cdrom"]![0]!["file"]!["id"], (string?)machine["cdroms"]!["cdrom"]![0]!["id"]));
        }

        var xml = await bench.XmlAsync("vms?follow=cdroms");
        Assert.Equal("a.iso", xml.Element("vm")!.Element("cdroms")!.Element("cdrom")!.Element("file")!.Attribute("id")!.Value);
        Assert.False((await bench.JsonAsync("vms"))["vm"]![0]!.AsObject().ContainsKey("cdroms"));
    }

    [Fact]
    public async Task Who_is_no_administrator_is_shown_no_machine_and_refused_when_he_asks_for_all()
    {
        await using var bench = await OneMachineAsync();
        bench.Engine.Faults = new EngineFaults { NoAdministrator = true };

        Assert.Empty(await bench.JsonAsync("vms"));
        Assert.Equal(HttpStatusCode.BadRequest, await bench.StatusAsync("api/vms?filter=false"));
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/vms") { Headers = { { "Filter", "false" } } };
        using var refused = await bench.Http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal(["a.iso"], await bench.NamesAsync());
    }

    private static async Task<EngineBench> OneMachineAsync()
    {
        var bench = await EngineBench.StartAsync(o => o with { Machines = [new EngineMachine("web1")] });
        bench.Put("a.iso");
        await bench.NamesAsync();
        return bench;
    }

    private static async Task<(string Machine, string Drive)> DriveAsync(EngineBench bench)
    {
        var vm = "api/vms/" + (string)(await bench.JsonAsync("vms"))["vm"]![0]!["id"]!;
        return (vm, $"{vm}/cdroms/{Guid.Empty:D}");
    }

    private static async Task<string?> DiscAsync(EngineBench bench, string drive) =>
        (await bench.XmlAsync(drive[4..])).Element("file")?.Attribute("id")?.Value;

    private static async Task<HttpStatusCode> SendAsync(EngineBench bench, HttpMethod method, string path, string text)
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(text, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/xml")) };
        using var response = await bench.Http.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
