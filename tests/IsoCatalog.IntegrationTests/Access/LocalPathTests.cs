using IsoCatalog.Appliance.Access;
using IsoCatalog.IntegrationTests.Scenarios;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Access;

/// <summary>A path is read with the site's rights, and only for who may read it with his own.</summary>
public sealed class LocalPathTests
{
    private static readonly (string Text, string Sha256) Operator = Token.Generate() is var (text, hash) ? (text, hash.ToString()) : default;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_a_file_that_the_caller_may_not_read_nothing_is_told()
    {
        await using var site = await StartAsync();
        var secret = site.Write("secret.iso", IsoBuilder.InMemory("SECRET", 40_000, 7));
        var folder = Directory.CreateDirectory(Path.Combine(site.Root, "closed"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute).FullName;
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var inside = Path.Combine(folder, "there.iso");
        File.Copy(secret, inside);
        File.SetUnixFileMode(inside, (UnixFileMode)0b110_100_100);

        var answers = new List<string>();
        foreach (var path in new[] { secret, inside, Path.Combine(folder, "not-there.iso") })
        {
            var answer = await PostAsync(site, path, asNobody: true);
            Assert.True(answer.Contains("urn:isocatalog:problem:source-unreadable", StringComparison.Ordinal), $"{path}: {answer}");
            answers.Add(answer.Replace(path, "PATH", StringComparison.Ordinal));
        }

        Assert.Single(answers.Distinct());
        Assert.Empty((await site.Client.GetJobsAsync(Cancel)).Jobs);

        File.SetUnixFileMode(secret, (UnixFileMode)0b110_100_100);
        Assert.Contains("\"kind\":\"add\"", await PostAsync(site, secret, asNobody: true), StringComparison.Ordinal);
        Assert.Contains("source-missing", await PostAsync(site, Path.Combine(site.Root, "not-there.iso"), asNobody: true, follow: true), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_comes_through_a_proxy_names_no_path()
    {
        await using var site = await StartAsync();
        var path = site.Write("debian-12.iso", IsoBuilder.InMemory("DEBIAN", 40_000, 7));
        foreach (var header in new[] { "X-Forwarded-For: 203.0.113.5", "Forwarded: for=203.0.113.5", "Via: 1.1 proxy", "X-Real-IP: 203.0.113.5" })
        {
            Assert.Contains("urn:isocatalog:problem:not-supported", await PostAsync(site, path, asNobody: false, header), StringComparison.Ordinal);
        }

        Assert.Empty((await site.Client.GetJobsAsync(Cancel)).Jobs);
        Assert.Contains("\"kind\":\"add\"", await PostAsync(site, path, asNobody: false), StringComparison.Ordinal);
    }

    private static Task<TestSite> StartAsync() => Scenario.StartAsync(new TestSiteOptions
    {
        Extra = $$"""
            store: { floor: 1MiB }
            tokens:
              - { name: ops, role: operator, sha256: {{Operator.Sha256}} }
            """,
    });

    private static async Task<string> PostAsync(TestSite site, string path, bool asNobody, string? header = null, bool follow = false)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root can be somebody else.");
        string[] curl =
        [
            Counterpart.Require("curl"), "-s", "-H", $"Authorization: Bearer {Operator.Text}", "-H", "Content-Type: application/json", .. header is null ? Array.Empty<string>() : ["-H", header],
            "-d", $$"""{"path":"{{path}}"}""", new Uri(site.Api, "/api/v1/images").ToString(),
        ];
        var run = asNobody
            ? await Counterpart.RunAsync(Counterpart.Require("setpriv"), ["--reuid", "65534", "--regid", "65534", "--clear-groups", .. curl], Cancel)
            : await Counterpart.RunAsync(curl[0], curl[1..], Cancel);
        run.Succeeded();
        if (!follow)
        {
            return run.Output;
        }

        var said = "";
        await TestSite.EventuallyAsync(
            async () => (said = string.Join(' ', (await site.Client.GetJobsAsync(Cancel)).Jobs.Select(j => j.Problem?.Code))).Contains("source-missing", StringComparison.Ordinal), Cancel);
        return said;
    }
}
