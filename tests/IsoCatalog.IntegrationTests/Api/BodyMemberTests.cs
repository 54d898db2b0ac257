using System.Text;
using System.Text.RegularExpressions;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

/// <summary>Every member of every body that the API takes left out, null, of another type, empty: it is taken or refused with a problem, and breaks nothing.</summary>
public sealed partial class BodyMemberTests(SharedSite shared) : IClassFixture<SharedSite>
{
    private static readonly Dictionary<string, (HttpMethod Method, string Path, string Body)> Bodies = new()
    {
        ["lease"] = (HttpMethod.Post, "/api/v1/leases", """{"image":"IMAGE","surface":"bmc","client":"c","ttl":60}"""),
        ["renewal"] = (HttpMethod.Put, "/api/v1/leases/x", """{"ttl":60}"""),
        ["alias"] = (HttpMethod.Put, "/api/v1/aliases/newest", """{"image":"IMAGE","keepVersions":3}"""),
        ["block"] = (HttpMethod.Put, "/api/v1/images/IMAGE/block", """{"why":"x","endLeases":false}"""),
        ["add"] = (HttpMethod.Post, "/api/v1/images", """{"path":"/nonexistent/x.iso","url":"u","name":"x.iso","sha256":"00","title":"t","kind":"other"}"""),
        ["patch"] = (
            HttpMethod.Patch,
            "/api/v1/images/IMAGE",
            """
            {"title":"t","titles":{"de":"t"},"kind":"other","group":"g","order":1,"os":{"family":"f","distro":"d","version":"1","edition":"e","language":"en"},
            "arch":["x86_64"],"tags":["x"],"hidden":false,"eolDate":"2030-01-01","owner":"o","protected":false,"offer":"asap"}
            """),
        ["restore"] = (HttpMethod.Post, "/api/v1/restore", """{"by":"nyc","since":"2030-01-01T00:00:00Z","dryRun":false}"""),
        ["peers"] = (HttpMethod.Put, "/api/v1/peers", """{"peers":[{"site":"nyc","fleet":"127.0.0.1:1","swarm":"127.0.0.1:1"}]}"""),
    };

    public static TheoryData<string> Names => [.. Bodies.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task No_body_breaks_anything(string name)
    {
        var (method, path, body) = Bodies[name];
        var image = await ApiCaller.AddAsync(shared.Site, $"{name}-members.iso", 1000 + Bodies.Keys.ToList().IndexOf(name));
        var broken = new List<string>();
        foreach (var change in JsonChanges.Of(body.Replace("IMAGE", image.Id.ToString(), StringComparison.Ordinal)))
        {
            var answer = await shared.Caller.JsonAsync(method, path.Replace("IMAGE", image.Id.ToString(), StringComparison.Ordinal), Encoding.UTF8.GetString(change.Json));
            if ((int)answer.Status == 500 || OfTheProgram().IsMatch(answer.Text))
            {
                broken.Add($"{change}: {answer.Text}");
            }
        }

        Assert.Empty(broken);

        // Whatever was taken of it can be listed.
        Assert.Equal(200, (int)(await shared.Caller.GetAsync("/api/v1/images")).Status);
        Assert.Equal(200, (int)(await shared.Caller.GetAsync("/api/v1/available?surface=bmc")).Status);
        Assert.Equal(200, (int)(await shared.Caller.GetAsync("/api/v1/aliases")).Status);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_body_that_is_missing_cut_or_none_is_refused_in_words_of_the_api(string name)
    {
        var (method, path, body) = Bodies[name];
        foreach (var json in new[] { "", "null", "{", "[]", "\"x\"", "1", body[..^1], $"{body}x", """{"nothing":1}""", string.Concat(Enumerable.Repeat("[", 30)) })
        {
            var answer = await shared.Caller.JsonAsync(method, path.Replace("IMAGE", shared.Debian.Id.ToString(), StringComparison.Ordinal), json);
            answer.Refused(400, "invalid-request");
            Assert.DoesNotMatch(OfTheProgram(), answer.Text);
            Assert.DoesNotContain("too slowly", answer.Text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("""{"image":"x.iso","surface":"bmc","client":1}""", "client must be a text, and stand there once.")]
    [InlineData("""{"image":"x.iso","surface":"bmc","client":"c","ttl":"x"}""", "ttl must be a whole number")]
    [InlineData("""{"image":"x.iso","surface":"bmc","cleint":"c"}""", "The body has a member 'cleint', which is not known here.")]
    [InlineData("null", "The body must be an object with the members image, surface, client")]
    [InlineData("", "The body is missing. Send JSON: an object with the members image, surface, client")]
    public async Task What_is_wrong_with_a_body_is_named(string json, string words) =>
        Assert.Contains(words, (await shared.Caller.JsonAsync(HttpMethod.Post, "/api/v1/leases", json)).Json["detail"]!.GetValue<string>(), StringComparison.Ordinal);

    /// <summary>Words of the program, its framework and its serializer.</summary>
    [GeneratedRegex(@"System\.|IsoCatalog\.|Int32|Nullable|\$\.|LineNumber|BytePosition|IReadOnly|Dictionary|Exception|Request request|Kestrel|Utf8|converter|bind|parameter", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    internal static partial Regex OfTheProgram();
}
