using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>What BMCs send that a usual server refuses: whom they believe to speak to, and bytes that are no UTF-8. All of it through a real socket.</summary>
public sealed class IsoHostTests
{
    private static readonly byte[] Bytes = ServingSite.RandomBytes(300_001);

    [Theory]
    [InlineData("[fe80::1%eth0]")]
    [InlineData("[fe80::1%25eth0]:80")]
    [InlineData("fe80::1%eth0")]
    [InlineData("fe80::1")]
    [InlineData("10.0.0.5 ")]
    [InlineData("10.0.0.5 :80")]
    [InlineData("my server")]
    [InlineData("10.0.0.5:")]
    [InlineData("10.0.0.5:port")]
    [InlineData("10.0.0.5:99999999")]
    [InlineData("bmc_images")]
    [InlineData("http://10.0.0.5")]
    [InlineData("10.0.0.5/")]
    [InlineData("user@10.0.0.5")]
    [InlineData("a,b")]
    [InlineData("caf\u00e9")]
    [InlineData("\t")]
    [InlineData("")]
    public async Task Whatever_the_host_header_says_the_image_is_served(string host)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        foreach (var name in (string[])["Host: ", "HOST:", "host:  "])
        {
            await client.SendAsync($"GET {path} HTTP/1.1\r\nUser-Agent: x\r\n{name}{host}\r\nRange: bytes=7-8\r\n\r\n");
            var answer = await client.ReadAsync();

            Assert.Equal(206, answer.Status);
            Assert.Equal(Bytes[7..9], answer.Body);
        }

        await client.SendAsync($"GET {path} HTTP/1.0\r\nHost: {host}\r\nRange: bytes=7-8\r\n\r\n");
        Assert.Equal(206, (await client.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("http://10.0.0.5", "10.0.0.5:8088")]
    [InlineData("http://10.0.0.5:8088", "10.0.0.5")]
    [InlineData("http://images.example", "10.0.0.5")]
    [InlineData("HTTP://IMAGES.EXAMPLE", "images.example")]
    [InlineData("https://images.example", "images.example:443")]
    [InlineData("http://[fe80::1%25eth0]:80", "[fe80::1%25eth0]")]
    [InlineData("http://[fe80::1%eth0]", "fe80::1%eth0")]
    [InlineData("http://my_images", "x y")]
    [InlineData("http://user:word@10.0.0.5", "10.0.0.5")]
    [InlineData("http://10.0.0.5:99999999", "10.0.0.5")]
    [InlineData("http://a", "")]
    [InlineData("http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a")]
    [InlineData("http://aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a")]
    public async Task A_target_in_absolute_form_is_its_path_whoever_it_names(string start, string host)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        // The second on the connection is read by the same rules.
        foreach (var method in (string[])["HEAD", "GET"])
        {
            await client.SendAsync($"{method} {start}{path} HTTP/1.1\r\nHost: {host}\r\nRange: bytes=0-1\r\n\r\n");
            Assert.Equal(method == "HEAD" ? 200 : 206, (await client.ReadAsync(isHead: method == "HEAD")).Status);
        }

        await client.SendAsync($"GET {start}/nowhere HTTP/1.1\r\nHost: {host}\r\n\r\n");
        Assert.Equal(404, (await client.ReadAsync()).Status);
    }

