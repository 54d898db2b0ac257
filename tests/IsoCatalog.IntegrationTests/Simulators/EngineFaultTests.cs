using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using IsoCatalog.Simulators.Engine;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>What goes wrong at an engine, switched on and off in the process and through /simulator.</summary>
public sealed class EngineFaultTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_engine_that_is_down_is_503_with_html_for_everything_but_the_control()
    {
        await using var bench = await EngineBench.StartAsync();
        Assert.Equal(HttpStatusCode.OK, await SetAsync(bench, "PATCH", """{"down":true}"""));
        foreach (var path in (string[])["api", "services/health", "sso/oauth/token"])
        {
            using var response = await bench.GetAsync(path, "application/json");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        }

        Assert.Equal(HttpStatusCode.OK, await SetAsync(bench, "DELETE", null));
        Assert.Equal(HttpStatusCode.OK, await bench.StatusAsync("api"));
    }

    [Fact]
    public async Task A_connection_is_cut_without_an_answer()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Engine.Faults = new EngineFaults { Cut = true };

        await Assert.ThrowsAsync<HttpRequestException>(() => bench.GetAsync("api"));
        Assert.Equal(0, bench.Engine.Requests[^1].Status);
    }

    [Fact]
    public async Task A_new_file_comes_into_the_list_after_the_lag_and_an_old_one_leaves_after_it()
    {
        await using var bench = await EngineBench.StartAsync();
        var old = bench.Put("old.iso");
        await bench.NamesAsync();
        bench.Engine.Faults = new EngineFaults { Lag = TimeSpan.FromSeconds(45) };
        File.Move(old, Path.Combine(bench.Files, "new.iso"));

        Assert.Equal(["old.iso"], await bench.NamesAsync());
        bench.Clock.Advance(TimeSpan.FromSeconds(44));
        Assert.Equal(["old.iso"], await bench.NamesAsync());
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["new.iso"], await bench.NamesAsync());
    }

    [Fact]
    public async Task The_list_shows_less_and_more_than_there_is()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        bench.Put("b.iso");
        await AcceptedAsync(bench, "PATCH", """{"hide":["a.iso"],"invent":["ghost.iso"]}""");

        Assert.Equal(["b.iso", "ghost.iso"], await bench.NamesAsync());
    }

    [Fact]
    public async Task Tokens_and_the_password_are_refused()
    {
        await using var bench = await EngineBench.StartAsync();
        await AcceptedAsync(bench, "PUT", """{"refusePassword":true}""");
        Assert.Equal(HttpStatusCode.Unauthorized, await bench.StatusAsync("api"));

        await AcceptedAsync(bench, "PUT", """{"refuseTokens":true}""");
        using var form = new FormUrlEncodedContent(
            [new("grant_type", "password"), new("scope", "ovirt-app-api"), new("username", "admin@internal"), new("password", "simulated")]);
        using var response = await bench.Http.PostAsync("sso/oauth/token", form, Cancel);
        var token = (string)JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["access_token"]!;
        bench.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        Assert.Equal(HttpStatusCode.Unauthorized, await bench.StatusAsync("api"));
    }

    [Fact]
    public async Task Who_has_no_permission_sees_empty_collections()
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        await AcceptedAsync(bench, "PATCH", """{"noPermission":true}""");

        Assert.Empty(await bench.JsonAsync("storagedomains"));
        Assert.Equal(HttpStatusCode.NotFound, await bench.StatusAsync($"api/storagedomains/{EngineBench.Domain:D}/files"));
    }

    [Theory]
    [InlineData("html", "text/html")]
    [InlineData("truncated", "application/json")]
    [InlineData("other", "application/json")]
    public async Task A_200_can_be_no_answer(string garbage, string type)
    {
        await using var bench = await EngineBench.StartAsync();
        bench.Put("a.iso");
        await AcceptedAsync(bench, "PATCH", $$"""{"garbage":"{{garbage}}"}""");
        using var response = await bench.GetAsync($"api/storagedomains/{EngineBench.Domain:D}/files", "application/json");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(type, response.Content.Headers.ContentType?.MediaType);
        Assert.DoesNotContain("a.iso\"\n", await response.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Patch_keeps_what_it_does_not_name_and_put_resets_it()
    {
        await using var bench = await EngineBench.StartAsync();
        await AcceptedAsync(bench, "PATCH", """{"lagSeconds":1.5}""");
        await AcceptedAsync(bench, "PATCH", """{"status":{"Default":"inactive"},"failingDataCenters":["Default"]}""");
        Assert.Equal(TimeSpan.FromSeconds(1.5), bench.Engine.Faults.Lag);
        Assert.Equal("inactive", bench.Engine.Faults.Status["Default"]);

        await AcceptedAsync(bench, "PUT", """{"delaySeconds":0.01}""");
        Assert.Equal(TimeSpan.Zero, bench.Engine.Faults.Lag);
        Assert.Equal(TimeSpan.FromMilliseconds(10), bench.Engine.Faults.Delay);
    }

    [Theory]
    [InlineData("""{"dwn":true}""")]
    [InlineData("""{"lagSeconds":-1}""")]
    [InlineData("""{"lagSeconds":"long"}""")]
    [InlineData("""{"hide":null}""")]
    [InlineData("""{"failingDataCenters":["nowhere"]}""")]
    [InlineData("""{"status":{"Default":"sleepy"}}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public async Task A_fault_that_there_is_not_is_refused_and_changes_nothing(string body)
    {
        await using var bench = await EngineBench.StartAsync();

        Assert.Equal(HttpStatusCode.BadRequest, await SetAsync(bench, "PATCH", body));
        Assert.Same(EngineFaults.None, bench.Engine.Faults);
    }

    [Fact]
    public async Task An_end_does_not_wait_for_a_delay()
    {
        var bench = await EngineBench.StartAsync();
        bench.Engine.Faults = new EngineFaults { Delay = TimeSpan.FromHours(1) };
        var hanging = bench.GetAsync("api");
        await bench.Engine.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        // The handler asks for the other end's address after it connected; that it can be gone by then is not translated there.
        var ended = await Record.ExceptionAsync(() => hanging);
        Assert.True(ended is HttpRequestException or System.Net.Sockets.SocketException, ended?.ToString());
        await bench.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_an_engine_would_not_have_let_happen_is_refused_at_the_start(bool sameCenter)
    {
        var first = new EngineDomain("/srv/a", Guid.NewGuid());
        var second = sameCenter ? first with { Id = Guid.NewGuid() } : first with { DataCenters = ["Other"] };

        var refused = await Assert.ThrowsAsync<ArgumentException>(
            () => EngineSimulator.StartAsync(new EngineOptions { Domains = [first, second] }, Cancel));
        Assert.Contains(sameCenter ? "more than one ISO domain" : "twice", refused.Message, StringComparison.Ordinal);
    }

    private static async Task AcceptedAsync(EngineBench bench, string method, string body) =>
        Assert.Equal(HttpStatusCode.OK, await SetAsync(bench, method, body));

    private static async Task<HttpStatusCode> SetAsync(EngineBench bench, string method, string? body)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(bench.Engine.Url, "/simulator/faults"));
        request.Content = body is null ? null : new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        using var response = await bench.Http.SendAsync(request, Cancel);
        return response.StatusCode;
    }
}
