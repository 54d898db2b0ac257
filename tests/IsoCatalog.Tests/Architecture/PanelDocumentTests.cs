using System.Reflection;
using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Configuration;
using Xunit;

namespace IsoCatalog.Tests.Architecture;

/// <summary>docs/panel.md against the constants of the code.</summary>
public sealed partial class PanelDocumentTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "panel.md"));

    [Fact]
    public void Every_refusal_is_listed_with_its_status()
    {
        var expected = Constants(typeof(RefusalCode)).Select(c => $"{c} {Problems.Status(c)}")
            .Concat(Constants(typeof(AccessCode)).Select(c => $"{c} {StatusOfAccess(c)}"));

        Assert.Equal(
            expected.Order(StringComparer.Ordinal),
            Rows(Section("Refusals")).Select(r => $"{r.Groups["code"].Value} {r.Groups["second"].Value}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_reason_is_listed() => Assert.Equal(
        Constants(typeof(ReasonCode)).Order(StringComparer.Ordinal),
        Rows(Section("Reasons")).Select(r => r.Groups["code"].Value).Order(StringComparer.Ordinal));

    private static int StatusOfAccess(string code) => code switch
    {
        AccessCode.Unauthorized => 401,
        AccessCode.TooManyAttempts => 429,
        _ => 403,
    };

    private static IEnumerable<string> Constants(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.Static)
        .Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!);

    private static string Section(string title) => Page.Split("\n## ").Single(s => s.StartsWith(title + "\n", StringComparison.Ordinal));

    private static IEnumerable<Match> Rows(string section) => Row().Matches(section);

    [GeneratedRegex("^\\| `(?<code>[a-z0-9-]+)` \\| (?<second>[^|]+) \\|", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
