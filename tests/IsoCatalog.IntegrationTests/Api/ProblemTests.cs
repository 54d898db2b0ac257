using System.Net.Sockets;
using System.Text;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>Whatever is wrong with a request, the answer is a problem that a program can read.</summary>
public sealed class ProblemTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("GET", "/api", 404)]
    [InlineData("GET", "/api/v1", 404)]
    [InlineData("GET", "/api/v2/available", 404)]
    [InlineData("GET", "/api/v1/images/a/b", 404)]
    [InlineData("POST", "/api/v1/nothing", 404)]
    [InlineData("PUT", "/api/v1/images", 405)]
    [InlineData("DELETE", "/api/v1/available", 405)]
    [InlineData("POST", "/metrics", 405)]
    public async Task A_route_that_is_not_there_is_a_problem(string method, string path, int status)
    {
        var answer = await shared.Caller.SendAsync(new HttpMethod(method), path, null);

        Assert.Equal(status, (int)answer.Status);
        answer.Problem();
    }

    [Theory]
    [InlineData("POST", "/api/v1/leases")]
    [InlineData("PATCH", "/api/v1/images/debian.iso")]
    public async Task A_body_of_another_type_is_a_problem(string method, string path)
    {
        var answer = await shared.Caller.SendAsync(new HttpMethod(method), path, new StringContent("a=b", Encoding.UTF8, "application/x-www-form-urlencoded"));

        Assert.Equal(415, (int)answer.Status);
        answer.Problem();
        Assert.Contains("application/json", answer.Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{\"image\":}")]
    [InlineData("\"text\"")]
    [InlineData("[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]")]
    [InlineData("{\"image\":\"\uFFFF")]
    public async Task Malformed_json_is_a_problem(string json) =>
        (await shared.Caller.JsonAsync(HttpMethod.Post, "/api/v1/leases", json)).Refused(400, "invalid-request");

    [Fact]
    public async Task A_body_that_is_too_large_is_a_problem() =>
        (await shared.Caller.JsonAsync(HttpMethod.Post, "/api/v1/leases", $$"""{"image":"{{new string('x', 2 << 20)}}"}""")).Refused(413, "invalid-request");

    [Fact]
    public async Task An_add_request_that_is_too_large_is_a_problem() =>
        (await shared.Caller.JsonAsync(HttpMethod.Post, "/api/v1/images", $$"""{"path":"{{new string('x', 2 << 20)}}"}""")).Refused(413, "invalid-request");

    [Theory]
    [InlineData("POST", "/api/v1/leases", "image", 2)]
    [InlineData("POST", "/api/v1/images", "path", 2)]
    [InlineData("PATCH", "/api/v1/images/debian.iso", "title", 16)]
    public async Task A_chunked_body_that_is_too_large_is_a_problem_that_the_sender_gets_to_see(string method, string path, string member, int mebibytes)
    {
        var body = Path.Combine(shared.Site.Root, $"{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(body, $$"""{"{{member}}":"{{new string('x', mebibytes << 20)}}"}""", Cancel);
        for (var i = 0; i < 5; i++)
        {
            var answer = await Counterpart.RunAsync(
                "bash",
                ["-c", $"curl -sS --http1.1 -X {method} -H 'Content-Type: application/json' -H 'Expect:' -T - -w '\\n%{{http_code}}' {new Uri(shared.Site.Api, path)} < '{body}'"],
                Cancel);
            var text = answer.Succeeded();
            Assert.EndsWith("413", text, StringComparison.Ordinal);
            Assert.Contains("urn:isocatalog:problem:invalid-request", text, StringComparison.Ordinal);
        }

        File.Delete(body);
        (await shared.Caller.GetAsync("/api/v1/images")).Json["images"]!.AsArray();
    }

    [Theory]
    [InlineData("PATCH", "/api/v1/images/debian.iso", "Content-Length: 8388608", "413")]
    [InlineData("POST", "/api/v1/images", "Content-Length: 8388608", "413")]
    [InlineData("POST", "/api/v1/nothing", "Content-Length: 8388608", "404")]
    [InlineData("POST", "/api/v1/nothing", "Transfer-Encoding: chunked", "404")]
    [InlineData("POST", "/api/v1/leases", "Content-Length: 8388608\r\nOrigin: null", "403")]
    public async Task A_client_that_is_refused_while_it_sends_can_send_on_and_sees_the_answer(string method, string path, string headers, string status)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(shared.Site.Api.Host, shared.Site.Api.Port, Cancel);
        var stream = socket.GetStream();
        var head = $"{method} {path} HTTP/1.1\r\nHost: {shared.Site.Api.Authority}\r\nContent-Type: application/json\r\nConnection: close\r\n{headers}\r\n\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), Cancel);
        using var reader = new StreamReader(stream);
        Assert.Equal(status, (await reader.ReadLineAsync(Cancel))!.Split(' ')[1]);

        var body = Encoding.ASCII.GetBytes(new string('x', 8 << 20));
        var chunked = headers.Contains("chunked", StringComparison.Ordinal);
        await stream.WriteAsync(chunked ? [.. "800000\r\n"u8, .. body, .. "\r\n0\r\n\r\n"u8] : body, Cancel);

        Assert.Contains("urn:isocatalog:problem:", await reader.ReadToEndAsync(Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_problem_shows_what_is_inside()
    {
        foreach (var json in new[] { "{", "{\"x\":1}", "[]" })
        {
            var answer = await shared.Caller.JsonAsync(HttpMethod.Post, "/api/v1/leases", json);
            Assert.DoesNotContain("   at ", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_iso_listener_knows_no_api_and_the_api_no_images()
    {
        using var iso = new ApiCaller(new Uri($"http://{shared.Site.Iso}/"));
        foreach (var path in new[] { "/", "/api/v1/available?surface=bmc", "/api/v1/images", "/metrics", "/healthz", "/readyz", "/openapi/v1.json" })
        {
            Assert.Equal(404, (int)(await iso.GetAsync(path)).Status);
        }

        var url = (await shared.Caller.GetAsync("/api/v1/available?surface=bmc")).Json["images"]![0]!["mount"]!["url"]!.GetValue<string>();
        Assert.Equal(200, (int)(await iso.SendAsync(HttpMethod.Head, new Uri(url).AbsolutePath, null)).Status);
        (await shared.Caller.GetAsync(new Uri(url).AbsolutePath)).Refused(404, "not-found");
        (await shared.Caller.GetAsync(new Uri(url).AbsolutePath, ("Host", shared.Site.Iso!))).Refused(404, "not-found");
    }

    [Theory]
    [InlineData("GET /api/v1/images HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", "200")]
    [InlineData("GET /api/v1/images HTTP/1.1\r\nHost: evil.example.com\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /api/v1/images HTTP/1.1\r\nHost: {host}\r\nOrigin: http://evil.example.com\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /api/v1/images HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /api/v1/images HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nConnection: close\r\n\r\n", "200")]
    [InlineData("GET /api/v1/images HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n", "403")]
    [InlineData("GET /api/v1/images HTTP/1.1\r\nHost: {host}\r\nX-Forwarded-For: 10.0.0.1\r\nConnection: close\r\n\r\n", "401")]
    [InlineData("GET /api/v1/images HTTP/1.0\r\n\r\n", "403")]
    public async Task Without_tokens_a_page_from_elsewhere_gets_nothing(string request, string status)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(shared.Site.Api.Host, shared.Site.Api.Port, Cancel);
        await socket.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request.Replace("{host}", shared.Site.Api.Authority, StringComparison.Ordinal)), Cancel);
        using var reader = new StreamReader(socket.GetStream());

        Assert.Equal(status, (await reader.ReadLineAsync(Cancel))!.Split(' ')[1]);
    }

    [Fact]
    public async Task The_operators_lists_are_there()
    {
        var status = (await shared.Caller.GetAsync("/api/v1/status")).Json;
        Assert.Equal("ams", status["site"]!.GetValue<string>());
        Assert.Equal(2, status["images"]!.GetValue<int>());
        Assert.Equal(["bmc", "console"], status["surfaces"]!.AsArray().Select(s => s!["name"]!.GetValue<string>()));
        Assert.All(status["surfaces"]!.AsArray(), s => Assert.Equal((2, 2), (s!["available"]!.GetValue<int>(), s["wanted"]!.GetValue<int>())));
        Assert.Empty((await shared.Caller.GetAsync("/api/v1/retired")).Json["retired"]!.AsArray());
        (await shared.Caller.GetAsync("/api/v1/jobs/nothing")).Refused(404, "not-found");
        Assert.Equal("ok\n", (await shared.Caller.GetAsync("/healthz")).Text);
        Assert.StartsWith("ready\nimages 2\n", (await shared.Caller.GetAsync("/readyz")).Text, StringComparison.Ordinal);

        var foreign = Path.Combine(shared.Site.Console, "foreign.iso");
        await File.WriteAllTextAsync(foreign, "not ours", Cancel);
        await TestSite.EventuallyAsync(
            async () => (await shared.Caller.GetAsync("/api/v1/drift")).Json["drift"]!.AsArray().Any(d => d!["code"]!.GetValue<string>() == "foreign-file"), Cancel);
        File.Delete(foreign);
        await TestSite.EventuallyAsync(async () => (await shared.Caller.GetAsync("/api/v1/drift")).Json["drift"]!.AsArray().Count == 0, Cancel);
    }
}
