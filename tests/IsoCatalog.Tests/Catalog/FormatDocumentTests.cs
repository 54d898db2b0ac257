using System.Reflection;
using System.Text.RegularExpressions;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Configuration;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed partial class FormatDocumentTests
{
    [Fact]
    public void Every_rule_that_can_be_broken_is_in_the_document_and_the_other_way_round()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "catalog-format.md"));
        var written = Row().Matches(document).Select(m => m.Groups["rule"].Value).ToList();
        var known = typeof(Rules).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!).ToList();

        Assert.Equal(known.Order(StringComparer.Ordinal), written.Order(StringComparer.Ordinal));
        Assert.Equal(written.Count, written.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Every_rule_has_a_test_that_names_it()
    {
        var tests = string.Join('\n', Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests", "IsoCatalog.Tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith("FormatDocumentTests.cs", StringComparison.Ordinal)).Select(File.ReadAllText));
        var unnamed = typeof(Rules).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f =>
            !tests.Contains($"Rules.{f.Name}", StringComparison.Ordinal)
            && !tests.Contains(((string)f.GetRawConstantValue()!).Replace('-', '_'), StringComparison.Ordinal));

        Assert.Empty(unnamed.Select(f => f.Name));
    }

    [GeneratedRegex(@"^\| (?<rule>[A-Z]-[0-9]{2}) \|", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
