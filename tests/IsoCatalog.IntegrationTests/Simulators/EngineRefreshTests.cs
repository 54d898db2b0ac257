using System.Net;
using System.Net.Http.Headers;
using System.Text;
using IsoCatalog.Simulators.Engine;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>What the list of an ISO domain's files shows, and what a refresh really does.</summary>
public sealed class EngineRefreshTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_listed_by_a_refresh_which_is_the_default()
    {
        await using var bench = await EngineBench.StartAsync();
        Assert.Empty(await bench.NamesAsync());
        bench.Put("a.iso");

        Assert.Empty(await bench.NamesAsync("?refresh=false"));
        Assert.Equal(["a.iso"], await bench.NamesAsync());
        bench.Put("b.iso");
        Assert.Equal(["a.iso"], await bench.NamesAsync("?refresh=false"));
        Assert.Equal(["a.iso", "b.iso"], await bench.NamesAsync(";refresh=true"));
    }

    [Fact]
    public async Task Without_a_refresh_the_list_is_a_minute_old_at_most()
    {
        await using var bench = await EngineBench.StartAsync();
        await bench.NamesAsync();
        bench.Put("a.iso");
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await bench.NamesAsync("?refresh=false"));

        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["a.iso"], await bench.NamesAsync("?refresh=false"));
        Assert.Equal(2, bench.Engine.Refreshes);
    }

    [Fact]
    public async Task Every_file_is_listed_whatever_its_name_and_directory_but_not_what_qemu_cannot_read()
    {
        await using var bench = await EngineBench.StartAsync();
        foreach (var name in (string[])[".hidden.iso", "x.iso.part", "notes.txt", "floppy.vfd", "sub/in.iso"])
        {
            bench.Put(name);
        }

        bench.Put("private.iso", UnixFileMode.UserRead | UnixFileMode.UserWrite);

        Assert.Equal([".hidden.iso", "floppy.vfd", "notes.txt", "sub/in.iso", "x.iso.part"], await bench.NamesAsync());
    }

    [Fact]
    public async Task A_file_is_asked_for_by_its_exact_name_and_a_directory_cannot_be_named()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        bench.Put("sub/in.iso");
        var files = $"api/storagedomains/{EngineBench.Domain:D}/files/";

        Assert.Equal("a.iso", (string?)(await bench.JsonAsync(files[4..] + "a.iso"))["name"]);
        using var other = await bench.GetAsync(files + "A.iso");
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        Assert.Empty(await other.Content.ReadAsByteArrayAsync(Cancel));
        Assert.Equal(HttpStatusCode.NotFound, await bench.StatusAsync(files + "sub/in.iso"));
        Assert.Equal(2, bench.Engine.Refreshes);
    }

    [Fact]
    public async Task Files_heed_max_and_ignore_a_search()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        bench.Put("b.iso");

        Assert.Equal(["a.iso", "b.iso"], await bench.NamesAsync("?search=name%3Da.iso"));
        Assert.Single(await bench.NamesAsync("?max=1"));
    }

    [Theory]
    [InlineData("inactive")]
    [InlineData("maintenance")]
    [InlineData("locked")]
    public async Task Where_no_data_center_is_active_an_old_list_is_a_200(string status)
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        await bench.NamesAsync();
        bench.Engine.Faults = new EngineFaults { Status = new Dictionary<string, string> { ["Default"] = status } };
        bench.Put("b.iso");

        Assert.Equal(["a.iso"], await bench.NamesAsync("?refresh=true"));
        Assert.Equal(status, (string?)(await bench.JsonAsync($"{bench.DataCenter}/storagedomains/{EngineBench.Domain:D}"))["status"]);
        Assert.False((await bench.JsonAsync($"storagedomains/{EngineBench.Domain:D}")).ContainsKey("status"));
    }

    [Fact]
    public async Task A_domain_is_put_into_maintenance_and_activated_in_its_data_center()
    {
        await using var bench = await EngineBench.StartAsync();
        var domain = $"api/{bench.DataCenter}/storagedomains/{EngineBench.Domain:D}";

        Assert.Equal(HttpStatusCode.OK, await PostAsync(bench, domain + "/deactivate"));
        Assert.Equal("maintenance", (string?)(await bench.JsonAsync(domain[4..]))["status"]);
        Assert.Equal(HttpStatusCode.Conflict, await PostAsync(bench, domain + "/deactivate"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(bench, domain + "/activate"));
        Assert.Equal("active", (string?)(await bench.JsonAsync(domain[4..]))["status"]);
    }

    [Fact]
    public async Task Only_an_unattached_domain_shows_a_status_among_all_domains()
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Domains = [o.Domains[0] with { DataCenters = [] }] });
        var domain = await bench.JsonAsync($"storagedomains/{EngineBench.Domain:D}");

        Assert.Equal("unattached", (string?)domain["status"]);
        Assert.False(domain.ContainsKey("data_centers"));
    }

    [Fact]
    public async Task One_failing_data_center_fails_the_refresh_for_all_with_a_useless_error()
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Domains = [o.Domains[0] with { DataCenters = ["ams", "nyc"] }] });
        bench.Put("a.iso");
        bench.Engine.Faults = new EngineFaults { FailingDataCenters = ["nyc"] };
        using var response = await bench.GetAsync($"api/storagedomains/{EngineBench.Domain:D}/files", "application/xml");
        var body = await response.Content.ReadAsStringAsync(Cancel);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("<reason>Operation Failed</reason>", body, StringComparison.Ordinal);
        Assert.Contains("images not supported error", body, StringComparison.Ordinal);
        Assert.DoesNotContain("nyc", body, StringComparison.Ordinal);

        // What the first data center found is in the table, and without a refresh it is shown as if all were well.
        Assert.Equal(["a.iso"], await bench.NamesAsync("?refresh=false"));
        bench.Engine.Faults = EngineFaults.None with { FailingDataCenters = ["nyc"], Status = new Dictionary<string, string> { ["nyc"] = "inactive" } };
        Assert.Equal(["a.iso"], await bench.NamesAsync());
    }

    [Fact]
    public async Task A_host_that_answers_nothing_makes_the_engine_stumble()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Engine.Faults = new EngineFaults { FailingDataCenters = ["Default"], FailWithNull = true };

        Assert.Equal(HttpStatusCode.InternalServerError, await bench.StatusAsync($"api/storagedomains/{EngineBench.Domain:D}/files"));
    }

    [Fact]
    public async Task One_link_into_nothing_fails_the_whole_list()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        File.CreateSymbolicLink(Path.Combine(bench.Files, "gone.iso"), "/nowhere/at-all.iso");

        Assert.Equal(HttpStatusCode.BadRequest, await bench.StatusAsync($"api/storagedomains/{EngineBench.Domain:D}/files"));
        Assert.Contains("997", (await bench.JsonAsync("events?max=1")).ToJsonString(), StringComparison.Ordinal);
    }

    /// <summary>A host looks as user vdsm, 36 in the groups 36 and 107, and the first thing that it may not see ends the whole call.</summary>
    [Theory]
    [InlineData("images/11111111-1111-1111-1111-111111111111/.~tmp~", "0700", true)]
    [InlineData("images/11111111-1111-1111-1111-111111111111/deep/er", "0711", true)]
    [InlineData("images/11111111-1111-1111-1111-111111111111/sub", "0755", false)]
    [InlineData("images", "0700", true)]
    [InlineData("images", "0711", false)]
    [InlineData("", "0700", true)]
    public async Task A_directory_that_is_closed_to_vdsm_fails_the_whole_list(string directory, string mode, bool fails)
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        Closed.Make(Path.Combine(bench.Export, EngineBench.Domain.ToString("D"), directory), mode);

        Assert.Equal(fails ? HttpStatusCode.BadRequest : HttpStatusCode.OK, await bench.StatusAsync($"api/storagedomains/{EngineBench.Domain:D}/files"));
    }

    [Fact]
    public async Task A_directory_that_vdsm_may_list_and_not_search_fails_the_list_once_something_is_in_it()
    {
        await using var bench = await EngineBench.StartAsync();
        var folder = Path.Combine(bench.Files, "sub");
        Closed.Make(folder, "0744");
        Assert.Empty(await bench.NamesAsync());

        bench.Put("sub/in.iso");
        Assert.Equal(HttpStatusCode.BadRequest, await bench.StatusAsync($"api/storagedomains/{EngineBench.Domain:D}/files"));
    }

    [Fact]
    public async Task A_name_that_is_not_utf_8_fails_the_whole_list()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("caf\u00e9.iso");
        Assert.Equal(["caf\u00e9.iso"], await bench.NamesAsync());
        await Closed.LatinNameAsync(bench.Files);

        Assert.Equal(HttpStatusCode.BadRequest, await bench.StatusAsync($"api/storagedomains/{EngineBench.Domain:D}/files"));
        await Closed.RemoveLatinNameAsync(bench.Files);
        Assert.Empty(await bench.NamesAsync());
    }

    [Fact]
    public async Task A_directory_that_is_not_mounted_fails_the_list()
    {
        await using var bench = await EngineBench.StartAsync();
        Directory.Delete(bench.Export, recursive: true);

        Assert.Equal(HttpStatusCode.BadRequest, await bench.StatusAsync($"api/storagedomains/{EngineBench.Domain:D}/files"));
    }

    [Fact]
    public async Task Each_refresh_is_told_in_the_events()
    {
        await using var bench = await EngineBench.StartAsync();
        await bench.NamesAsync();
        await bench.NamesAsync();
        await bench.NamesAsync("?refresh=false");

        Assert.Equal(["998", "998"], (await bench.JsonAsync("events"))["event"]!.AsArray().Select(e => (string)e!["code"]!));
    }

    [Fact]
    public async Task Refreshes_of_one_domain_go_one_after_the_other()
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Time = TimeProvider.System });
        bench.Engine.Faults = new EngineFaults { RefreshDelay = TimeSpan.FromMilliseconds(300) };
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => bench.NamesAsync()));

        Assert.True(watch.Elapsed >= TimeSpan.FromMilliseconds(850), $"{watch.Elapsed}");
        Assert.Equal(3, bench.Engine.Refreshes);
    }

    [Fact]
    public async Task A_disc_is_changed_to_what_the_list_has_and_a_start_needs_it()
    {
        await using var bench = await EngineBench.StartAsync(o => o with { Machines = [new EngineMachine("web1")] });
        var file = bench.Put("a.iso");
        var vm = "api/vms/" + (string)(await bench.JsonAsync("vms"))["vm"]![0]!["id"]!;
        var drive = $"{vm}/cdroms/{Guid.Empty:D}";

        await bench.NamesAsync();
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync(bench, drive, "<cdrom><file id=\"b.iso\"/></cdrom>"));
        Assert.Equal(HttpStatusCode.BadRequest, await PutAsync(bench, drive, "<cdrom/>"));
        Assert.Equal(HttpStatusCode.Conflict, await PutAsync(bench, drive + "?current=true", "<cdrom><file id=\"a.iso\"/></cdrom>"));
        Assert.Equal(HttpStatusCode.OK, await PutAsync(bench, drive, "<cdrom><file id=\"a.iso\"/></cdrom>"));
        Assert.Equal(HttpStatusCode.OK, await PostAsync(bench, vm + "/start"));
        Assert.Equal("a.iso", (string?)(await bench.JsonAsync(drive[4..] + "?current=true"))["file"]!["id"]);
        Assert.Equal(HttpStatusCode.OK, await PutAsync(bench, drive + "?current=true", "<cdrom><file id=\"\"/></cdrom>"));
        Assert.False((await bench.JsonAsync(drive[4..] + "?current=true")).ContainsKey("file"));

        Assert.Equal(HttpStatusCode.OK, await PostAsync(bench, vm + "/stop"));
        File.Delete(file);
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(bench, vm + "/start"));
    }

    private static async Task<HttpStatusCode> PostAsync(EngineBench bench, string path)
    {
        using var body = new StringContent("<action/>", Encoding.UTF8, "application/xml");
        using var response = await bench.Http.PostAsync(path, body, Cancel);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> PutAsync(EngineBench bench, string path, string text)
    {
        using var body = new StringContent(text, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/xml"));
        using var response = await bench.Http.PutAsync(path, body, Cancel);
        return response.StatusCode;
    }
}
