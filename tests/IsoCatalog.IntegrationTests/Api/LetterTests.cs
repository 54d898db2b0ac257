using System.Text;
using IsoCatalog.IntegrationTests.Commands;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Api;

public sealed class LetterTests
{
    private const string Title = "Дебиан + «安定» & <café> 'x' 😀";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Answers_events_and_the_command_line_write_letters_as_they_are()
    {
        await using var site = await TestSite.StartAsync(Cancel);
        using var caller = new ApiCaller(site.Api);
        var image = await ApiCaller.AddAsync(site, "one.iso", 1);
        Assert.Equal(200, (int)(await caller.JsonAsync(HttpMethod.Patch, $"/api/v1/images/{image.Id}", $$"""{"title":"{{Title}}"}""")).Status);

        foreach (var path in new[] { "/api/v1/images", $"/api/v1/images/{image.Id}", "/api/v1/available?surface=console", "/api/v1/available?surface=console&site=*" })
        {
            var answer = await caller.GetAsync(path);
            Assert.Contains($"\"title\":\"{Title}\"", answer.Text, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
        }

        foreach (var path in new[] { "/api/v1/events?recent=true", "/api/v1/status", "/api/v1/images/%D1%8F%2B.iso", "/nothing+'here'", "/api/v1/available?surface=%D1%8F'" })
        {
            var answer = await caller.GetAsync(path, ("Accept", "application/json"));
            Assert.DoesNotContain("\\u", answer.Text, StringComparison.Ordinal);
            Assert.Equal("nosniff", answer["X-Content-Type-Options"]);
        }

        foreach (var verb in new[] { "ls", "show one.iso", "ls --surface console" })
        {
            var result = await Isocatalog.RunAsync([.. verb.Split(' '), "--json", "--socket", site.Socket]);
            Assert.Equal((0, ""), (result.ExitCode, result.Error));
            Assert.Contains($"\"title\":\"{Title}\"", result.Output, StringComparison.Ordinal);
        }

        // What is signed has a form of its own, which other versions compare byte for byte.
        var signed = Directory.GetFiles(Path.Combine(site.Data, "catalog"), "*.json", SearchOption.AllDirectories)
            .Select(f => Encoding.Latin1.GetString(File.ReadAllBytes(f))).Select(t => t + Decoded(t));
        Assert.Contains(signed, t => t.Contains("\\u0414\\u0435\\u0431", StringComparison.Ordinal));
        Assert.DoesNotContain(signed, t => t.Contains(Encoding.Latin1.GetString(Encoding.UTF8.GetBytes("Дебиан")), StringComparison.Ordinal));
    }

    /// <summary>The payload of an envelope.</summary>
    private static string Decoded(string envelope) =>
        envelope.Split("\"payload\":\"", 2) is [_, var rest] ? Encoding.Latin1.GetString(Convert.FromBase64String(rest.Split('"')[0].Replace("\\u002B", "+", StringComparison.Ordinal))) : "";
}
