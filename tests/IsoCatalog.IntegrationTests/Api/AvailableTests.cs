using System.IO.Compression;
using System.Security.Cryptography;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed class AvailableTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private const string Path = "/api/v1/available";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Path + "?surface=bmc", 200)]
    [InlineData(Path + "?surface=nowhere", 404)]
    [InlineData("/api/v1/images", 200)]
    [InlineData("/api/v1/images/debian.iso", 200)]
    [InlineData("/api/v1/status", 200)]
    [InlineData("/api/v1/drift", 200)]
    [InlineData("/api/v1/leases", 200)]
    [InlineData("/api/v1/jobs/nothing", 404)]
    [InlineData("/healthz", 200)]
    [InlineData("/metrics", 200)]
    [InlineData("/openapi/v1.json", 200)]
    [InlineData("/nothing", 404)]
    public async Task Head_answers_as_get_does_without_the_body(string path, int status)
    {
        var head = await shared.Caller.SendAsync(HttpMethod.Head, path, null);
        var get = await shared.Caller.GetAsync(path);

        Assert.Equal((status, status), ((int)head.Status, (int)get.Status));
        Assert.Empty(head.Body);
        Assert.Equal((get["Content-Type"], get["ETag"]), (head["Content-Type"], head["ETag"]));
    }

    [Fact]
    public async Task Head_of_the_events_ends()
    {
        var answer = await shared.Caller.SendAsync(HttpMethod.Head, "/api/v1/events", null);

        Assert.Equal((200, "text/event-stream"), ((int)answer.Status, answer["Content-Type"]));
    }

    [Theory]
    [InlineData("bmc")]
    [InlineData("ipmi")]
    [InlineData("console")]
    [InlineData("volume")]
    [InlineData("bmc&site=ams")]
    [InlineData("bmc&site=*")]
    public async Task A_surface_is_asked_for_by_name_by_kind_and_by_group(string query)
    {
        var answer = await shared.Caller.GetAsync($"{Path}?surface={query}");

        Assert.Equal(["rescue.iso", "debian.iso"], answer.Names);
    }

    [Theory]
    [InlineData("os=debian", "debian.iso")]
    [InlineData("os=LINUX", "debian.iso")]
    [InlineData("os=windows", "")]
    [InlineData("arch=x86_64", "debian.iso")]
    [InlineData("arch=i686", "rescue.iso")]
    [InlineData("boot=uefi", "")]
    [InlineData("boot=bios", "")]
    [InlineData("kind=rescue", "rescue.iso")]
    [InlineData("tag=Stable", "debian.iso")]
    [InlineData("q=ebian_1", "debian.iso")]
    [InlineData("q=ISO", "rescue.iso debian.iso")]
    [InlineData("q=%C3%A9", "")]
    [InlineData("kind=rescue&arch=x86_64", "")]
    public async Task Each_filter_filters(string filter, string expected)
    {
        var answer = await shared.Caller.GetAsync($"{Path}?surface=bmc&{filter}");

        Assert.Equal(expected, string.Join(' ', answer.Names));
    }

    [Theory]
    [InlineData("", 400, "invalid-request")]
    [InlineData("?surface=", 400, "invalid-request")]
    [InlineData("?surface=bmc&flavour=x", 400, "invalid-request")]
    [InlineData("?surface=bmc&boot=floppy", 400, "invalid-request")]
    [InlineData("?surface=bmc&surface=console", 400, "invalid-request")]
    [InlineData("?surface=bmc&q=a&q=b", 400, "invalid-request")]
    [InlineData("?surface=nowhere", 404, "unknown-surface")]
    [InlineData("?surface=ovirt", 404, "unknown-surface")]
    [InlineData("?surface=bmc&site=nyc", 404, "unknown-site")]
    [InlineData("?surface=bmc&cluster=c", 404, "unknown-surface")]
    [InlineData("?surface=bmc&bmc=10.0.0.1", 501, "not-supported")]
    public async Task A_question_that_makes_no_sense_is_refused_and_never_answered_with_a_list(string query, int status, string code) =>
        (await shared.Caller.GetAsync(Path + query)).Refused(status, code);

    [Fact]
    public async Task A_filter_of_more_than_200_characters_is_refused() =>
        (await shared.Caller.GetAsync($"{Path}?surface=bmc&q={new string('a', 201)}")).Refused(400, "invalid-request");

    [Fact]
    public async Task An_image_is_described_with_what_the_surface_needs()
    {
        var bmc = (await shared.Caller.GetAsync($"{Path}?surface=bmc&kind=installer")).Json["images"]![0]!;
        var console = (await shared.Caller.GetAsync($"{Path}?surface=console&kind=installer")).Json["images"]![0]!;

        Assert.Equal(shared.Debian.Id.ToString(), bmc["id"]!.GetValue<string>());
        Assert.Equal("Debian 12", bmc["title"]!.GetValue<string>());
        Assert.Equal("DEBIAN_12", bmc["volumeId"]!.GetValue<string>());
        Assert.Equal("Linux", bmc["group"]!.GetValue<string>());
        Assert.Equal(shared.Debian.Size, bmc["size"]!.GetValue<long>());
        Assert.Matches("^http://127.0.0.1:[0-9]+/[a-z0-9]+/debian.iso$", bmc["mount"]!["url"]!.GetValue<string>());
        Assert.Equal(bmc["mount"]!["url"]!.GetValue<string>(), bmc["mount"]!["urls"]!["http"]!.GetValue<string>());
        Assert.EndsWith("/debian.iso", console["mount"]!["path"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(console["mount"]!["url"]);

        using var reader = new ApiCaller(new Uri(bmc["mount"]!["url"]!.GetValue<string>()));
        Assert.Equal(shared.Debian.Sha256.ToArray(), SHA256.HashData((await reader.GetAsync("")).Body));
        Assert.Equal(
            shared.Debian.Sha256.ToArray(),
            SHA256.HashData(await File.ReadAllBytesAsync(System.IO.Path.Combine(shared.Site.Console, "debian.iso"), Cancel)));
    }

    [Fact]
    public async Task The_answer_has_a_strong_tag_and_is_not_sent_twice()
    {
        var first = await shared.Caller.GetAsync($"{Path}?surface=bmc");
        var tag = first["ETag"]!;

        Assert.Matches("^\"[0-9a-f]+\"$", tag);
        Assert.Equal("no-cache", first["Cache-Control"]);
        Assert.Equal(first.Body, (await shared.Caller.GetAsync($"{Path}?surface=bmc")).Body);
        foreach (var header in new[] { tag, $"\"x\", {tag}", $"W/{tag}", "*" })
        {
            var again = await shared.Caller.GetAsync($"{Path}?surface=bmc", ("If-None-Match", header));
            Assert.Equal((304, 0, tag), ((int)again.Status, again.Body.Length, again["ETag"]));
        }

        Assert.Equal(200, (int)(await shared.Caller.GetAsync($"{Path}?surface=bmc", ("If-None-Match", "\"other\""))).Status);
        Assert.NotEqual(tag, (await shared.Caller.GetAsync($"{Path}?surface=console"))["ETag"]);
        Assert.NotEqual(tag, (await shared.Caller.GetAsync($"{Path}?surface=bmc&kind=rescue"))["ETag"]);
    }

    [Fact]
    public async Task Packed_bytes_are_the_same_answer_under_a_tag_of_their_own()
    {
        var plain = await shared.Caller.GetAsync($"{Path}?surface=bmc");
        var packed = await shared.Caller.GetAsync($"{Path}?surface=bmc", ("Accept-Encoding", "br, gzip"));

        Assert.Equal("gzip", packed["Content-Encoding"]);
        Assert.Contains("Accept-Encoding", packed["Vary"]!, StringComparison.Ordinal);
        Assert.NotEqual(plain["ETag"], packed["ETag"]);
        await using var unpacked = new GZipStream(new MemoryStream(packed.Body), CompressionMode.Decompress);
        using var bytes = new MemoryStream();
        await unpacked.CopyToAsync(bytes, Cancel);
        Assert.Equal(plain.Body, bytes.ToArray());
        Assert.Equal(304, (int)(await shared.Caller.GetAsync($"{Path}?surface=bmc", ("Accept-Encoding", "gzip"), ("If-None-Match", packed["ETag"]!))).Status);
        Assert.Equal(200, (int)(await shared.Caller.GetAsync($"{Path}?surface=bmc", ("If-None-Match", packed["ETag"]!))).Status);
        Assert.Null((await shared.Caller.GetAsync($"{Path}?surface=bmc", ("Accept-Encoding", "gzip;q=0, identity")))["Content-Encoding"]);
    }

    [Fact]
    public async Task When_it_was_checked_moves_on_and_when_it_changed_does_not()
    {
        var first = await shared.Caller.GetAsync($"{Path}?surface=bmc");
        var second = first;
        await TestSite.EventuallyAsync(
            async () => (second = await shared.Caller.GetAsync($"{Path}?surface=bmc"))["X-Checked-At"] != first["X-Checked-At"], Cancel);

        Assert.Equal(AsOf(first), AsOf(second));
        Assert.True(DateTimeOffset.Parse(second["X-Checked-At"]!) >= AsOf(second));
    }

    private static DateTimeOffset AsOf(ApiAnswer answer) => answer.Json["asOf"]!.GetValue<DateTimeOffset>();
}
