using System.Net;
using System.Net.Sockets;
using System.Text;
using IsoCatalog.Core.Readiness;
using IsoCatalog.IntegrationTests.Client;
using IsoCatalog.Simulators.Engine;
using IsoCatalog.Surfaces;
using IsoCatalog.Testing;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ovirt;

/// <summary>An engine that is down, says no, or says nonsense.</summary>
public sealed class EngineTroubleTests
{
    private static CancellationToken Cancel => OvirtBench.Cancel;

    [Fact]
    public async Task An_engine_that_goes_and_comes_back_costs_its_surface_the_list_and_no_file()
    {
        await using var bench = await OvirtBench.StartAsync(OvirtBench.Quick with { Silence = TimeSpan.FromMilliseconds(100) });
        var (image, bytes) = bench.Put("a.iso");
        var published = new PublishedImage(image, await bench.PublishAsync(image));
        bench.Engine.Faults = bench.Engine.Faults with { Down = true };

        await TestSite.EventuallyAsync(
            async () => await bench.Surface.CheckAsync(Cancel) is SurfaceOutcome.Refused { Code: ReasonCode.SurfaceUnreachable }, Cancel);
        Assert.False(bench.Surface.Figures.IsUp);
        Assert.DoesNotContain(await bench.Surface.ObserveAsync([published], Cancel), f => f.Image is not null);
        Assert.Equal(bytes, await File.ReadAllBytesAsync(bench.Shown(image), Cancel));
        OvirtBench.Refused(await bench.Surface.WithdrawAsync(image, published.Evidence, Cancel), ReasonCode.SurfaceUnreachable);
        Assert.True(File.Exists(bench.Shown(image)));

        bench.Engine.Faults = EngineFaults.None;
        await TestSite.EventuallyAsync(async () => await bench.Surface.CheckAsync(Cancel) is SurfaceOutcome.Done, Cancel);
        Assert.True(bench.Surface.Figures.IsUp);
        Assert.Empty(await bench.Surface.ObserveAsync([published], Cancel));
    }

    [Fact]
    public async Task A_short_silence_is_said_and_takes_nothing_from_the_list()
    {
        await using var bench = await OvirtBench.StartAsync();
        bench.Engine.Faults = bench.Engine.Faults with { Cut = true };

        await TestSite.EventuallyAsync(
            async () =>
            {
                Assert.IsType<SurfaceOutcome.Done>(await bench.Surface.CheckAsync(Cancel));
                return !bench.Surface.Figures.IsUp;
            },
            Cancel);
        Assert.Contains(await bench.Surface.ObserveAsync([], Cancel), f => f.Code == ReasonCode.SurfaceUnreachable);
    }

    [Theory]
    [InlineData(EngineGarbage.Html)]
    [InlineData(EngineGarbage.Truncated)]
    [InlineData(EngineGarbage.Other)]
    public async Task Nonsense_is_never_taken_for_an_empty_list(EngineGarbage garbage)
    {
        await using var bench = await OvirtBench.StartAsync();
        var (image, _) = bench.Put("a.iso");
        var published = new PublishedImage(image, await bench.PublishAsync(image));
        bench.Engine.Faults = bench.Engine.Faults with { Garbage = garbage };

        Assert.IsType<SurfaceOutcome.Refused>((await bench.Surface.RefreshAsync(Cancel)).Outcome);
        Assert.DoesNotContain(await bench.Surface.ObserveAsync([published], Cancel), f => f.Image is not null);
    }

    [Fact]
    public async Task An_empty_domain_is_an_empty_list()
    {
        await using var bench = await OvirtBench.StartAsync();
        var (outcome, listed) = await bench.Surface.RefreshAsync(Cancel);

        Assert.IsType<SurfaceOutcome.Done>(outcome);
        Assert.Empty(listed);
    }

    [Fact]
    public async Task One_login_serves_until_its_token_is_not_taken_any_more()
    {
        await using var bench = await OvirtBench.StartAsync();
        await bench.ListedAsync();
        await bench.ListedAsync();
        Assert.Equal(1, bench.Engine.Logins);

        bench.Engine.ExpireTokens();
        Assert.IsType<SurfaceOutcome.Done>((await bench.Surface.RefreshAsync(Cancel)).Outcome);
        Assert.Equal(2, bench.Engine.Logins);
    }

    [Fact]
    public async Task A_token_is_renewed_before_it_ends()
    {
        await using var bench = await OvirtBench.StartAsync(with: o => o with { TokenLifetime = TimeSpan.FromSeconds(30) });
        await Task.Delay(TimeSpan.FromSeconds(1.1), Cancel);
        await bench.ListedAsync();

        Assert.True(bench.Engine.Logins >= 2);
        Assert.DoesNotContain(bench.Engine.Requests, r => r.Status == 401);
    }

    [Fact]
    public async Task A_refused_password_is_tried_once_until_the_file_has_another_one()
    {
        await using var bench = await OvirtBench.StartAsync(check: false);
        await File.WriteAllTextAsync(bench.PasswordFile, "wrong", Cancel);
        for (var i = 0; i < 4; i++)
        {
            var reason = OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.EngineDenied).Reason;
            Assert.Contains(bench.PasswordFile, reason, StringComparison.Ordinal);
            Assert.DoesNotContain("wrong", reason, StringComparison.Ordinal);
            await Task.Delay(5, Cancel);
        }

