using System.Text.Json.Nodes;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>What a call does not take in its query is refused and never passed over: each call that the description names, so that a new one is tested by being described.</summary>
public sealed class StrictQueryTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private static readonly string[] Values = ["", "x", "0", "-1", "1.5", "true", "null", "%00", "%F0%9F%98%80", "a,b", "[]", "{}", "99999999999999999999", new('y', 250)];

    [Fact]
    public async Task A_member_that_no_call_takes_is_refused_with_the_names_of_those_that_it_takes()
    {
        var calls = await CallsAsync();
        Assert.True(calls.Count >= 25, $"{calls.Count} calls");
        foreach (var (method, path, known) in calls)
        {
            var answer = await AskAsync(method, $"{path}?misspelt=1");
            Assert.True((int)answer.Status == 400, $"{method} {path}: {answer.Status}");
            Assert.Equal("invalid-request", answer.Problem());
            var detail = answer.Json["detail"]!.GetValue<string>();
            Assert.Contains("'misspelt'", detail, StringComparison.Ordinal);
            Assert.EndsWith(known.Count == 0 ? "It takes nothing there." : $"It takes {string.Join(", ", known)}.", detail, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_member_that_stands_twice_is_refused()
    {
        foreach (var (method, path, known) in await CallsAsync())
        {
            foreach (var name in known)
            {
                var answer = await AskAsync(method, $"{path}?{name}=1&{name.ToUpperInvariant()}=1");
                answer.Refused(400, "invalid-request");
                Assert.Contains("give it once", answer.Text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Whatever_stands_in_a_member_no_answer_has_a_word_of_the_program()
    {
        foreach (var (method, path, known) in (await CallsAsync()).Where(c => c.Path != "/api/v1/events"))
        {
            foreach (var (name, value) in known.SelectMany(n => Values.Select(v => (n, v))))
            {
                var answer = await AskAsync(method, $"{path}?{name}={value}");
                Assert.True((int)answer.Status < 500 || answer.Problem() == "not-supported", $"{method} {path}?{name}={value}: {answer.Text}");
                Assert.DoesNotMatch(BodyMemberTests.OfTheProgram(), (int)answer.Status >= 400 ? answer.Text : "");
            }
        }
    }

    [Theory]
    [InlineData("GET", "/api/v1/images?os=debian", "It takes limit, after, lang.")]
    [InlineData("GET", "/api/v1/images?limit=many", "limit is 'many'; it must be a whole number.")]
    [InlineData("GET", "/api/v1/images?limit=99999999999", "it must be a whole number.")]
    [InlineData("GET", "/api/v1/leases?surface=bmc", "It takes nothing there.")]
    [InlineData("PUT", "/api/v1/leases/x?ttl=600", "It takes nothing there.")]
    [InlineData("POST", "/api/v1/images?name=x.iso", "say it in the body")]
    [InlineData("POST", "/api/v1/images?replace=perhaps", "replace is 'perhaps'; it must be true or false.")]
    [InlineData("GET", "/api/v1/available?surface=bmc&langs=de", "surface, site, os, arch, boot, kind, tag, q, cluster, lang")]
    [InlineData("GET", "/api/v1/available?surface=bmc&lang=de_DE", "a language is one tag")]
    [InlineData("GET", "/api/v1/available?surface=bmc&lang=", "a language is one tag")]
    [InlineData("GET", "/api/v1/available?surface=bmc&lang=*", "a language is one tag")]
    [InlineData("GET", "/api/v1/images/debian.iso?lang=de,en;q=0.5", "a language is one tag")]
    public async Task What_is_misspelt_or_stands_in_the_wrong_place_is_said(string method, string path, string words)
    {
        var answer = await AskAsync(new HttpMethod(method), path);

        answer.Refused(400, "invalid-request");
        Assert.Contains(words, answer.Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/healthz?probe=1")]
    [InlineData("/readyz?probe=1")]
    [InlineData("/metrics?probe=1")]
    [InlineData("/openapi/v1.json?probe=1")]
    [InlineData("/?probe=1")]
    public async Task Probes_and_pages_may_be_asked_with_anything(string path) => Assert.Equal(200, (int)(await shared.Caller.GetAsync(path)).Status);

    private async Task<IReadOnlyList<(HttpMethod Method, string Path, IReadOnlyList<string> Known)>> CallsAsync() =>
    [
        .. (await shared.Caller.GetAsync("/openapi/v1.json")).Json["paths"]!.AsObject().SelectMany(p => p.Value!.AsObject().Select(o => (
            new HttpMethod(o.Key.ToUpperInvariant()),
            p.Key.Replace("{", "no-", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal),
            (IReadOnlyList<string>)[.. (o.Value!["parameters"]?.AsArray() ?? new JsonArray()).Where(m => m!["in"]!.GetValue<string>() == "query").Select(m => m!["name"]!.GetValue<string>())]))),
    ];

    private Task<ApiAnswer> AskAsync(HttpMethod method, string path) => method == HttpMethod.Get || method == HttpMethod.Delete
        ? shared.Caller.SendAsync(method, path, null)
        : path.StartsWith("/api/v1/trust", StringComparison.Ordinal)
        ? shared.Caller.SendAsync(method, path, new ByteArrayContent([1]) { Headers = { ContentType = new("application/octet-stream") } })
        : shared.Caller.JsonAsync(method, path, "{}");
}
