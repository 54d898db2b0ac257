using System.CommandLine;
using System.Runtime.CompilerServices;
using IsoCatalog.Appliance.Commands;
using Xunit;

namespace IsoCatalog.Tests.Commands;

/// <summary>docs/cli.md and the manual page against the commands that are parsed.</summary>
public sealed class CommandDocumentTests
{
    private const string Heading = "## Every verb and its options";

    [Fact]
    public void The_document_lists_every_verb_with_all_its_options()
    {
        var table = string.Join('\n', SomeTree.Root.Verbs().Where(v => v.Subcommands.Count == 0).Select(Row));
        var document = File.ReadAllText(Document());

        var rows = document.Split(Heading + "\n", 2)[1].Split("\n## ")[0].Split('\n').Where(l => l.StartsWith("| `", StringComparison.Ordinal));

        Assert.True(string.Join('\n', rows) == table, $"The table under '{Heading}' in docs/cli.md is not that of the program. It should be:\n{table}\n");
    }

    [Fact]
    public void The_document_says_what_each_verb_is_for()
    {
        var first = File.ReadAllText(Document()).Split("\n## ", 2)[0];

        Assert.All(SomeTree.Root.Verbs().Where(v => v.Subcommands.Count == 0), v => Assert.Matches($@"`{string.Join(' ', v.Names())}[ `]", first));
    }

    [Fact]
    public void The_document_gives_the_exit_codes_their_meanings() =>
        Assert.All(ExitCode.Meanings, m => Assert.Contains($"| {m.Code} | {m.Meaning} |", File.ReadAllText(Document()), StringComparison.Ordinal));

    [Fact]
    public void The_manual_page_has_every_verb_and_every_option()
    {
        var page = ManPage.Of(SomeTree.Root, "1.2.3", "2026-11-29").Replace("\\-", "-", StringComparison.Ordinal);

        foreach (var verb in SomeTree.Root.Verbs().Where(v => v.Subcommands.Count == 0))
        {
            var section = page.Split($".SS \"{Usage.Of(verb)}\"\n", 2)[1].Split("\n.S", 2)[0] + (Usage.AsksSite(verb) ? page.Split(".SH \"OPTIONS OF", 2)[1] : "");
            Assert.All(verb.Options.Where(o => !o.Hidden), o => Assert.Matches($@"{o.Name}\\fR", section));
        }
    }

    [Fact]
    public void Nothing_in_the_manual_page_commands_its_reader()
    {
        var root = new RootCommand("x") { new Verb("evil", ".so /etc/passwd\n'tis \\*x -- \"q\" `é`", ".de x", "'y \\n") };
        root.Subcommands.Add(new Verb("ask", "d"));
        SiteOptions.On(root.Subcommands[1], new CommandDefaults("c", null, TimeProvider.System));

        var page = ManPage.Of(root, "1", "2026-11-29");

        Assert.Contains("\\&.so /etc/passwd \\(aqtis \\e*x \\-\\- \\(dqq\\(dq \\(ga\\[u00E9]\\(ga", page, StringComparison.Ordinal);
        Assert.Contains("\n\\&.de x\n", page, StringComparison.Ordinal);
        Assert.Contains("\n\\(aqy \\en\n", page, StringComparison.Ordinal);
    }

    private static string Row(Command verb)
    {
        var own = Usage.OwnOptions(verb).Where(o => o is not System.CommandLine.Help.HelpOption).Select(o => $"`{Usage.Of(o)}`".Replace("|", "\\|", StringComparison.Ordinal)).ToList();
        var options = Usage.AsksSite(verb) ? own.Append("those of a site") : own;
        return $"| `{Usage.Of(verb).Replace("|", "\\|", StringComparison.Ordinal)}` | {string.Join(", ", options)} |";
    }

    private static string Document([CallerFilePath] string thisFile = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(thisFile)!, "..", "..", "..", "docs", "cli.md"));
}
