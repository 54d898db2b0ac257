using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

public sealed class AddTests
{
    private static readonly string Id = Samples.Id("abcdef").ToString();

    [Fact]
    public async Task The_site_reads_the_file_and_the_program_waits_until_every_surface_has_it()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        Jobs(site, Samples.Job("running"), Samples.Job("running", "reading back"), Samples.Job("done"));
        Images(site, Samples.Image(cells: Samples.Everywhere(CellState.Verifying, "verifying", "Being read back.")), Samples.Image());
        var file = folder.Write("debian.iso", [1]);

        var result = await Isocatalog.RunAsync(
            "add", file, "--socket", folder.Combine("s.sock"), "--title", "Debian", "--kind", "installer", "--sha256", Samples.Id("abcdef").ToString());

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith($"debian.iso  {Id}  5.0 MiB\n  added in ", result.Output, StringComparison.Ordinal);
        Assert.Contains("later on bmc, console", result.Output, StringComparison.Ordinal);
        Assert.Equal(
            ["debian.iso: copying", "debian.iso: reading back", "debian.iso: waiting for console"],
            result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(
            $$"""{"path":"{{file}}","sha256":"{{Samples.Id("abcdef").Sha256}}","title":"Debian","kind":"installer"}""",
            site.Requests.Single(r => r.Method == "POST").Body);
        Assert.DoesNotContain('\u001b', result.Output + result.Error);
    }

    [Fact]
    public async Task Each_file_is_one_object_and_the_first_failure_is_the_exit_code()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        var problem = new Problem(Problem.TypePrefix + "not-an-iso", "Not an iso", 422, "/x/a.iso: this is a text.");
        var jobs = new Queue<JobView>([Samples.Job("failed", problem: problem), Samples.Job("done")]);
        site.On("GET /api/v1/status", Samples.Status(), ApiJson.Default.StatusView)
            .On("POST /api/v1/images", http => http.Response.WriteAsJsonAsync(jobs.Dequeue(), ApiJson.Default.JobView, cancellationToken: http.RequestAborted))
            .On("GET /api/v1/images/" + Id, Samples.Image(), ApiJson.Default.ImageView);

        var result = await Isocatalog.RunAsync("add", "/x/a.iso", "/x/b.iso", "--socket", folder.Combine("s.sock"), "--json");

        Assert.Equal((4, "error: /x/a.iso: this is a text.\n"), (result.ExitCode, result.Error));
        var lines = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        using var refused = JsonDocument.Parse(lines[0]);
        Assert.Equal("/x/a.iso", refused.RootElement.GetProperty("file").GetString());
        Assert.Equal("urn:isocatalog:problem:not-an-iso", refused.RootElement.GetProperty("type").GetString());
        using var added = JsonDocument.Parse(lines[1]);
        Assert.Equal(Id, added.RootElement.GetProperty("id").GetString());
        Assert.True(added.RootElement.GetProperty("advertised").GetBoolean());
        Assert.Equal("advertised", added.RootElement.GetProperty("surfaces").GetProperty("console").GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("source-unreadable")]
    [InlineData("source-missing")]
    public async Task A_file_that_the_site_cannot_read_is_sent(string code)
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        byte[]? sent = null;
        site.On("POST /api/v1/images", async http =>
        {
            if (http.Request.ContentType == "application/octet-stream")
            {
                using var body = new MemoryStream();
                await http.Request.Body.CopyToAsync(body, http.RequestAborted);
                sent = body.ToArray();
                http.Response.StatusCode = 201;
                await http.Response.WriteAsJsonAsync(Samples.Image(), ApiJson.Default.ImageView, cancellationToken: http.RequestAborted);
                return;
            }

            var problem = new Problem(Problem.TypePrefix + code, code, 422, "Not for me.");
            await http.Response.WriteAsJsonAsync(Samples.Job("failed", problem: problem), ApiJson.Default.JobView, cancellationToken: http.RequestAborted);
        });
        var file = folder.Write("my.iso", [1, 2, 3]);

        var result = await Isocatalog.RunAsync("add", file, "--no-wait", "--socket", folder.Combine("s.sock"));

