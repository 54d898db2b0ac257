using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace IsoCatalog.Tests.Architecture;

/// <summary>What holds for every file and type, whichever room it is in.</summary>
public sealed partial class HouseRuleTests
{
    private const int MaxLines = 450;

    /// <summary>A number to go down: whoever takes a suppression away lowers it.</summary>
    private const int SuppressionsInSource = 8;

    private static readonly string[] EmptyNames = ["Manager", "Helper", "Helpers", "Util", "Utils", "Service", "Common"];

    [Fact]
    public void A_namespace_is_its_folder()
    {
        var wrong = SourceTree.Files(SourceTree.Source)
            .Select(f => (File: f, Space: Namespace().Match(File.ReadAllText(f))))
            .Where(f => f.Space.Success && f.Space.Groups["name"].Value != SpaceOf(f.File))
            .Select(f => $"{SourceTree.Relative(f.File)}: {f.Space.Groups["name"].Value}, expected {SpaceOf(f.File)}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void Nothing_is_async_void()
    {
        var wrong = ProductCode.Everything.SelectMany(a => a.GetTypes()).SelectMany(ProductCode.Methods).OfType<MethodInfo>()
            .Where(m => m.ReturnType == typeof(void) && m.GetCustomAttribute<AsyncStateMachineAttribute>() is not null)
            .Select(m => $"{m.DeclaringType!.FullName}.{m.Name}");

        Assert.Empty(wrong);
    }

    [Fact]
    public void No_type_has_a_name_that_says_nothing()
    {
        var wrong = ProductCode.Everything.SelectMany(ProductCode.WrittenTypes)
            .Where(t => EmptyNames.Any(n => t.Name.Split('`')[0].EndsWith(n, StringComparison.Ordinal)))
            .Select(t => t.FullName);

        Assert.Empty(wrong);
    }

    [Fact]
    public void Warnings_are_suppressed_no_more_often_than_before()
    {
        var found = SourceTree.Files(SourceTree.Source)
            .SelectMany(f => File.ReadLines(f).Where(l => Suppression().IsMatch(l)).Select(l => $"{SourceTree.Relative(f)}: {l.Trim()}"))
            .ToList();

        Assert.True(
            found.Count <= SuppressionsInSource,
            $"{found.Count} suppressions in src, {SuppressionsInSource} are allowed:\n{string.Join('\n', found)}");
    }

    [Fact]
    public void No_file_is_too_long_to_be_read_at_once()
    {
        var wrong = SourceTree.Files(SourceTree.Source)
            .Select(f => (Name: SourceTree.Relative(f), Lines: File.ReadLines(f).Count()))
            .Where(f => f.Lines > MaxLines)
            .Select(f => $"{f.Name} has {f.Lines} lines");

        Assert.Empty(wrong);
    }

    /// <summary>The other contexts of these formats escape what people want to read; see LetterEncoder.</summary>
    [Fact]
    public void What_the_appliance_writes_keeps_its_letters()
    {
        var wrong = SourceTree.Files(Path.Combine(SourceTree.Source, "IsoCatalog.Appliance"))
            .SelectMany(f => File.ReadLines(f).Where(l => EscapingJson().IsMatch(l) && !l.Contains(".Default.Options", StringComparison.Ordinal)).Select(l => $"{SourceTree.Relative(f)}: {l.Trim()}"));

        Assert.Empty(wrong);
    }

    private static string SpaceOf(string file) =>
        Path.GetRelativePath(SourceTree.Source, Path.GetDirectoryName(file)!).Replace('/', '.');

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"\b(ApiJson|CommandJson|StartJson)\.Default\.", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex EscapingJson();

    [GeneratedRegex(@"^\s*#pragma warning disable|\[(assembly: |module: )?(Unconditional)?SuppressMessage\(", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Suppression();
}
