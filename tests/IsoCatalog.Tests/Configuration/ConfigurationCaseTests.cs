using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Configuration;
using Xunit;

namespace IsoCatalog.Tests.Configuration;

/// <summary>Each file in Cases says in its first line what must come of it: <c># good[, warns line N: words]</c> or
/// <c># bad[ beyond the schema], line N: words[; line N: words]</c>.</summary>
public sealed partial class ConfigurationCaseTests
{
    [GeneratedRegex("line (?<line>[0-9]+): (?<words>.+?)(?=; line [0-9]|$)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Expectation();

    public static TheoryData<string> Cases() =>
        [.. Directory.GetFiles(Repository.Cases, "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Each_case_gives_the_problems_that_its_first_line_says_and_no_others(string name)
    {
        var file = Path.Combine(Repository.Cases, name + ".yaml");
        var first = File.ReadLines(file).First();
        var expected = Expectation().Matches(first).Select(match => (Line: int.Parse(match.Groups["line"].Value), Words: match.Groups["words"].Value)).ToList();

        var result = ConfigurationFile.Load(file);

        var found = result switch
        {
            ConfigurationResult.Loaded loaded when first.StartsWith("# good", StringComparison.Ordinal) => loaded.Warnings,
            ConfigurationResult.Invalid invalid when first.StartsWith("# bad", StringComparison.Ordinal) => invalid.Problems,
            ConfigurationResult.Invalid invalid => throw new Xunit.Sdk.XunitException(string.Join('\n', invalid.Problems)),
            _ => throw new Xunit.Sdk.XunitException($"{name} loads, and should not."),
        };
        Assert.True(first.StartsWith("# good", StringComparison.Ordinal) || expected.Count > 0, "The case expects nothing.");
        foreach (var (line, words) in expected)
        {
            Assert.Contains(found, problem => problem.Line == line && problem.Describe("site.yaml").Contains(words, StringComparison.Ordinal));
        }

        // A kind that this version cannot serve is one problem more in the cases about its other keys.
        Assert.DoesNotContain(found, problem => !problem.Message.Contains("not supported yet", StringComparison.Ordinal)
            && !expected.Any(e => e.Line == problem.Line && problem.Describe("site.yaml").Contains(e.Words, StringComparison.Ordinal)));
    }

    [Fact]
    public void Every_message_says_what_to_do_in_a_sentence()
    {
        var messages = Directory.GetFiles(Repository.Cases, "*.yaml").Select(ConfigurationFile.Load)
            .OfType<ConfigurationResult.Invalid>().SelectMany(invalid => invalid.Problems).Select(problem => problem.Message).ToList();

        Assert.True(messages.Count > 100);
        Assert.All(messages, message =>
        {
            Assert.True(message.Length is > 15 and < 400, message);
            Assert.True(message[^1] is '.' or '?' || message.Contains("Run: ", StringComparison.Ordinal), message);
        });
    }
}
