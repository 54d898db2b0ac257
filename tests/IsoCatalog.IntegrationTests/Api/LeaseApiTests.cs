using System.Text.Json.Nodes;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed class LeaseApiTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private const string Path = "/api/v1/leases";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("bmc", "127.0.0.1")]
    [InlineData("console", "session 7")]
    public async Task A_lease_is_taken_found_renewed_and_given_back(string surface, string client)
    {
        var taken = await Take("debian.iso", surface, client, 600);
        Assert.Equal(201, (int)taken.Status);
        var location = taken["Location"]!;
        Assert.Equal($"{Path}/{taken.Json["id"]!.GetValue<string>()}", location);
        Assert.Equal(600, (Expires(taken) - taken.Json["created"]!.GetValue<DateTimeOffset>()).TotalSeconds, 1.0);

        Assert.True(JsonNode.DeepEquals(taken.Json, (await shared.Caller.GetAsync(location)).Json));
        Assert.Contains((await shared.Caller.GetAsync(Path)).Json["leases"]!.AsArray(), l => JsonNode.DeepEquals(l, taken.Json));
        var renewed = await shared.Caller.JsonAsync(HttpMethod.Put, location, """{"ttl":7200}""");
        Assert.Equal(200, (int)renewed.Status);
        Assert.True(Expires(renewed) > Expires(taken).AddSeconds(6000));
        Assert.Equal(taken.Json["mount"]!.ToJsonString(), renewed.Json["mount"]!.ToJsonString());

        Assert.Equal(204, (int)(await shared.Caller.SendAsync(HttpMethod.Delete, location, null)).Status);
        (await shared.Caller.SendAsync(HttpMethod.Delete, location, null)).Refused(404, "not-found");
        (await shared.Caller.GetAsync(location)).Refused(404, "not-found");
        (await shared.Caller.JsonAsync(HttpMethod.Put, location, """{"ttl":7200}""")).Refused(404, "not-found");
    }

    [Theory]
    [InlineData("""{"image":"debian.iso","surface":"bmc","client":"127.0.0.1","ttl":59}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","surface":"bmc","client":"127.0.0.1","ttl":2592001}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","surface":"bmc","client":"127.0.0.1","ttl":-1}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","surface":"bmc","client":"host.example.com"}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","surface":"bmc","client":""}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","surface":"console"}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","client":"x"}""", 400, "invalid-request")]
    [InlineData("""{"surface":"console","client":"x"}""", 400, "invalid-request")]
    [InlineData("""{"image":null,"surface":"console","client":"x"}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","surface":"console","client":"x","forever":true}""", 400, "invalid-request")]
    [InlineData("""{"image":"debian.iso","surface":"nowhere","client":"x"}""", 404, "unknown-surface")]
    [InlineData("""{"image":"debian.iso","surface":"ipmi","client":"127.0.0.1"}""", 404, "unknown-surface")]
    [InlineData("""{"image":"nothing.iso","surface":"console","client":"x"}""", 404, "not-found")]
    [InlineData("", 400, "invalid-request")]
    [InlineData("null", 400, "invalid-request")]
    public async Task A_lease_that_makes_no_sense_is_refused(string json, int status, string code) =>
        (await shared.Caller.JsonAsync(HttpMethod.Post, Path, json)).Refused(status, code);

    [Theory]
    [InlineData(60)]
    [InlineData(2592000)]
    public async Task The_bounds_of_a_lease_are_allowed(int ttl)
    {
        var taken = await Take("debian.iso", "console", "bounds", ttl);

        Assert.Equal(201, (int)taken.Status);
        await shared.Caller.SendAsync(HttpMethod.Delete, taken["Location"]!, null);
    }

    [Fact]
    public async Task A_renewal_out_of_bounds_leaves_the_lease_as_it_was()
    {
        var taken = await Take("debian.iso", "console", "renewal", 600);
        foreach (var ttl in new[] { "59", "2592001", "\"600\"", "1.5" })
        {
            (await shared.Caller.JsonAsync(HttpMethod.Put, taken["Location"]!, $$"""{"ttl":{{ttl}}}""")).Refused(400, "invalid-request");
        }

        Assert.Equal(Expires(taken), Expires(await shared.Caller.GetAsync(taken["Location"]!)));
        await shared.Caller.SendAsync(HttpMethod.Delete, taken["Location"]!, null);
    }

    [Fact]
    public async Task An_image_that_is_not_ready_cannot_be_held()
    {
        await shared.Caller.JsonAsync(HttpMethod.Patch, "/api/v1/images/rescue.iso", """{"hidden":true}""");
        try
        {
            var refused = await Take("rescue.iso", "bmc", "127.0.0.1", 600);
            refused.Refused(409, "not-ready");
            Assert.Equal(shared.Rescue.Id.ToString(), refused.Json["image"]!.GetValue<string>());
        }
        finally
        {
            await shared.Caller.JsonAsync(HttpMethod.Patch, "/api/v1/images/rescue.iso", """{"hidden":false}""");
        }
    }

    [Fact]
    public async Task The_url_of_a_lease_is_for_its_client_alone_and_survives_a_restart()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        using var caller = new ApiCaller(site.Api);
        var mine = await Take(caller, "one.iso", "bmc", "127.0.0.1");
        var others = await Take(caller, "one.iso", "bmc", "127.0.0.9");

        Assert.Equal(200, await StatusOf(Url(mine)));
        Assert.Equal(404, await StatusOf(Url(others)));

        await site.StopAsync();
        await site.StartAgainAsync(Cancel);
        using var after = new ApiCaller(site.Api);
        var again = await after.GetAsync(mine["Location"]!);
        Assert.Equal(new Uri(Url(mine)).AbsolutePath, new Uri(Url(again)).AbsolutePath);
        Assert.Equal(200, await StatusOf(Url(again)));
        Assert.Equal(404, await StatusOf(Url(await after.GetAsync(others["Location"]!))));

        await after.SendAsync(HttpMethod.Delete, $"/api/v1/images/{image.Id}", null);
        Assert.Equal(200, await StatusOf(Url(again)));
        Assert.Equal(204, (int)(await after.SendAsync(HttpMethod.Delete, mine["Location"]!, null)).Status);
        Assert.Equal(404, await StatusOf(Url(again)));
    }

    /// <summary>It was shut for a moment when the leases were brought in line by a look at them that was a moment old.</summary>
    [Fact]
    public async Task A_lease_that_was_just_given_is_open_while_others_come_and_go()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(
            async () =>
            {
                for (var round = 0; round < 40; round++)
                {
                    var mine = await Take("debian.iso", "bmc", "127.0.0.1", 600);
                    Assert.Equal(200, await StatusOf(Url(mine)));
                    Assert.Equal(204, (int)(await shared.Caller.SendAsync(HttpMethod.Delete, mine["Location"]!, null)).Status);
                }
            },
            Cancel)));
    }

    private static async Task<int> StatusOf(string url)
    {
        using var reader = new ApiCaller(new Uri(url));
        return (int)(await reader.SendAsync(HttpMethod.Head, "", null)).Status;
    }

    private static string Url(ApiAnswer lease) => lease.Json["mount"]!["url"]!.GetValue<string>();

    private static DateTimeOffset Expires(ApiAnswer lease) => lease.Json["expires"]!.GetValue<DateTimeOffset>();

    private Task<ApiAnswer> Take(string image, string surface, string client, int ttl) => shared.Caller.JsonAsync(
        HttpMethod.Post, Path, $$"""{"image":"{{image}}","surface":"{{surface}}","client":"{{client}}","ttl":{{ttl}}}""");

    private static Task<ApiAnswer> Take(ApiCaller caller, string image, string surface, string client) => caller.JsonAsync(
        HttpMethod.Post, Path, $$"""{"image":"{{image}}","surface":"{{surface}}","client":"{{client}}"}""");
}
