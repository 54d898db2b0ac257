using System.Text.Json.Nodes;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed class EventApiTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private const string Path = "/api/v1/events";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_kept_events_are_a_list_with_growing_ids()
    {
        var events = (await shared.Caller.GetAsync(Path, ("Accept", "application/json"))).Json.AsArray();

        Assert.Contains(events, e => e!["type"]!.GetValue<string>() == "image" && e["text"]!.GetValue<string>() == "debian.iso added");
        Assert.Contains(events, e => e!["type"]!.GetValue<string>() == "surface" && e["surface"]?.GetValue<string>() == "console");
        var ids = events.Select(e => e!["id"]!.GetValue<long>()).ToList();
        Assert.Equal(ids.Distinct().Order(), ids);
    }

    [Fact]
    public async Task After_a_reconnect_what_was_missed_comes_first_and_then_what_happens()
    {
        var kept = (await shared.Caller.GetAsync(Path, ("Accept", "application/json"))).Json.AsArray();
        var middle = kept[kept.Count / 2]!["id"]!.GetValue<long>();
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", middle.ToString());
        using var response = await shared.Caller.OpenAsync(request);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));

        foreach (var expected in kept.Where(e => e!["id"]!.GetValue<long>() > middle))
        {
            var (id, type, data) = await NextAsync(lines);
            Assert.Equal(expected!["id"]!.GetValue<long>(), id);
            Assert.Equal(expected["type"]!.GetValue<string>(), type);
            Assert.True(JsonNode.DeepEquals(expected, data));
        }

        var lease = await shared.Caller.JsonAsync(HttpMethod.Post, "/api/v1/leases", """{"image":"debian.iso","surface":"console","client":"listener"}""");
        var live = await NextAsync(lines);
        Assert.Equal("mount", live.Type);
        Assert.Equal("leased to listener on console", live.Data["text"]!.GetValue<string>());
        Assert.Equal("console", live.Data["surface"]!.GetValue<string>());
        await shared.Caller.SendAsync(HttpMethod.Delete, lease["Location"]!, null);
    }

    [Theory]
    [InlineData("not a number")]
    [InlineData("99999999999999999999")]
    [InlineData("-5")]
    public async Task A_strange_last_id_does_no_harm(string last)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, Path);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        using var response = await shared.Caller.OpenAsync(request);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));

        Assert.Equal(": connected", await lines.ReadLineAsync(Cancel));
    }

    private static async Task<(long Id, string Type, JsonNode Data)> NextAsync(StreamReader lines)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        var (id, type) = (0L, "");
        while (await lines.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("id: ", StringComparison.Ordinal))
            {
                id = long.Parse(line[4..]);
            }
            else if (line.StartsWith("event: ", StringComparison.Ordinal))
            {
                type = line[7..];
            }
            else if (line.StartsWith("data: ", StringComparison.Ordinal))
            {
                return (id, type, JsonNode.Parse(line[6..])!);
            }
        }

        throw new EndOfStreamException("The stream of events ended.");
    }
}
