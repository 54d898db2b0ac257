using System.Globalization;
using System.Text;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>What every BMC reader relies on, octet by octet. docs/bmc.md names the reader behind each.</summary>
public sealed class IsoListenerHttpTests
{
    private const int Size = 300_001;
    private static readonly byte[] Bytes = ServingSite.RandomBytes(Size);

    [Fact]
    public async Task A_get_is_the_file_with_its_exact_length_and_validators()
    {
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path));

        Assert.Equal(200, answer.Status);
        Assert.Equal(Bytes, answer.Body);
        Assert.Equal(Size.ToString(CultureInfo.InvariantCulture), answer["Content-Length"]);
        Assert.Equal("bytes", answer["Accept-Ranges"]);
        Assert.Equal("application/octet-stream", answer["Content-Type"]);
        Assert.Equal($"\"{image.Root}\"", answer["ETag"]);
        Assert.Equal("Sat, 14 Mar 2026 15:09:26 GMT", answer["Last-Modified"]);
        Assert.Null(answer["Server"]);
        Assert.Null(answer["Transfer-Encoding"]);
        Assert.Null(answer["Content-Encoding"]);
        Assert.Null(answer["Set-Cookie"]);
        Assert.Null(answer["Location"]);
    }

    [Fact]
    public async Task The_headers_of_a_head_are_those_of_the_get()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var get = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path));
        var head = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Head(path));

        Assert.Equal(get.Lines, head.Lines);
    }

    [Fact]
    public async Task The_header_block_is_under_1_KiB_and_arrives_in_one_recv_with_the_first_bytes()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync(new string('n', 190) + ".iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        foreach (var request in (string[])[RawClient.Head(path), RawClient.Get(path, "Range: bytes=298000-300000"), RawClient.Get(path, "Range: bytes=0-65535")])
        {
            await client.SendAsync(request);
            var first = await client.ReceiveAsync();
            var end = first.AsSpan().IndexOf("\r\n\r\n"u8);
            Assert.InRange(end, 100, 1023 - 4);
            if (!request.StartsWith("HEAD", StringComparison.Ordinal))
            {
                Assert.True(first.Length > end + 4, "The header block came alone.");
                for (var rest = first.Length - end - 4; rest is < 2001 or (> 2001 and < 65536);)
                {
                    rest += (await client.ReceiveAsync()).Length;
                }
            }
        }
    }

    [Theory]
    [InlineData("bytes=0-0", 0, 1)]
    [InlineData("bytes=32768-34815", 32768, 2048)]
    [InlineData("bytes=299977-", 299_977, 24)]
    [InlineData("bytes=-100", 299_901, 100)]
    [InlineData("bytes=-999999999", 0, Size)]
    [InlineData("bytes=0-", 0, Size)]
    [InlineData("bytes=0-300000", 0, Size)]
    [InlineData("bytes=300000-300001", 300_000, 1)]
    [InlineData("bytes=262144-99999999999999999999999999", 262_144, 37_857)]
    [InlineData("Bytes=5-9", 5, 5)]
    public async Task A_single_range_is_answered_and_its_end_clamped_to_the_file(string range, int start, int length)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, "Range: " + range));

        Assert.Equal(206, answer.Status);
        Assert.Equal($"bytes {start}-{start + length - 1}/{Size}", answer["Content-Range"]);
        Assert.Equal(Bytes[start..(start + length)], answer.Body);
    }

    [Theory]
    [InlineData("bytes=300001-")]
    [InlineData("bytes=300001-300001")]
    [InlineData("bytes=99999999999999999999999999-")]
    [InlineData("bytes=-0")]
    public async Task Only_a_range_that_begins_past_the_end_is_refused(string range)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, "Range: " + range));

        Assert.Equal(416, answer.Status);
        Assert.Equal($"bytes */{Size}", answer["Content-Range"]);
        Assert.Empty(answer.Body);
    }

    [Theory]
    [InlineData("bytes=0-1,4-5")]
    [InlineData("bytes=9-5")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=-")]
    [InlineData("bytes=1")]
    [InlineData("bytes=0x10-0x20")]
    [InlineData("bytes=+1-5")]
    [InlineData("items=0-5")]
    [InlineData("")]
    public async Task Several_ranges_or_a_malformed_one_get_the_whole_file(string range)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, "Range: " + range));

        Assert.Equal(200, answer.Status);
        Assert.Equal(Bytes, answer.Body);
    }

    [Theory]
    [InlineData("If-Range: {etag}", 206)]
    [InlineData("If-Range: Sat, 14 Mar 2026 15:09:26 GMT", 206)]
    [InlineData("If-Range: W/{etag}", 200)]
    [InlineData("If-Range: \"another\"", 200)]
    [InlineData("If-Range: Sat, 14 Mar 2026 15:09:27 GMT", 200)]
    [InlineData("If-Range: nonsense", 200)]
    [InlineData("If-None-Match: {etag}", 304)]
    [InlineData("If-None-Match: \"a\", W/{etag}", 304)]
    [InlineData("If-None-Match: *", 304)]
    [InlineData("If-None-Match: \"a\"", 206)]
    [InlineData("If-Modified-Since: Sat, 14 Mar 2026 15:09:26 GMT", 304)]
    [InlineData("If-Modified-Since: Sat, 14 Mar 2026 15:09:25 GMT", 206)]
    [InlineData("If-Match: {etag}", 206)]
    [InlineData("If-Match: W/{etag}", 412)]
    [InlineData("If-Match: \"another\"", 412)]
    [InlineData("If-Unmodified-Since: Sat, 14 Mar 2026 15:09:25 GMT", 412)]
    public async Task Conditions_are_honoured(string header, int status)
    {
        await using var site = await ServingSite.StartAsync();
        var (image, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        var condition = header.Replace("{etag}", $"\"{image.Root}\"", StringComparison.Ordinal);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, "Range: bytes=0-9", condition));

        Assert.Equal(status, answer.Status);
        Assert.Equal(status switch { 200 => Size, 206 => 10, _ => 0 }, answer.Body.Length);
        Assert.Equal($"\"{image.Root}\"", answer["ETag"]);
    }

    [Theory]
    [InlineData("HTTP/1.1", "Host: 127.0.0.1\r\n")]
    [InlineData("HTTP/1.1", "Host: 127.0.0.1:1\r\n")]
    [InlineData("HTTP/1.1", "Host: bmc-images.example.net\r\n")]
    [InlineData("HTTP/1.1", "host: [::1]:8088\r\n")]
    [InlineData("HTTP/1.1", "HOST: \r\n")]
    [InlineData("HTTP/1.0", "")]
    [InlineData("HTTP/1.0", "Host: elsewhere\r\n")]
    public async Task The_host_header_says_nothing(string version, string host)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, $"GET {path} {version}\r\n{host}RANGE: bytes=7-8\r\n\r\n");

        Assert.Equal(206, answer.Status);
        Assert.Equal(Bytes[7..9], answer.Body);
    }

    [Fact]
    public async Task A_target_in_absolute_form_is_its_path_whatever_the_authority()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var answer = await RawClient.AskAsync(
            site.Listener.PlainEndPoint!, $"GET http://images.example{path} HTTP/1.1\r\nHost: images.example\r\nRange: bytes=0-1\r\n\r\n");

        Assert.Equal(206, answer.Status);
    }

    [Fact]
    public async Task Http_1_0_clients_may_keep_the_connection_or_see_it_closed()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        await client.SendAsync($"HEAD {path} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        Assert.Equal("keep-alive", (await client.ReadAsync(isHead: true))["Connection"]);
        await client.SendAsync($"GET {path} HTTP/1.0\r\n\r\n");
        var all = await client.ReadToEndAsync();

        Assert.Equal(Bytes, all[^Size..]);
    }

    [Fact]
    public async Task Pipelined_requests_are_answered_in_order_on_one_connection()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        await client.SendAsync(string.Concat(Enumerable.Range(0, 20).Select(n => RawClient.Get(path, $"Range: bytes={n * 1000}-{(n * 1000) + 999}"))));
        for (var n = 0; n < 20; n++)
        {
            Assert.Equal(Bytes[(n * 1000)..((n * 1000) + 1000)], (await client.ReadAsync()).Body);
        }
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("OPTIONS")]
    [InlineData("TRACE")]
    [InlineData("PROPFIND")]
    public async Task Anything_but_get_and_head_is_refused_whether_the_path_exists_or_not(string method)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var there = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Request(method, path));
        var nowhere = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Request(method, "/aaaaaaaaaaaaaaaa/x.iso"));

        Assert.Equal(405, there.Status);
        Assert.Equal("GET, HEAD", there["Allow"]);
        Assert.Equal(there.Lines, nowhere.Lines);
    }

    [Theory]
    [InlineData("?")]
    [InlineData("?filename=x.iso")]
    [InlineData("#part")]
    [InlineData("/")]
    public async Task A_query_or_anything_behind_the_name_is_not_found(string suffix)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path + suffix))).Status);
        Assert.Equal(404, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get("/"))).Status);
    }

    [Fact]
    public async Task Requests_bytes_and_connections_are_counted()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        var seen = new StringBuilder();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter == site.Meter)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            lock (seen)
            {
                seen.Append($"{instrument.Name}{string.Concat(tags.ToArray().Select(tag => $",{tag.Key}={tag.Value}"))}={value};");
            }
        });
        listener.Start();

        await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, "Range: bytes=0-99"));
        await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get("/none"));

        lock (seen)
        {
            var text = seen.ToString();
            Assert.Contains("isocatalog.iso.connections=1;", text, StringComparison.Ordinal);
            Assert.Contains("isocatalog.iso.requests,surface=bmc,status=206=1;", text, StringComparison.Ordinal);
            Assert.Contains("isocatalog.iso.requests,surface=none,status=404=1;", text, StringComparison.Ordinal);
            Assert.Contains("isocatalog.iso.bytes,surface=bmc=100;", text, StringComparison.Ordinal);
        }
    }
}
