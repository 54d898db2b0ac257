using System.Collections.Concurrent;
using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;
using Xunit.v3;

namespace IsoCatalog.Testing;

/// <summary>
/// Says that a test runs an example of a page as it stands there, and holds the test to it: it must take the example with <see cref="PageExamples.Of"/>. Another test demands that each
/// example of the documents is named so, or is marked in the page: <c>```sh not-run</c>.
/// </summary>
/// <param name="page">The path in the repository.</param>
/// <param name="begins">How a line of the example begins; empty for all examples of the page that are not marked.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class RunsExampleAttribute(string page, string begins = "") : BeforeAfterTestAttribute
{
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        // Who could not begin, or failed, has said so.
        if (TestContext.Current.TestState is null or { Result: TestResult.Passed } && !PageExamples.WasTaken(page, begins))
        {
            Assert.Fail($"The test says that it runs '{begins}' of {page}, and did not take it.");
        }
    }
}

/// <summary>An example of a page: what stands between its fences.</summary>
/// <param name="Line">Of the fence, from 1.</param>
/// <param name="Language">The first word behind the fence; empty where there is none.</param>
/// <param name="IsRun">Not marked as one that nobody runs.</param>
public sealed record PageExample(int Line, string Language, bool IsRun, string Text)
{
    public bool Has(string begins) => begins.Length == 0 || Text.Split('\n').Any(line => line.StartsWith(begins, StringComparison.Ordinal));
}

/// <summary>The examples of the documents.</summary>
public static partial class PageExamples
{
    private static readonly ConcurrentDictionary<(string Test, string Page, string Begins), bool> Taken = new();

    /// <summary>The root of the working tree.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>All of a page, those that are marked too.</summary>
    public static IReadOnlyList<PageExample> All(string page)
    {
        var text = File.ReadAllText(Path.Combine(Root, page));
        return
        [
            .. Fence().Matches(text).Select(match => new PageExample(
                text.AsSpan(0, match.Index).Count('\n') + 1,
                match.Groups["language"].Value,
                !match.Groups["more"].Value.Split(' ').Contains("not-run"),
                match.Groups["text"].Value)),
        ];
    }

    /// <summary>Those that the running test says it runs, with a <see cref="RunsExampleAttribute"/> of the same words. At least one.</summary>
    public static IReadOnlyList<string> Of(string page, string begins = "")
    {
        List<string> found = [.. All(page).Where(example => example.IsRun && example.Language != "text" && example.Has(begins)).Select(example => example.Text)];
        Assert.NotEmpty(found);
        Taken[(TestContext.Current.Test!.UniqueID, page, begins)] = true;
        return found;
    }

    internal static bool WasTaken(string page, string begins) => Taken.ContainsKey((TestContext.Current.Test!.UniqueID, page, begins));

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "IsoCatalog.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("The tests run outside the working tree.");
    }

    [GeneratedRegex(@"^ *```(?<language>[a-z]*)(?<more>[^\n]*)\n(?<text>.*?)^ *```$", RegexOptions.Multiline | RegexOptions.Singleline, 1000)]
    private static partial Regex Fence();
}
