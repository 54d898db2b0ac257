using IsoCatalog.Client;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Client;

public sealed class RepetitionTests
{
    private static readonly ApplianceClientOptions Quick = new() { RetryDelay = TimeSpan.FromMilliseconds(1) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_read_is_repeated_when_the_connection_breaks()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/status", async http =>
        {
            if (site.Requests.Count < 3)
            {
                http.Abort();
                return;
            }

            await http.Response.WriteAsJsonAsync(Samples.Status(), ApiJson.Default.StatusView, cancellationToken: http.RequestAborted);
        });
        using var client = site.Client(Quick);

        Assert.Equal("ams", (await client.GetStatusAsync(Token)).Site);
        Assert.Equal(3, site.Requests.Count);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_in_the_middle_is_asked_for_again()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/status", async http =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("{\"site\":", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            http.Abort();
        });
        using var client = site.Client(Quick with { Retries = 1 });

        var broken = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));

        Assert.Equal(UnreachableReason.Broken, broken.Reason);
        Assert.Equal(2, site.Requests.Count);
    }

    [Fact]
    public async Task What_may_not_happen_twice_is_sent_once()
    {
        await using var site = await ScriptedSite.StartAsync();
        foreach (var route in new[] { "POST /api/v1/leases", "POST /api/v1/images", "POST /api/v1/images/a.iso/restore", "PATCH /api/v1/images/a.iso" })
        {
            site.On(route, http => { http.Abort(); return Task.CompletedTask; });
        }

        using var client = site.Client(Quick);
        await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.TakeLeaseAsync(new LeaseRequest("a.iso", "bmc", "10.0.0.1", null), Token));
        await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.AddImageAsync(new AddRequest(Path: "/a.iso"), Token));
        await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.RestoreImageAsync("a.iso", Token));
        await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.ChangeImageAsync("a.iso", new ImagePatch(Order: 1), Token));

        Assert.Equal(4, site.Requests.Count);
    }

    [Fact]
    public async Task A_site_that_asks_for_a_moment_gets_it()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("DELETE /api/v1/images/a.iso", async http =>
        {
            if (site.Requests.Count == 1)
            {
                http.Response.StatusCode = 503;
                http.Response.Headers.RetryAfter = "0";
                return;
            }

            await http.Response.WriteAsJsonAsync(Samples.Image(), ApiJson.Default.ImageView, cancellationToken: http.RequestAborted);
        });
        using var client = site.Client(Quick);

        await client.RemoveImageAsync("a.iso", null, Token);

        Assert.Equal(2, site.Requests.Count);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("GET", null)]
    [InlineData("GET", "3600")]
    [InlineData("POST", "0")]
    public async Task Whoever_waits_in_vain_learns_it_at_once(string method, string? retryAfter)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On($"{method} /api/v1/leases", http =>
        {
            http.Response.StatusCode = 503;
            http.Response.Headers.RetryAfter = retryAfter;
            return Task.CompletedTask;
        });
        using var client = site.Client(Quick);

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => method == "GET"
            ? client.GetLeasesAsync(TestContext.Current.CancellationToken)
            : client.TakeLeaseAsync(new LeaseRequest("a.iso", "bmc", "10.0.0.1", null), TestContext.Current.CancellationToken));

        Assert.Equal(503, refused.Status);
        Assert.Equal(retryAfter is null ? null : TimeSpan.FromSeconds(int.Parse(retryAfter)), refused.RetryAfter);
        Assert.Single(site.Requests);
    }

    [Fact]
    public async Task A_site_that_does_not_answer_is_given_up()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/status", http => Task.Delay(Timeout.Infinite, http.RequestAborted));
        using var client = site.Client(Quick with { TryTimeout = TimeSpan.FromMilliseconds(300) });

        var late = await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token));

        Assert.Equal(UnreachableReason.TimedOut, late.Reason);
        Assert.Contains("0.3 s", late.Message, StringComparison.Ordinal);
        Assert.Single(site.Requests);
    }

    [Fact]
    public async Task The_limit_of_time_covers_the_body()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/status", async http =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("{", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        using var client = site.Client(Quick with { TryTimeout = TimeSpan.FromMilliseconds(300) });

        Assert.Equal(UnreachableReason.TimedOut, (await Assert.ThrowsAsync<ApplianceUnreachableException>(() => client.GetStatusAsync(Token))).Reason);
    }

    [Fact]
    public async Task What_is_sent_again_is_the_same()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("PUT /api/v1/leases/lease1", async http =>
        {
            if (site.Requests.Count < 3)
            {
                http.Abort();
                return;
            }

            await http.Response.WriteAsJsonAsync(Samples.Lease(), ApiJson.Default.LeaseView, cancellationToken: http.RequestAborted);
        });
        using var client = site.Client(Quick);

        await client.RenewLeaseAsync("lease1", new LeaseRenewal(120), Token);

        Assert.Equal(Enumerable.Repeat("""PUT /api/v1/leases/lease1 {"ttl":120}""", 3), site.Requests.Select(r => $"{r} {r.Body}"));
    }

    [Fact]
    public async Task Who_cancels_is_told_so_and_nothing_else()
    {
        await using var site = await ScriptedSite.StartAsync();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Token);
        site.On("GET /api/v1/status", async http =>
        {
            await cancel.CancelAsync();
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        using var client = site.Client(Quick);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetStatusAsync(cancel.Token));
        Assert.Single(site.Requests);
    }
}