        Assert.Single(bench.Engine.Requests, r => r.Target.EndsWith("/oauth/token", StringComparison.Ordinal));
        await File.WriteAllTextAsync(bench.PasswordFile, OvirtBench.Password, Cancel);
        await TestSite.EventuallyAsync(async () => await bench.Surface.CheckAsync(Cancel) is SurfaceOutcome.Done, Cancel);
    }

    [Fact]
    public async Task A_user_who_may_see_nothing_is_told_so()
    {
        await using var bench = await OvirtBench.StartAsync(with: o => o, check: false);
        bench.Engine.Faults = bench.Engine.Faults with { NoPermission = true };

        Assert.Contains("may not see it", OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceMissing).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_engines_own_authority_is_believed()
    {
        await using var bench = await OvirtBench.StartAsync(check: false);
        await using var other = await OvirtBench.StartAsync(check: false);
        bench.Open(caFile: other.Engine.CaFile);

        Assert.Contains("certificate", OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceUnreachable).Reason, StringComparison.Ordinal);
        Assert.Empty(bench.Engine.Requests);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", "longer than")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", "302")]
    [InlineData("SSH-2.0-OpenSSH_9.2p1\r\n", "cannot be reached")]
    public async Task Whatever_answers_in_an_engines_place_is_read_within_bounds(string head, string said)
    {
        await using var bench = await OvirtBench.StartAsync(check: false);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var pouring = PourAsync(listener, head, end.Token);
        bench.Open(url: new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/ovirt-engine"));

        Assert.Contains(said, OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceUnreachable).Reason, StringComparison.Ordinal);
        await end.CancelAsync();
        await pouring;
    }

    [Theory]
    [InlineData("null")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("""{"id":7}""")]
    public async Task Only_404_says_that_the_domain_is_not_there(string body)
    {
        await using var bench = await OvirtBench.StartAsync(check: false);
        await using var engine = await ScriptedSite.StartAsync();
        var path = $"/ovirt-engine/api/storagedomains/{OvirtBench.Domain:D}";
        engine.On("POST /ovirt-engine/sso/oauth/token", """{"access_token":"t0ken","exp":"9223372036854775807"}""").On("GET " + path, body);
        bench.Open(url: new Uri(engine.Address, "ovirt-engine"));

        Assert.Contains(
            $"answered to {path[14..]} is not an engine's answer",
            OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceUnreachable).Reason,
            StringComparison.Ordinal);
        engine.On("GET " + path, "{}", status: 404);
        await TestSite.EventuallyAsync(
            async () => await bench.Surface.CheckAsync(Cancel) is SurfaceOutcome.Refused { Code: ReasonCode.SurfaceMissing }, Cancel);
    }

    [Fact]
    public async Task An_engine_is_asked_in_its_own_words()
    {
        await using var bench = await OvirtBench.StartAsync(check: false);
        await using var engine = await ScriptedSite.StartAsync();
        var (form, read) = ("", new[] { "Version", "Accept", "Authorization", "Content-Type", "Expect", "User-Agent" });
        engine
            .On("POST /ovirt-engine/sso/oauth/token", async http =>
            {
                using var reader = new StreamReader(http.Request.Body);
                form = await reader.ReadToEndAsync(http.RequestAborted);
                http.Response.ContentType = "application/json;charset=utf-8";
                await http.Response.WriteAsync("""{"access_token":"t0ken","exp":"9223372036854775807"}""", http.RequestAborted);
            })
            .On($"GET /ovirt-engine/api/storagedomains/{OvirtBench.Domain:D}", """{"reason":"Operation Failed","detail":"No."}""", status: 400);
        bench.Open(url: new Uri(engine.Address, "ovirt-engine/"));

        Assert.Contains(
            "HTTP 400, Operation Failed: No.",
            OvirtBench.Refused(await bench.Surface.CheckAsync(Cancel), ReasonCode.SurfaceUnreachable).Reason,
            StringComparison.Ordinal);
        await bench.Surface.DisposeAsync();

        Assert.Equal("grant_type=password&scope=ovirt-app-api&username=admin%40internal&password=open+sesame+%26+more", form);
        Assert.Equal(
            [
                "POST /ovirt-engine/sso/oauth/token Accept=application/json Content-Type=application/x-www-form-urlencoded",
                $"GET /ovirt-engine/api/storagedomains/{OvirtBench.Domain:D} Version=4 Accept=application/json Authorization=Bearer t0ken",
                "POST /ovirt-engine/services/sso-logout Accept=application/json Content-Type=application/x-www-form-urlencoded",
            ],
            engine.Requests.Select(r => string.Join(' ', read.Where(r.Headers.ContainsKey).Select(h => $"{h}={r.Headers[h]}").Prepend(r.ToString()))));
    }

    private static async Task PourAsync(TcpListener listener, string head, CancellationToken cancellationToken)
    {
        var flood = Enumerable.Repeat((byte)'[', 64 << 10).ToArray();
        try
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(cancellationToken);
                try
                {
                    var stream = client.GetStream();
                    _ = await stream.ReadAtLeastAsync(new byte[4096], 1, cancellationToken: cancellationToken);
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(head), cancellationToken);
                    for (var i = 0; i < 64 && head.Contains("json", StringComparison.Ordinal); i++)
                    {
                        await stream.WriteAsync(flood, cancellationToken);
                    }
                }
                catch (IOException)
                {
                    // It was enough for the other side.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }
}
