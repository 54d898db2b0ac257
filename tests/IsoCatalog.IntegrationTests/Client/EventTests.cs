using System.Collections.Concurrent;
using System.Text.Json;
using IsoCatalog.Client;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.IntegrationTests.Client;

public sealed class EventTests
{
    private static readonly ApplianceClientOptions Quick = new() { EventSilence = TimeSpan.FromMilliseconds(500) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Events_go_on_after_the_last_one_seen_when_the_connection_ends()
    {
        await using var site = await ScriptedSite.StartAsync();
        var asked = new ConcurrentQueue<string>();
        site.On("GET /api/v1/events", async http =>
        {
            asked.Enqueue(http.Request.Headers["Last-Event-ID"].ToString());
            var next = long.TryParse(http.Request.Headers["Last-Event-ID"], out var last) ? last + 1 : 1;
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync(": connected\n\nretry: 50\n\n" + Frame(next) + "id: 99\ndata: {\"cut", http.RequestAborted);
        });
        using var client = site.Client();

        Assert.Equal([8, 9, 10], await TakeAsync(client, 3, after: 7));
        Assert.Equal(["7", "8", "9"], asked.Take(3));
        Assert.Equal("text/event-stream", site.Requests[0].Headers.Accept);
    }

    [Fact]
    public async Task An_event_in_pieces_and_with_other_line_ends_is_one_event()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", async http =>
        {
            http.Response.ContentType = "text/event-stream; charset=utf-8";
            foreach (var c in Frame(5).Replace("data: {", "data: {\r\ndata:", StringComparison.Ordinal).Replace("\n\n", "\r\n\r\n", StringComparison.Ordinal))
            {
                await http.Response.WriteAsync(c.ToString(), http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
            }

            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        using var client = site.Client();

        Assert.Equal([5], await TakeAsync(client, 1));
    }

    [Fact]
    public async Task A_connection_that_falls_silent_is_made_anew()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("retry: 50\n\n" + Frame(site.Requests.Count), http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        });
        using var client = site.Client(Quick);

        Assert.Equal([1, 2], await TakeAsync(client, 2));
    }

    [Fact]
    public async Task A_site_that_is_restarted_is_waited_for()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", async http =>
        {
            if (site.Requests.Count is 2 or 3)
            {
                http.Response.StatusCode = 503;
                return;
            }

            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("retry: 50\n\n" + Frame(site.Requests.Count), http.RequestAborted);
        });
        using var client = site.Client();

        Assert.Equal([1, 4], await TakeAsync(client, 2));
    }

    [Fact]
    public async Task A_refusal_ends_the_events()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.Refuse("GET /api/v1/events", 401, "unauthorized");
        using var client = site.Client();

        Assert.Equal(401, (await Assert.ThrowsAsync<ApplianceException>(() => TakeAsync(client, 1))).Status);
    }

    [Fact]
    public async Task A_first_connection_that_cannot_be_made_ends_the_events()
    {
        using var client = ApplianceClient.OverSocket("/nonexistent/isocatalog.sock");

        await Assert.ThrowsAsync<ApplianceUnreachableException>(() => TakeAsync(client, 1));
    }

    [Theory]
    [InlineData("text/event-stream", "data: {\"id\":1}\n\n")]
    [InlineData("text/event-stream", "data: [not json\n\n")]
    [InlineData("text/html", "<html></html>")]
    public async Task What_is_no_event_of_a_site_is_an_error(string contentType, string body)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", body, contentType);
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => TakeAsync(client, 1));

        Assert.Equal(ClientProblemCode.UnexpectedAnswer, refused.Problem.Code);
    }

    [Theory(Timeout = 20_000)]
    [InlineData("")]
    [InlineData("\ndata: ")]
    [InlineData("\rdata: ")]
    [InlineData("\r\ndata: ")]
    public async Task An_event_without_end_is_cut(string between)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync("data: ", TestContext.Current.CancellationToken);
            while (!http.RequestAborted.IsCancellationRequested)
            {
                await http.Response.WriteAsync(new string('x', 1 << 16) + between, CancellationToken.None);
            }
        });
        using var client = site.Client();

        var refused = await Assert.ThrowsAsync<ApplianceException>(() => TakeAsync(client, 1));

        Assert.Equal(ClientProblemCode.UnexpectedAnswer, refused.Problem.Code);
    }

    [Fact]
    public async Task Heartbeats_never_add_up_to_an_event_that_is_too_long()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            for (var i = 0; i < 40; i++)
            {
                await http.Response.WriteAsync(":" + new string('x', 1 << 16) + "\n", http.RequestAborted);
            }

            await http.Response.WriteAsync(Frame(3), http.RequestAborted);
        });
        using var client = site.Client();

        Assert.Equal([3], await TakeAsync(client, 1));
    }

    [Theory]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999")]
    [InlineData("-1")]
    [InlineData("soon")]
    public async Task A_pause_that_is_none_changes_nothing(string retry)
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", async http =>
        {
            http.Response.ContentType = "text/event-stream";
            await http.Response.WriteAsync($"retry: {retry}\n\ndata:\n\n" + Frame(4), http.RequestAborted);
        });
        using var client = site.Client();

        Assert.Equal([4], await TakeAsync(client, 1));
    }

    [Fact]
    public async Task A_site_that_has_no_events_to_come_says_so()
    {
        await using var site = await ScriptedSite.StartAsync();
        site.On("GET /api/v1/events", http => { http.Response.StatusCode = 204; return Task.CompletedTask; });
        using var client = site.Client();

        Assert.Empty(await TakeAsync(client, 1));
        Assert.Single(site.Requests);
    }

    private static string Frame(long id) =>
        $"id: {id}\nevent: image\ndata: "
        + JsonSerializer.Serialize(new SiteEvent(id, Samples.Then, "image", "It is there.", Samples.Id("abc"), null, null), ApiJson.Default.SiteEvent)
        + "\n\n";

    private static async Task<List<long>> TakeAsync(IApplianceClient client, int count, long? after = null)
    {
        var ids = new List<long>();
        await foreach (var happened in client.GetEventsAsync(after, Token))
        {
            ids.Add(happened.Id);
            if (ids.Count == count)
            {
                break;
            }
        }

        return ids;
    }
}
