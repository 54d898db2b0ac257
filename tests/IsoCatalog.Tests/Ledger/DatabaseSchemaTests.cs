using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Ledger;
using Xunit;

namespace IsoCatalog.Tests.Ledger;

public sealed partial class DatabaseSchemaTests
{
    /// <summary>An earlier program goes on with a file of a later one: whatever it reads and writes must be there still.</summary>
    [Fact]
    public void From_version_7_on_a_version_only_adds_and_says_who_may_read_it()
    {
        var schema = DatabaseSchema.Current;
        Assert.All(schema.Steps, (step, number) =>
        {
            Assert.InRange(step.ReadableFrom, 7, 7 + number);
            Assert.All(step.Adds.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries), statement => Assert.Matches(Adds(), statement));
        });
        Assert.Equal(schema.Version, 6 + schema.Steps.Count);
    }

    [GeneratedRegex(@"^(CREATE (TABLE|INDEX) |INSERT INTO |ALTER TABLE \w+ ADD COLUMN )", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Adds();
}
