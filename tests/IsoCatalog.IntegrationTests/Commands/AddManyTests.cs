using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Commands;

/// <summary>Several files in one <c>add</c>, against a site that advertises and refuses when a test says so.</summary>
public sealed class AddManyTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private readonly ConcurrentDictionary<string, CellState> _cells = new();
    private readonly ConcurrentDictionary<string, Problem> _refused = new();
    private readonly ConcurrentQueue<string> _read = new();
    private ScriptedSite _site = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Socket => _folder.Combine("s.sock");

    public async ValueTask InitializeAsync() => _site = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _site.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_next_file_is_read_while_the_ones_before_it_are_on_their_way()
    {
        var files = Files(20);
        // Nothing is advertised before the last file was read: whoever waits for the first one waits for ever.
        _site.On("POST /api/v1/images", async http =>
        {
            await AddAsync(http);
            if (_read.Count == files.Count)
            {
                foreach (var name in files.Select(Path.GetFileName))
                {
                    _cells[name!] = CellState.Advertised;
                }
            }
        });

        var result = await Isocatalog.RunAsync(["add", .. files, "--json", "--socket", Socket]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(files.Select(Path.GetFileName), _read);
        var objects = Objects(result.Output);
        Assert.Equal(files, objects.Select(o => o.GetProperty("file").GetString()));
        Assert.All(objects, o => Assert.True(o.GetProperty("advertised").GetBoolean()));
    }

    [Fact]
    public async Task Refusals_stop_nobody_and_are_summed_up()
    {
        var files = Files(5);
        _refused["2.iso"] = new Problem(Problem.TypePrefix + "not-an-iso", "Not an iso", 422, "/x/2.iso: this is a text.");
        _refused["4.iso"] = new Problem(Problem.TypePrefix + "already-in-catalog", "Already in catalog", 409, "It is there as 3.iso.");
        Advertise(1, 3, 5);

        var result = await Isocatalog.RunAsync(["add", .. files, "--socket", Socket]);

        Assert.Equal(4, result.ExitCode);
        Assert.EndsWith("\n3 added, 2 refused: 2.iso (not an iso), 4.iso (already in catalog)\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("error: /x/2.iso: this is a text.\n", result.Error, StringComparison.Ordinal);
        Assert.Equal(3, result.Output.Split("  added in ").Length - 1);
    }

    [Fact]
    public async Task The_exit_code_is_that_of_the_first_argument_that_failed_whenever_it_failed()
    {
        var files = Files(2);
        _refused["2.iso"] = new Problem(Problem.TypePrefix + "not-an-iso", "Not an iso", 422, "No.");

        // The second is refused long before the first has waited in vain.
        var result = await Isocatalog.RunAsync(["add", .. files, "--timeout", "1s", "--json", "--socket", Socket]);

        Assert.Equal(10, result.ExitCode);
        var objects = Objects(result.Output);
        Assert.False(objects[0].GetProperty("advertised").GetBoolean());
        Assert.Equal("urn:isocatalog:problem:not-an-iso", objects[1].GetProperty("type").GetString());
        Assert.True(result.Error.IndexOf("error: No.", StringComparison.Ordinal) < result.Error.IndexOf("was not advertised", StringComparison.Ordinal), result.Error);
    }

    [Fact]
    public async Task The_same_path_twice_is_one_file_and_a_folder_or_a_missing_one_is_refused_alone()
    {
        var file = Files(1)[0];
        _refused["none.iso"] = new Problem(Problem.TypePrefix + "source-missing", "Source missing", 404, "none.iso is not there.");
        Advertise(1);

        var result = await Isocatalog.RunAsync(
            ["add", file, _folder.Path, _folder.Combine("none.iso"), _folder.Path + "/./1.iso", "--json", "--socket", Socket]);

        Assert.Equal(4, result.ExitCode);
        Assert.Equal(["1.iso", "none.iso"], _read);
        Assert.Contains($"warning: {file} is named more than once; it is added once.", result.Error, StringComparison.Ordinal);
        Assert.Contains("is not a file: it is a folder", result.Error, StringComparison.Ordinal);
        Assert.Equal([file, _folder.Path, _folder.Combine("none.iso")], Objects(result.Output).Select(o => o.GetProperty("file").GetString()));
    }

    [Fact]
    public async Task An_image_that_leaves_the_catalog_while_it_is_waited_for_is_told()
    {
        var files = Files(2);
        Advertise(2);
        _site.On("GET /api/v1/images/" + IdOf("1.iso"), http => http.Response.WriteAsJsonAsync(
            ViewOf("1.iso") with { Deleted = true, Removed = new ChangeView("alice", "nyc", Samples.Then) }, ApiJson.Default.ImageView, cancellationToken: http.RequestAborted));

        var result = await Isocatalog.RunAsync(["add", .. files, "--socket", Socket]);

        Assert.Equal(6, result.ExitCode);
        Assert.Contains("1.iso was added, and left the catalog again before every surface advertised it: alice removed it at nyc.", result.Error, StringComparison.Ordinal);
        Assert.EndsWith("1 added, 1 refused: 1.iso (removed meanwhile)\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_says_what_goes_on_without_it()
    {
        var files = Files(4);
        var reading = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Advertise(1);
        _site.On("POST /api/v1/images", http =>
        {
            if (_read.Count < 2)
            {
                return AddAsync(http);
            }

            reading.TrySetResult();
            return http.Response.WriteAsJsonAsync(Samples.Job("running"), ApiJson.Default.JobView, cancellationToken: http.RequestAborted);
        }).On("GET /api/v1/jobs/job1", Samples.Job("running"), ApiJson.Default.JobView);
        using var process = Isocatalog.Start([], ["add", .. files, "--json", "--socket", Socket]);
        try
        {
            Assert.Contains("1.iso", await process.StandardOutput.ReadLineAsync(Cancel), StringComparison.Ordinal);
            await reading.Task.WaitAsync(Cancel);
            await Counterpart.RunAsync("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)], Cancel);
            var (output, error) = (await process.StandardOutput.ReadToEndAsync(Cancel), await process.StandardError.ReadToEndAsync(Cancel));
            await process.WaitForExitAsync(Cancel);

            Assert.Equal(130, process.ExitCode);
            Assert.Contains("The site goes on adding /isos/debian.iso; see `isocatalog status`.\n", error, StringComparison.Ordinal);
            Assert.Contains("Added and safe, and on the way to the surfaces without this: 2.iso. See `isocatalog status`.\nNot read: 4.iso.\ncancelled\n", error, StringComparison.Ordinal);
            var left = Assert.Single(Objects(output));
            Assert.Equal((files[1], false), (left.GetProperty("file").GetString(), left.GetProperty("advertised").GetBoolean()));
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task A_site_that_is_restarted_in_the_middle_is_waited_for()
    {
        var files = Files(3);
        var second = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _site.On("POST /api/v1/images", http =>
        {
            if (_read.IsEmpty)
            {
                return AddAsync(http);
            }

            second.TrySetResult();
            return http.Response.WriteAsJsonAsync(Samples.Job("running"), ApiJson.Default.JobView, cancellationToken: http.RequestAborted);
        }).On("GET /api/v1/jobs/job1", Samples.Job("running"), ApiJson.Default.JobView);
        using var process = Isocatalog.Start([], ["add", .. files, "--json", "--socket", Socket]);
        try
        {
            var errors = process.StandardError;
            await second.Task.WaitAsync(Cancel);
            await _site.DisposeAsync();
            string? noticed;
            do
            {
                noticed = await errors.ReadLineAsync(Cancel);
            }
            while (noticed is not null && !noticed.StartsWith("The site does not answer; it is waited for.", StringComparison.Ordinal));
            Assert.NotNull(noticed);

            // It knows no add of before.
            File.Delete(Socket);
            Advertise(1, 3);
            _site = await StartAsync();
            var output = await process.StandardOutput.ReadToEndAsync(Cancel);
            await process.WaitForExitAsync(Cancel);

            Assert.Equal(1, process.ExitCode);
            var objects = Objects(output);
            Assert.True(objects[0].GetProperty("advertised").GetBoolean());
            Assert.Equal("urn:isocatalog:problem:add-forgotten", objects[1].GetProperty("type").GetString());
            Assert.True(objects[2].GetProperty("advertised").GetBoolean());
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [Fact]
    public async Task Without_waiting_each_is_done_once_it_is_safe()
    {
        var files = Files(3);

        var result = await Isocatalog.RunAsync(["add", .. files, "--no-wait", "--quiet", "--socket", Socket]);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(files.Select(f => IdOf(Path.GetFileName(f))), result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    private static List<JsonElement> Objects(string output) =>
        [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    /// <summary>1.iso is 000001, and so on.</summary>
    private static string IdOf(string name) => Samples.Id(name.Split('.')[0].PadLeft(6, '0')).ToString();

    private ImageView ViewOf(string name) => Samples.Image(name.Split('.')[0].PadLeft(6, '0'), name, Samples.Everywhere(_cells.GetValueOrDefault(name, CellState.Verifying)));

    private void Advertise(params int[] numbers) => Array.ForEach(numbers, n => _cells[$"{n}.iso"] = CellState.Advertised);

    private List<string> Files(int count) => [.. Enumerable.Range(1, count).Select(n => _folder.Write($"{n}.iso", [1]))];

    private async Task<ScriptedSite> StartAsync()
    {
        var site = await ScriptedSite.StartAsync(Socket);
        site.On("GET /api/v1/status", Samples.Status(), ApiJson.Default.StatusView).On("POST /api/v1/images", AddAsync);
        foreach (var name in Enumerable.Range(1, 20).Select(n => $"{n}.iso"))
        {
            site.On("GET /api/v1/images/" + IdOf(name), http =>
                http.Response.WriteAsJsonAsync(ViewOf(name), ApiJson.Default.ImageView, cancellationToken: http.RequestAborted));
        }

        return site;
    }

    /// <summary>Reads a file in no time.</summary>
    private async Task AddAsync(HttpContext http)
    {
        var request = JsonSerializer.Deserialize(_site.Requests.Last(r => r.Method == "POST").Body, ApiJson.Default.AddRequest)!;
        var name = Path.GetFileName(request.Path!);
        _read.Enqueue(name);
        var job = _refused.TryGetValue(name, out var problem)
            ? Samples.Job("failed", problem: problem)
            : Samples.Job("done") with { Image = ViewOf(name).Id };
        await http.Response.WriteAsJsonAsync(job, ApiJson.Default.JobView, cancellationToken: http.RequestAborted);
    }
}
