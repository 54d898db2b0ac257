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

    [GeneratedRegex(@"^\| (?<rule>[A-Z]-[0-9]{2}) \|", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();
}
