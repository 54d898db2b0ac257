using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Commands;
using Xunit;

namespace IsoCatalog.Tests.Commands;

public sealed partial class ExitCodeDocumentTests
{
    [Fact]
    public void The_document_lists_every_exit_code_and_no_other()
    {
        var codes = typeof(ExitCode).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (int)f.GetRawConstantValue()!).Order();

        var listed = Row().Matches(File.ReadAllText(Document())).Select(row => int.Parse(row.Groups["code"].Value));

        Assert.Equal(codes, listed);
    }

    private static string Document([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "docs", "cli.md"));

    [GeneratedRegex(@"^\| (?<code>[0-9]+) \|", RegexOptions.Multiline | RegexOptions.NonBacktracking)]
    private static partial Regex Row();
}