    [Theory]
    [InlineData("User-Agent: Ger\u00e4t \u00e9\u00ff\u0080")]
    [InlineData("Referer: \u00fe\u00ff")]
    [InlineData("X-Vendor: \u00c3")]
    [InlineData("Accept-Language: \u00a0")]
    [InlineData("Cookie: a=\u00e9")]
    public async Task A_header_value_that_is_no_utf_8_refuses_no_bmc(string header)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        var answer = await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, header, "Range: bytes=3-4"));

        Assert.Equal(206, answer.Status);
        Assert.Equal(Bytes[3..5], answer.Body);
    }

    /// <summary>However the network cuts the request up: what is overwritten may lie in several parts, and what comes before it may too.</summary>
    [Fact]
    public async Task A_request_that_comes_byte_by_byte_is_read_as_one_that_comes_whole()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        foreach (var one in $"GET http://a_%1{path} HTTP/1.1\r\nHost: [fe80::1%1] z\r\nRange: bytes=0-1\r\n\r\n")
        {
            await client.SendAsync(one.ToString());
        }

        Assert.Equal(206, (await client.ReadAsync()).Status);
    }

    /// <summary>RFC 9110 section 2.5: the version is the server's own.</summary>
    [Theory]
    [InlineData("GET {path} HTTP/1.0\r\n\r\n", "200")]
    [InlineData("HEAD {path} HTTP/1.0\r\n\r\n", "200")]
    [InlineData("GET {path} HTTP/1.0\r\nRange: bytes=0-1\r\n\r\n", "206")]
    [InlineData("GET /nowhere HTTP/1.0\r\n\r\n", "404")]
    [InlineData("POST {path} HTTP/1.0\r\n\r\n", "4")]
    public async Task The_status_line_is_http_1_1_to_clients_of_1_0_too(string request, string status)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        await client.SendAsync(request.Replace("{path}", path, StringComparison.Ordinal));
        var answer = System.Text.Encoding.Latin1.GetString(await client.ReadToEndAsync());

        Assert.StartsWith("HTTP/1.1 " + status, answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
    }

    /// <summary>RFC 9110 section 5.6.7 has three forms of a date, and a reader may send any.</summary>
    [Theory]
    [InlineData("If-Modified-Since: Saturday, 14-Mar-26 15:09:26 GMT", 304)]
    [InlineData("If-Modified-Since: Sat Mar 14 15:09:26 2026", 304)]
    [InlineData("If-Modified-Since: Sat Mar 14 15:09:25 2026", 206)]
    [InlineData("If-Unmodified-Since: Saturday, 14-Mar-26 15:09:25 GMT", 412)]
    [InlineData("If-Unmodified-Since: Sat Mar 14 15:09:26 2026", 206)]
    [InlineData("If-Range: Saturday, 14-Mar-26 15:09:26 GMT", 206)]
    [InlineData("If-Modified-Since: 2026-03-14T15:09:26Z", 206)]
    [InlineData("If-Modified-Since: nonsense", 206)]
    public async Task A_date_is_read_in_each_of_its_forms(string header, int status)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);

        Assert.Equal(status, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path, "Range: bytes=0-9", header))).Status);
    }

    /// <summary>Two readers could end these in two places, or the line is none.</summary>
    [Theory]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\nContent-Length: 40\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost : a b\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\r\n b\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nHost: a\rb\r\n\r\n{next}")]
    [InlineData("GET http://a b{path} HTTP/1.1\r\nHost: a\r\n\r\n{next}")]
    [InlineData("GET http://a{path} HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n{next}")]
    [InlineData("GET http://a{path} HTTP/1.1\r\n\r\n{next}")]
    [InlineData("GET http://{path} HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n{next}")]
    [InlineData("GET {path} HTTP/1.1\r\nH\u00e4st: a\r\nHost: a\r\n\r\n{next}")]
    public async Task What_could_be_read_in_two_ways_is_refused_whatever_is_said_of_the_host(string shape)
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        await client.SendAsync(shape.Replace("{path}", path, StringComparison.Ordinal).Replace("{next}", RawClient.Get(path), StringComparison.Ordinal));
        var answer = System.Text.Encoding.Latin1.GetString(await client.ReadToEndAsync());

        Assert.StartsWith("HTTP/1.1 400 ", answer, StringComparison.Ordinal);
        Assert.Equal(1, answer.Split("HTTP/1.1 ").Length - 1);
    }

    /// <summary>A host header that never ends is no way around the limits.</summary>
    [Fact]
    public async Task An_endless_host_header_is_refused_as_any_other()
    {
        await using var site = await ServingSite.StartAsync();
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var client = await RawClient.ConnectAsync(site.Listener.PlainEndPoint!);

        await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: {new string(' ', 9000)}\r\n\r\n");
        var answer = System.Text.Encoding.Latin1.GetString(await client.ReadToEndAsync());

        Assert.True(answer.Length == 0 || answer[9..12] == "431", answer);
        Assert.Equal(200, (await RawClient.AskAsync(site.Listener.PlainEndPoint!, RawClient.Get(path))).Status);
    }

    [Fact]
    public async Task Over_tls_the_host_says_nothing_either()
    {
        await using var site = await ServingSite.StartAsync(options => options, tls: true);
        var (_, path) = await site.AdvertiseAsync("debian-12.iso", Bytes);
        using var socket = new System.Net.Sockets.TcpClient();
        await socket.ConnectAsync(site.Listener.TlsEndPoint!, TestContext.Current.CancellationToken);
        await using var stream = new System.Net.Security.SslStream(socket.GetStream(), false, (_, shown, _, _) => shown is not null);
        await stream.AuthenticateAsClientAsync("127.0.0.1");

        await stream.WriteAsync(System.Text.Encoding.Latin1.GetBytes(
            $"GET https://[fe80::1%eth0]{path} HTTP/1.1\r\nHost: fe80::1%eth0 x\r\nUser-Agent: \u00e9\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(stream, System.Text.Encoding.Latin1);

        Assert.StartsWith("HTTP/1.1 206 ", await reader.ReadToEndAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }
}
