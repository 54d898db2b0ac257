using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Xunit;

namespace IsoCatalog.IntegrationTests.Simulators;

/// <summary>Who is let in to the simulated engine, and how refusals look.</summary>
public sealed class EngineSsoTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_opens_the_api_until_its_time_is_over()
    {
        await using var bench = await EngineBench.StartAsync();
        var (status, answer) = await LoginAsync(bench, "simulated");
        var token = (string)answer["access_token"]!;
        bench.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("bearer", (string?)answer["token_type"]);
        Assert.Equal((bench.Clock.GetUtcNow() + TimeSpan.FromMinutes(30)).ToUnixTimeMilliseconds().ToString(), (string?)answer["exp"]);
        Assert.False(answer.ContainsKey("expires_in"));
        Assert.Equal(HttpStatusCode.OK, await bench.StatusAsync("api"));

        bench.Clock.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(HttpStatusCode.Unauthorized, await bench.StatusAsync("api"));
    }

    [Fact]
    public async Task Without_a_good_token_or_password_the_answer_is_a_401_of_html()
    {
        await using var bench = await EngineBench.StartAsync();
        foreach (var header in (AuthenticationHeaderValue?[])[null, new("Bearer", "x"), new("Basic", "not base64"), EngineBench.Basic("admin@internal", "no")])
        {
            bench.Http.DefaultRequestHeaders.Authorization = header;
            using var response = await bench.GetAsync("api", "application/json");

            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
            Assert.Equal("Basic realm=\"RESTAPI\"", response.Headers.WwwAuthenticate.ToString());
        }
    }

    [Theory]
    [InlineData("ovirt-app-api", "error_code", "error")]
    [InlineData("openid", "error", "error_description")]
    public async Task A_bad_password_is_a_400_spelled_by_the_scope(string scope, string code, string words)
    {
        await using var bench = await EngineBench.StartAsync();
        var (status, answer) = await LoginAsync(bench, "wrong", scope);

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("access_denied", (string?)answer[code]);
        Assert.StartsWith("Cannot authenticate user", (string?)answer[words], StringComparison.Ordinal);
    }

    [Fact]
    public async Task There_is_no_grant_but_that_of_the_password()
    {
        await using var bench = await EngineBench.StartAsync();
        var (status, answer) = await LoginAsync(bench, "simulated", grant: "refresh_token");

        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("unsupported_grant_type", (string?)answer["error_code"]);
    }

    [Fact]
    public async Task A_logout_ends_the_token_and_expiry_can_be_forced()
    {
        await using var bench = await EngineBench.StartAsync();
        var first = await TokenAsync(bench);
        var second = await TokenAsync(bench);
        bench.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", first);
        using var form = new FormUrlEncodedContent([new("scope", "ovirt-app-api"), new("token", first)]);
        using (await bench.Http.PostAsync("services/sso-logout", form, Cancel))
        {
        }

        Assert.Equal(HttpStatusCode.Unauthorized, await bench.StatusAsync("api"));
        bench.Http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", second);
        Assert.Equal(HttpStatusCode.OK, await bench.StatusAsync("api"));
        bench.Engine.ExpireTokens();
        Assert.Equal(HttpStatusCode.Unauthorized, await bench.StatusAsync("api"));
        Assert.Equal(2, bench.Engine.Logins);
    }

    private static async Task<string> TokenAsync(EngineBench bench) => (string)(await LoginAsync(bench, "simulated")).Answer["access_token"]!;

    private static async Task<(HttpStatusCode Status, JsonObject Answer)> LoginAsync(
        EngineBench bench, string password, string scope = "ovirt-app-api", string grant = "password")
    {
        using var form = new FormUrlEncodedContent(
            [new("grant_type", grant), new("scope", scope), new("username", "admin@internal"), new("password", password)]);
        using var response = await bench.Http.PostAsync("sso/oauth/token", form, Cancel);
        return (response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!.AsObject());
    }
}
