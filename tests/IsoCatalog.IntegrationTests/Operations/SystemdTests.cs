using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Operations;

/// <summary>What a site says to systemd: when it answers, and how grave each line of its log is.</summary>
public sealed class SystemdTests
{
    /// <summary>Gives the program what systemd gives one whose stderr goes to the journal.</summary>
    private static readonly string[] AsInJournal = ["/bin/sh", "-c", "JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec \"$@\"", "sh"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_says_ready_when_it_answers_and_stopping_when_it_was_told_to_stop(bool isAbstract)
    {
        await using var site = await Scenario.PrepareAsync();
        var name = isAbstract ? "@isocatalog-" + Guid.NewGuid().ToString("N") : Path.Combine(site.Root, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(isAbstract ? '\0' + name[1..] : name));
        using var process = Isocatalog.Start([("NOTIFY_SOCKET", name)], "serve", "--config", site.ConfigurationPath, "--report-addresses");
        var log = process.StandardError.ReadToEndAsync(Cancel);
        try
        {
            var ready = await SaidAsync(manager, process);
            Assert.Contains("READY=1", ready);

            // The first command after it: over the socket, which the group may open already, and over the network.
            Assert.Equal((UnixFileMode)0b110_110_000, File.GetUnixFileMode(site.Socket));
            Assert.Equal(0, (await Isocatalog.RunAsync("status", "--config", site.ConfigurationPath)).ExitCode);
            var api = Assert.Single(ready, l => l.StartsWith("STATUS=", StringComparison.Ordinal)).Split(' ')[^1].TrimEnd('.');
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            Assert.Equal(HttpStatusCode.OK, (await http.GetAsync(new Uri(new Uri(api), "readyz"), Cancel)).StatusCode);

            Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]).Dispose();
            Assert.Contains("STOPPING=1", await SaidAsync(manager, process));
            await process.WaitForExitAsync(Cancel);
            Assert.Equal(0, process.ExitCode);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }

        Assert.DoesNotContain("<4>", await log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_site_that_cannot_start_says_why_and_is_never_ready()
    {
        await using var site = await Scenario.PrepareAsync();
        await site.ConfigureAsync("site: ams", "siet: ams");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        var name = Path.Combine(site.Root, "notify");
        manager.Bind(new UnixDomainSocketEndPoint(name));
        var ended = await Isocatalog.RunAsync([("NOTIFY_SOCKET", name)], "serve", "--config", site.ConfigurationPath);
        Assert.Equal(3, ended.ExitCode);
        var said = new byte[4096];
        var text = Encoding.UTF8.GetString(said, 0, manager.Receive(said));
        Assert.StartsWith("STATUS=", text, StringComparison.Ordinal);
        Assert.Contains("siet", text, StringComparison.Ordinal);
        Assert.Equal(0, manager.Available);
    }

    [Theory]
    [InlineData("/nowhere/notify")]
    [InlineData("@isocatalog-nobody-listens")]
    [InlineData("vsock:2:1234")]
    public async Task A_manager_that_does_not_listen_stops_no_site(string socket)
    {
        await using var site = await Scenario.StartAsync(new TestSiteOptions { Environment = new Dictionary<string, string> { ["NOTIFY_SOCKET"] = socket } });
        Assert.Empty((await site.Client.GetImagesAsync(Cancel)).Images);
    }

    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task In_the_journal_each_line_says_how_grave_it_is(string format)
    {
        await using var site = await Scenario.PrepareAsync(new TestSiteOptions { Wrapper = AsInJournal, Extra = $"store: {{ floor: 1MiB }}\nlog: {{ format: {format} }}" });

        // What is open to others is closed with a warning.
        File.SetUnixFileMode(site.Data, (UnixFileMode)0b111_101_101);
        await site.StartAgainAsync(Cancel);
        var lines = (await site.StopAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines, line => Assert.Matches("^<[2-7]>.", line));
        var warning = Assert.Single(lines, l => l.Contains(site.Data, StringComparison.Ordinal) && l.Contains("0755", StringComparison.Ordinal));
        Assert.StartsWith(format == "json" ? "<4>{" : "<4>warn: ", warning, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_stops_the_start_is_an_error_in_the_journal_and_what_only_worries_a_warning()
    {
        await using var site = await Scenario.PrepareAsync(new TestSiteOptions { Wrapper = AsInJournal });
        await site.ConfigureAsync("site: ams", "siet: ams");
        var (exit, errors) = await site.StartInVainAsync(Cancel);
        Assert.Equal(3, exit);
        Assert.All(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.StartsWith("<3>error: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Whoever_only_inherited_the_variable_logs_plainly()
    {
        await using var site = await Scenario.PrepareAsync(new TestSiteOptions { Environment = new Dictionary<string, string> { ["JOURNAL_STREAM"] = "8:12345" } });
        File.SetUnixFileMode(site.Data, (UnixFileMode)0b111_101_101);
        await site.StartAgainAsync(Cancel);
        Assert.Matches(@"^20\d\d-", await site.StopAsync());
    }

    /// <summary>The lines of the next message; a process that ends instead fails the test.</summary>
    private static async Task<string[]> SaidAsync(Socket manager, Process process)
    {
        var buffer = new byte[4096];
        var (received, ended) = (manager.ReceiveAsync(buffer, Cancel).AsTask(), process.WaitForExitAsync(Cancel));
        Assert.Same(received, await Task.WhenAny(received, ended));
        return Encoding.UTF8.GetString(buffer, 0, await received).Split('\n');
    }
}
