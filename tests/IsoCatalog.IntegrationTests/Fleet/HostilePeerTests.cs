using System.Text;
using System.Text.Json.Nodes;
using IsoCatalog.IntegrationTests.Api;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Fleet;

/// <summary>A site of the fleet that misbehaves, with the right key: the others go on, and it is seen.</summary>
public sealed class HostilePeerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("garbage")]
    [InlineData("oversize")]
    [InlineData("endless-header")]
    [InlineData("other-site")]
    [InlineData("too-deep")]
    public async Task A_peer_that_answers_with_rubbish_is_named_and_backed_off_while_the_others_go_on(string how)
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        await ams.StartAgainAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        await using var peer = new RawPeer(RawPeer.Certificate(evil.TlsKey()), request => how switch
        {
            "garbage" => "<html>hello</html>"u8.ToArray(),
            "oversize" => Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}"),
            "endless-header" => Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\nX-Long: " + new string('x', 100_000) + "\r\n\r\n"),
            "other-site" => State("nyc", ams),
            _ => Encoding.ASCII.GetBytes(new string('[', 5000)),
        });
        await MeetAsync(ams, nyc, peer);
        await TestSite.EventuallyAsync(async () => (await ams.PeerAsync("evil")).ErrorCode == "garbage", Cancel);
        await GoesOnAsync(ams, nyc);
        using var api = new ApiCaller(ams.Api);
        Assert.Contains("isocatalog_fleet_failed_total{peer=\"evil\",reason=\"garbage\"}", (await api.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        // Two sites ask it, each with longer and longer pauses; without these it would be hundreds.
        Assert.InRange(peer.Requests.Count, 1, 20);
    }

    [Fact]
    public async Task Documents_and_chunks_that_are_not_what_they_are_said_to_be_are_refused_by_rule_and_counted()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        await ams.StartAgainAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);

        // A real document of the site, made by the site itself, with its chunks; then it stops, and the peer serves it with changes.
        await evil.StartAgainAsync(Cancel);
        await evil.PutAsync("bait.iso", 1);
        await evil.PutAsync("bait-2.iso", 2);
        await evil.StopAsync();
        var files = Directory.GetFiles(Path.Combine(evil.Data, "catalog", "documents", "evil")).ToDictionary(f => Path.GetFileNameWithoutExtension(f), File.ReadAllBytes);
        var tampered = new string('a', 64);
        var swapped = new string('b', 64);
        await using var peer = new RawPeer(RawPeer.Certificate(evil.TlsKey()), request => request switch
        {
            "GET /fleet/v1/state" => State("evil", ams, [.. files.Keys, tampered, swapped]),
            _ when request.StartsWith("GET /fleet/v1/documents/aaaa", StringComparison.Ordinal) => Tampered(files.Values.First()),
            _ when request.StartsWith("GET /fleet/v1/documents/bbbb", StringComparison.Ordinal) => files.Values.First(),
            _ when request.StartsWith("GET /fleet/v1/documents/", StringComparison.Ordinal) => files.GetValueOrDefault(request.Split('/')[^1]),
            _ when request.StartsWith("GET /fleet/v1/chunks/", StringComparison.Ordinal) => Chunk(evil, request.Split('/')[^1], spoil: true),
            _ => null,
        });
        await MeetAsync(ams, nyc, peer);
        await TestSite.EventuallyAsync(async () => (await ams.PeerAsync("evil")).Refused.Values.Sum() >= 3, Cancel);
        await GoesOnAsync(ams, nyc);
        var seen = await ams.PeerAsync("evil");
        Assert.Contains("garbage", seen.Refused.Keys);
        Assert.DoesNotContain(await NamesAsync(ams), n => n.StartsWith("bait", StringComparison.Ordinal));
        using var api = new ApiCaller(ams.Api);
        Assert.Contains("isocatalog_fleet_refused_total{peer=\"evil\",rule=\"garbage\"}", (await api.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a site's own broken word", false, "evil")]
    [InlineData("a word by a key that is not known yet", true, null)]
    [InlineData("a word by nobody's key", false, "nyc")]
    public async Task Whoever_hands_on_what_it_had_to_believe_is_not_blamed_for_it(string what, bool behind, string? blamed)
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc) = (fleet["ams"], fleet["nyc"]);
        var signer = new SiteInHand(fleet["evil"]);
        var (hash, envelope) = what.Contains("broken", StringComparison.Ordinal) ? signer.SignBroken() : signer.SignByStranger();
        await ams.StartAgainAsync(Cancel);
        await using var peer = new RawPeer(RawPeer.Certificate(nyc.TlsKey()), request => request switch
        {
            "GET /fleet/v1/state" => State("nyc", ams, behind, hash.ToString()),
            _ when request == $"GET /fleet/v1/documents/{hash}" => envelope,
            _ => null,
        });
        await ams.SetPeersAsync([new("nyc", peer.Address, peer.Address)], Cancel);
        await TestSite.EventuallyAsync(async () => (await ams.MetricAsync("isocatalog_fleet_refused_total{peer=\"nyc\"")) > 0, Cancel);
        await TestSite.EventuallyAsync(async () => blamed is null || (await BlamedAsync()).Any(), Cancel);
        Assert.Equal(blamed is null ? [] : [blamed], await BlamedAsync());
        Assert.Equal(blamed == "nyc", (await ams.PeerAsync("nyc")).Refused.Count > 0);

        async Task<IEnumerable<string?>> BlamedAsync() =>
            (await ams.Client.GetDriftAsync(Cancel)).Drift.Where(d => d.Code == "documents-refused").Select(d => d.Site);
    }

    [Fact]
    public async Task A_peer_that_names_documents_which_it_has_not_is_not_asked_without_a_pause()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        await ams.StartAgainAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        await using var peer = new RawPeer(RawPeer.Certificate(evil.TlsKey()), request => request == "GET /fleet/v1/state" ? State("evil", ams, new string('a', 64)) : null);
        await MeetAsync(ams, nyc, peer);
        await TestSite.EventuallyAsync(() => Task.FromResult(Asked() > 0), Cancel);
        var before = Asked();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await GoesOnAsync(ams, nyc);
        await TestSite.EventuallyAsync(() => Task.FromResult(watch.Elapsed.TotalSeconds > 3), Cancel);

        // Two sites ask, two questions a round and two rounds a second each. What they tell it when something is new is their own news.
        Assert.InRange((Asked() - before) / watch.Elapsed.TotalSeconds, 0.1, 20);

        int Asked() => peer.Requests.Count(r => r.StartsWith("GET ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_peer_that_never_ends_its_answer_holds_up_nobody_else()
    {
        await using var fleet = await TestFleet.PrepareAsync(Cancel, "ams", "nyc", "evil");
        var (ams, nyc, evil) = (fleet["ams"], fleet["nyc"], fleet["evil"]);
        await ams.StartAgainAsync(Cancel);
        await nyc.StartAgainAsync(Cancel);
        using var hold = new ManualResetEventSlim();
        await using var peer = new RawPeer(RawPeer.Certificate(evil.TlsKey()), _ =>
        {
            hold.Wait(TimeSpan.FromSeconds(20), Cancel);
            return null;
        });
        await MeetAsync(ams, nyc, peer);
        await TestSite.EventuallyAsync(() => Task.FromResult(peer.Requests.Count > 0), Cancel);
        await GoesOnAsync(ams, nyc);
        hold.Set();
    }

    private static async Task MeetAsync(TestSite ams, TestSite nyc, RawPeer evil)
    {
        await ams.SetPeersAsync([new("nyc", nyc.FleetAddress!, nyc.FleetAddress!), new("evil", evil.Address, evil.Address)], Cancel);
        await nyc.SetPeersAsync([new("ams", ams.FleetAddress!, ams.FleetAddress!), new("evil", evil.Address, evil.Address)], Cancel);
    }

    private static async Task GoesOnAsync(TestSite ams, TestSite nyc)
    {
        await ams.KnowsAsync((await nyc.PutAsync("from-nyc.iso", 11)).Id);
        await nyc.KnowsAsync((await ams.PutAsync("from-ams.iso", 12)).Id);
    }

    private static async Task<IEnumerable<string>> NamesAsync(TestSite site) => (await site.Client.GetImagesAsync(Cancel)).Images.Select(i => i.Name);

    /// <summary>As the site would say it, of the same fleet and trust version.</summary>
    private static byte[] State(string site, TestSite ams, params string[] documents) => State(site, ams, behind: false, documents);

    /// <param name="behind">It has not heard of the newest trust document.</param>
    private static byte[] State(string site, TestSite ams, bool behind, params string[] documents)
    {
        var peers = ams.Client.GetPeersAsync(Cancel).GetAwaiter().GetResult();
        return Encoding.UTF8.GetBytes(new JsonObject
        {
            ["fleet"] = peers.FleetId,
            ["site"] = site,
            ["now"] = TimeProvider.System.GetUtcNow().ToString("O", System.Globalization.CultureInfo.InvariantCulture),
            ["trust"] = new JsonObject { ["version"] = peers.Trust - (behind ? 1 : 0), ["sha256"] = behind ? new string('d', 64) : peers.TrustSha256.ToString() },
            ["sites"] = new JsonObject { ["evil"] = new JsonObject { ["documents"] = new JsonArray([.. documents.Select(d => JsonValue.Create(d))]) } },
        }.ToJsonString());
    }

    private static byte[] Tampered(byte[] envelope)
    {
        var json = JsonNode.Parse(envelope)!;
        var payload = Convert.FromBase64String(json["payload"]!.GetValue<string>());
        payload[^3] ^= 1;
        json["payload"] = Convert.ToBase64String(payload);
        return Encoding.UTF8.GetBytes(json.ToJsonString());
    }

    private static byte[]? Chunk(TestSite site, string hash, bool spoil)
    {
        var bytes = File.ReadAllBytes(Path.Combine(site.Data, "catalog", "chunks", hash + ".json"));
        if (spoil)
        {
            bytes[bytes.Length / 2] ^= 1;
        }

        return bytes;
    }
}
