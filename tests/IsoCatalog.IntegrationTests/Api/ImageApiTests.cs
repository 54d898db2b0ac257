using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed class ImageApiTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private const string Path = "/api/v1/images";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_image_is_shown_with_its_matrix_by_id_and_by_name()
    {
        var byId = (await shared.Caller.GetAsync($"{Path}/{shared.Debian.Id}")).Json;
        var byName = (await shared.Caller.GetAsync($"{Path}/DEBIAN.iso")).Json;

        Assert.True(JsonNode.DeepEquals(byId, byName));
        Assert.Equal("present", byId["store"]!["state"]!.GetValue<string>());
        Assert.Equal("advertised", byId["ready"]!["ams"]!["bmc"]!["state"]!.GetValue<string>());
        Assert.Equal("advertised", byId["ready"]!["ams"]!["console"]!["state"]!.GetValue<string>());
        Assert.Matches("^[0-9a-f]{40}$", byId["infoV1"]!.GetValue<string>());
        Assert.Matches("^[0-9a-f]{64}$", byId["infoV2"]!.GetValue<string>());
        var list = (await shared.Caller.GetAsync(Path)).Json["images"]!.AsArray();
        Assert.Contains(list, i => JsonNode.DeepEquals(i, byId));
    }

    [Fact]
    public async Task The_list_has_pages_for_who_asks_and_is_whole_for_who_does_not()
    {
        var whole = await shared.Caller.GetAsync(Path);
        var first = await shared.Caller.GetAsync($"{Path}?limit=1");
        Assert.Null(whole["Link"]);
        Assert.Equal(whole.Names.Take(1), first.Names);
        Assert.EndsWith("rel=\"next\"", first["Link"], StringComparison.Ordinal);
        var after = first["Link"]!.Split("after=")[1].Split('>')[0];
        Assert.Equal(whole.Names.Skip(1), (await shared.Caller.GetAsync($"{Path}?after={after}")).Names);
        Assert.Equal(whole.Names, (await shared.Caller.GetAsync($"{Path}?limit=5000")).Names);
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=-1")]
    [InlineData("limit=5001")]
    [InlineData("limit=many")]
    [InlineData("limit=1&limit=2")]
    [InlineData("limit=99999999999")]
    [InlineData("after=")]
    [InlineData("after=debian.iso")]
    [InlineData("after=AAAA&limit=1")]
    public async Task A_page_that_there_cannot_be_is_refused(string query) => (await shared.Caller.GetAsync($"{Path}?{query}")).Refused(400, "invalid-request");

    [Theory]
    [InlineData("nothing.iso")]
    [InlineData("sha256:0000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("sha256:zz")]
    [InlineData("%2e%2e%2fetc%2fpasswd")]
    public async Task An_image_that_is_not_there_is_a_problem(string id)
    {
        (await shared.Caller.GetAsync($"{Path}/{id}")).Refused(404, "not-found");
        (await shared.Caller.SendAsync(HttpMethod.Delete, $"{Path}/{id}", null)).Refused(404, "not-found");
        (await shared.Caller.SendAsync(HttpMethod.Post, $"{Path}/{id}/restore", null)).Refused(404, "not-found");
        (await shared.Caller.JsonAsync(HttpMethod.Patch, $"{Path}/{id}", "{}")).Refused(404, "not-found");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_is_added_with_and_without_a_length_and_goes_its_whole_way(bool withLength)
    {
        var bytes = IsoBuilder.InMemory("STREAM", 50_000, withLength ? 11 : 12);
        var name = withLength ? "with length.iso" : "chunked.iso";
        var answer = await shared.Caller.SendAsync(
            HttpMethod.Post, $"{Path}?name={Uri.EscapeDataString(name)}&title=T&kind=live", withLength ? new ByteArrayContent(bytes) : new Unsized(bytes));

        Assert.Equal(201, (int)answer.Status);
        Assert.Equal(name.Replace(' ', '-'), answer.Json["name"]!.GetValue<string>());
        Assert.Equal("T", answer.Json["title"]!.GetValue<string>());
        var location = answer["Location"]!;
        Assert.Equal($"{Path}/{answer.Json["id"]!.GetValue<string>()}", location);
        await TestSite.EventuallyAsync(
            async () => (await shared.Caller.GetAsync(location)).Json["ready"]!["ams"]!["console"]!["state"]!.GetValue<string>() == "advertised", Cancel);

        var removed = await shared.Caller.SendAsync(HttpMethod.Delete, location, null);
        Assert.Equal((202, true), ((int)removed.Status, removed.Json["deleted"]!.GetValue<bool>()));
        Assert.DoesNotContain(name.Replace(' ', '-'), (await shared.Caller.GetAsync("/api/v1/available?surface=bmc")).Names);
        await TestSite.EventuallyAsync(
            async () => (await shared.Caller.GetAsync("/api/v1/retired")).Json["retired"]!.AsArray().Any(r => location.EndsWith(r!["id"]!.GetValue<string>(), StringComparison.Ordinal)),
            Cancel);
        Assert.Equal(202, (int)(await shared.Caller.SendAsync(HttpMethod.Post, location + "/restore", null)).Status);
        await TestSite.EventuallyAsync(
            async () => (await shared.Caller.GetAsync("/api/v1/available?surface=bmc")).Names.Contains(name.Replace(' ', '-')), Cancel);
        await shared.Caller.SendAsync(HttpMethod.Delete, location, null);
    }

    [Fact]
    public async Task A_file_on_the_sites_machine_is_added_by_a_job()
    {
        var path = System.IO.Path.Combine(shared.Site.Root, "from-path.iso");
        await File.WriteAllBytesAsync(path, IsoBuilder.InMemory("PATH", 40_000, 13), Cancel);
        var accepted = await shared.Caller.JsonAsync(HttpMethod.Post, Path, $$"""{"path":"{{path}}","title":"From a path","kind":"drivers"}""");

        Assert.Equal(202, (int)accepted.Status);
        var job = accepted["Location"]!;
        Assert.StartsWith("/api/v1/jobs/", job, StringComparison.Ordinal);
        JsonNode state = accepted.Json;
        await TestSite.EventuallyAsync(async () => (state = (await shared.Caller.GetAsync(job)).Json)["state"]!.GetValue<string>() != "running", Cancel);
        Assert.Equal("done", state["state"]!.GetValue<string>());
        Assert.Contains((await shared.Caller.GetAsync("/api/v1/jobs")).Json["jobs"]!.AsArray(), j => job.EndsWith(j!["id"]!.GetValue<string>(), StringComparison.Ordinal));
        var image = await shared.Caller.GetAsync($"{Path}/{state["image"]!.GetValue<string>()}");
        Assert.Equal("From a path", image.Json["title"]!.GetValue<string>());
        Assert.True(File.Exists(path));
        await shared.Caller.SendAsync(HttpMethod.Delete, $"{Path}/from-path.iso", null);
    }

    [Fact]
    public async Task A_job_that_fails_says_why()
    {
        var accepted = await shared.Caller.JsonAsync(HttpMethod.Post, Path, """{"path":"/nonexistent/x.iso"}""");
        if (accepted.Status == HttpStatusCode.Accepted)
        {
            JsonNode state = accepted.Json;
            await TestSite.EventuallyAsync(
                async () => (state = (await shared.Caller.GetAsync(accepted["Location"]!)).Json)["state"]!.GetValue<string>() == "failed", Cancel);
            Assert.Equal("urn:isocatalog:problem:source-missing", state["problem"]!["type"]!.GetValue<string>());
        }
        else
        {
            accepted.Refused(404, "source-missing");
        }
    }

    [Theory]
    [InlineData("?name=x.iso", "not an image at all", 422, "not-an-iso")]
    [InlineData("?name=x.iso", "", 422, "empty-image")]
    [InlineData("", "x", 400, "invalid-request")]
    [InlineData("?name=..%2Fx.iso", "x", 400, "name-invalid")]
    [InlineData("?name=x.img", "x", 400, "name-invalid")]
    [InlineData("?name=x.iso&sha256=zz", "x", 400, "invalid-request")]
    [InlineData("?name=x.iso&kind=game", "x", 400, "invalid-request")]
    public async Task A_stream_that_is_no_image_is_refused(string query, string body, int status, string code) =>
        (await shared.Caller.SendAsync(HttpMethod.Post, Path + query, new ByteArrayContent(Encoding.UTF8.GetBytes(body)))).Refused(status, code);

    [Fact]
    public async Task Bytes_are_taken_once_a_name_means_one_image_and_the_expected_hash_counts()
    {
        var same = await shared.Caller.SendAsync(
            HttpMethod.Post, $"{Path}?name=other.iso", new ByteArrayContent(IsoBuilder.InMemory("DEBIAN_12", 20_000, 1)));
        same.Refused(409, "already-in-catalog");
        Assert.Equal(shared.Debian.Id.ToString(), same.Json["image"]!.GetValue<string>());
        (await shared.Caller.SendAsync(HttpMethod.Post, $"{Path}?name=Debian.iso", new ByteArrayContent(IsoBuilder.InMemory("X", 20_000, 99))))
            .Refused(409, "name-taken");
        (await shared.Caller.SendAsync(
            HttpMethod.Post, $"{Path}?name=y.iso&sha256={new string('0', 64)}", new ByteArrayContent(IsoBuilder.InMemory("Y", 20_000, 98))))
            .Refused(422, "sha256-mismatch");
        var whole = IsoBuilder.InMemory("Z", 60_000, 97);
        (await shared.Caller.SendAsync(HttpMethod.Post, $"{Path}?name=z.iso", new ByteArrayContent(whole[..^20_000]))).Refused(422, "truncated-image");
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"path":"/a","url":"http://b"}""")]
    [InlineData("""{"path":"relative.iso"}""")]
    [InlineData("""{"path":"/a","kind":"game"}""")]
    [InlineData("""{"path":"/a","sha256":"zz"}""")]
    [InlineData("""{"path":"/a","colour":"red"}""")]
    [InlineData("""{"path":"/a","path":"/b"}""")]
    [InlineData("""{"path":1}""")]
    [InlineData("null")]
    [InlineData("[")]
    public async Task An_add_request_that_makes_no_sense_is_refused(string json) =>
        (await shared.Caller.JsonAsync(HttpMethod.Post, Path, json)).Refused(400, "invalid-request");

    [Fact]
    public async Task Adding_by_url_is_said_to_be_missing() =>
        (await shared.Caller.JsonAsync(HttpMethod.Post, Path, """{"url":"https://example.com/x.iso"}""")).Refused(501, "not-supported");

    [Theory]
    [InlineData("title", "\"Another\"", "titles.en")]
    [InlineData("titles", """{"nl":"Nederlands","ru":"Русский"}""", "titles.nl")]
    [InlineData("kind", "\"drivers\"", "kind")]
    [InlineData("group", "\"Windows\"", "group")]
    [InlineData("order", "-7", "order")]
    [InlineData("os", """{"family":"windows","distro":"server","version":"2022","edition":"core","language":"en"}""", "os")]
    [InlineData("arch", """["x86_64","aarch64"]""", "arch")]
    [InlineData("tags", """["a","b"]""", "tags")]
    [InlineData("hidden", "true", "hidden")]
    [InlineData("eolDate", "\"2031-12-31\"", "eolDate")]
    [InlineData("owner", "\"team\"", "owner")]
    [InlineData("protected", "true", "protected")]
    [InlineData("offer", "\"asap\"", "offer")]
    public async Task Each_member_can_be_patched_alone(string member, string json, string where)
    {
        var path = $"{Path}/{shared.Rescue.Id}";
        var before = (await shared.Caller.GetAsync(path)).Json["meta"]!;
        var answer = await shared.Caller.JsonAsync(HttpMethod.Patch, path, $$"""{"{{member}}":{{json}}}""");
        Assert.True((int)answer.Status == 200, answer.Text);
        try
        {
            var after = (await shared.Caller.GetAsync(path)).Json["meta"]!;
            var said = where.Split('.').Aggregate(after, (node, step) => node[step]!);
            var wanted = member == "titles" ? JsonNode.Parse(json)!["nl"] : JsonNode.Parse(json);
            Assert.True(JsonNode.DeepEquals(wanted, said), after.ToJsonString());
            foreach (var (name, value) in before.AsObject().Where(m => m.Key != where.Split('.')[0]))
            {
                Assert.True(JsonNode.DeepEquals(value, after[name]), $"{name} changed too: {after}");
            }
        }
        finally
        {
            await shared.Caller.JsonAsync(HttpMethod.Patch, path, """{"title":"Rescue","titles":{"nl":null,"ru":null},"kind":"rescue","hidden":false,"protected":false,"order":1,"arch":["i686"],"tags":["tools"],"os":{}}""");
        }
    }

    [Theory]
    [InlineData("""{"kind":"game"}""")]
    [InlineData("""{"offer":"never"}""")]
    [InlineData("""{"order":"1"}""")]
    [InlineData("""{"order":1.5}""")]
    [InlineData("""{"order":99999999999}""")]
    [InlineData("""{"hidden":"yes"}""")]
    [InlineData("""{"eolDate":"31.12.2031"}""")]
    [InlineData("""{"tags":"a"}""")]
    [InlineData("""{"tags":[null]}""")]
    [InlineData("""{"title":"a\u0000b"}""")]
    [InlineData("""{"os":{"family":"a","colour":"red"}}""")]
    [InlineData("""{"size":1}""")]
    [InlineData("""{"title":"a","title":"b"}""")]
    [InlineData("""{"titles":{"":"empty language"}}""")]
    [InlineData("""{"titles":{"not a language!":"x"}}""")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{")]
    public async Task A_patch_that_makes_no_sense_changes_nothing(string json)
    {
        var path = $"{Path}/{shared.Debian.Id}";
        var before = (await shared.Caller.GetAsync(path)).Body;

        (await shared.Caller.JsonAsync(HttpMethod.Patch, path, json)).Refused(400, "invalid-request");
        Assert.Equal(before, (await shared.Caller.GetAsync(path)).Body);
    }

    [Fact]
    public async Task A_patch_with_a_text_that_is_too_long_is_refused()
    {
        var path = $"{Path}/{shared.Debian.Id}";

        (await shared.Caller.JsonAsync(HttpMethod.Patch, path, $$"""{"title":"{{new string('x', 501)}}"}""")).Refused(400, "invalid-request");
        (await shared.Caller.JsonAsync(HttpMethod.Patch, path, $$"""{"tags":[{{string.Join(',', Enumerable.Repeat("\"x\"", 51))}}]}""")).Refused(400, "invalid-request");
        (await shared.Caller.JsonAsync(HttpMethod.Patch, path, $$$"""{"titles":{"{{{new string('x', 600)}}}":"x"}}""")).Refused(400, "invalid-request");
        (await shared.Caller.JsonAsync(HttpMethod.Patch, path, $$"""{"title":"{{new string('x', 2 << 20)}}"}""")).Refused(413, "invalid-request");
    }

    [Fact]
    public async Task A_protected_image_is_not_removed()
    {
        var path = $"{Path}/{shared.Debian.Id}";
        await shared.Caller.JsonAsync(HttpMethod.Patch, path, """{"protected":true}""");
        (await shared.Caller.SendAsync(HttpMethod.Delete, path, null)).Refused(409, "protected");
        await shared.Caller.JsonAsync(HttpMethod.Patch, path, """{"protected":false}""");
    }

    /// <summary>Sent in chunks, because nobody knows how long it is.</summary>
    private sealed class Unsized(byte[] bytes) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes, Cancel).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