        Assert.Equal(0, result.ExitCode);
        Assert.Equal([1, 2, 3], sent);
        Assert.Contains("the site cannot read it; sending it", result.Error, StringComparison.Ordinal);
        Assert.EndsWith("not waited for\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_nowhere_is_not_found()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        site.Refuse("POST /api/v1/images", 404, "source-missing", "/nowhere.iso is not there.");

        var local = await Isocatalog.RunAsync("add", "/nowhere.iso", "--no-wait", "--socket", folder.Combine("s.sock"));
        var remote = await Isocatalog.RunAsync("add", "/nowhere.iso", "--no-wait", "--server", site.Address.ToString());

        Assert.Equal((5, "error: /nowhere.iso is not there.\n"), (local.ExitCode, local.Error));
        Assert.Equal((5, "error: There is no file /nowhere.iso.\n"), (remote.ExitCode, remote.Error));
    }

    [Fact]
    public async Task A_site_over_the_network_gets_the_bytes_and_the_token()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync();
        site.On("POST /api/v1/images", async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null, http.RequestAborted);
            http.Response.StatusCode = 201;
            await http.Response.WriteAsJsonAsync(Samples.Image(), ApiJson.Default.ImageView, cancellationToken: http.RequestAborted);
        });
        var token = folder.Write("token", "s3cr3t\n"u8);

        var result = await Isocatalog.RunAsync(
            "add", folder.Write("a.iso", [1]), "--name", "b.iso", "--no-wait", "--quiet", "--server", site.Address.ToString(), "--token-file", token);

        Assert.Equal((0, Id + "\n", ""), (result.ExitCode, result.Output, result.Error));
        Assert.Equal("POST /api/v1/images?name=b.iso", Assert.Single(site.Requests).ToString());
        Assert.Equal("Bearer s3cr3t", site.Requests[0].Headers.Authorization);
    }

    [Fact]
    public async Task Waiting_ends_at_the_timeout_with_the_reasons()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        Jobs(site, Samples.Job("done"));
        Images(site, Samples.Image(cells: Samples.Everywhere(CellState.Absent, "surface-missing", "The folder /srv/isos is gone. Mount it.")));

        var result = await Isocatalog.RunAsync("add", "/x/debian.iso", "--timeout", "1s", "--socket", folder.Combine("s.sock"));

        Assert.Equal(10, result.ExitCode);
        Assert.Contains("console: absent - The folder /srv/isos is gone. Mount it.", result.Output, StringComparison.Ordinal);
        Assert.Contains("error: debian.iso was added and is safe, but was not advertised everywhere within 1.0 s.", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_add_that_a_restart_forgot_is_told()
    {
        using var folder = new TempFolder();
        await using var site = await ScriptedSite.StartAsync(folder.Combine("s.sock"));
        site.On("POST /api/v1/images", Samples.Job("running"), ApiJson.Default.JobView, 202);

        var result = await Isocatalog.RunAsync("add", "/x/debian.iso", "--no-wait", "--socket", folder.Combine("s.sock"));

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("The site was restarted while it added /isos/debian.iso", result.Error, StringComparison.Ordinal);
    }

    private static void Jobs(ScriptedSite site, params JobView[] jobs)
    {
        var next = new Queue<JobView>(jobs[1..]);
        site.On("GET /api/v1/status", Samples.Status(), ApiJson.Default.StatusView)
            .On("POST /api/v1/images", jobs[0], ApiJson.Default.JobView, 202)
            .On("GET /api/v1/jobs/job1", http => http.Response.WriteAsJsonAsync(next.Dequeue(), ApiJson.Default.JobView, cancellationToken: http.RequestAborted));
    }

    /// <summary>One after the other; the last stays.</summary>
    private static void Images(ScriptedSite site, params ImageView[] images)
    {
        var next = new Queue<ImageView>(images);
        site.On("GET /api/v1/images/" + Id, http => http.Response.WriteAsJsonAsync(
            next.Count > 1 ? next.Dequeue() : next.Peek(), ApiJson.Default.ImageView, cancellationToken: http.RequestAborted));
    }
}
