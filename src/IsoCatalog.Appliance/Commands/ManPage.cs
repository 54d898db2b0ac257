using System.CommandLine;
using System.Globalization;
using System.Text;

namespace IsoCatalog.Appliance.Commands;

/// <summary>The manual page in the macros of man(7), made of the command tree so that it cannot lag behind. Pure.</summary>
internal static class ManPage
{
    /// <summary>Of the page's own text, not of what is shown.</summary>
    private const int SourceWidth = 74;

    public static string Of(RootCommand root, string version, string date)
    {
        var page = new StringBuilder();
        Line($".TH ISOCATALOG 1 \"{date}\" \"isocatalog {version}\" \"User Commands\"");
        // Paths and options are to be copied: nothing is hyphenated.
        Line(".nh");
        Line(".ad l");
        Section("NAME");
        Text("isocatalog - keep a signed catalog of ISO images and offer each where its bytes were verified");
        Section("SYNOPSIS");
        Line(".B isocatalog");
        Line(".I VERB");
        Line("[OPTIONS]");
        Section("DESCRIPTION");
        Text("A verb talks to the site on this machine over its Unix socket, or to one over the network. Results go to stdout; steps and errors to stderr.");
        Section("VERBS");
        foreach (var verb in root.Verbs().Where(v => v.Subcommands.All(s => s.Hidden)))
        {
            Line($".SS \"{Escaped(Usage.Of(verb))}\"");
            Text(verb.Description);
            foreach (var argument in verb.Arguments.Where(a => a.Description is not null))
            {
                Tagged(argument.HelpName ?? argument.Name.ToUpperInvariant(), "", argument.Description);
            }

            Options(Usage.OwnOptions(verb));
            if (Usage.AsksSite(verb))
            {
                Line(".PP");
                Text("And the options of every verb that asks a site, below.");
            }
        }

        Section("OPTIONS OF EVERY VERB THAT ASKS A SITE");
        Options(Usage.SiteOptions(root));
        Section("EXIT STATUS");
        foreach (var (code, meaning) in ExitCode.Meanings)
        {
            Tagged(code.ToString(CultureInfo.InvariantCulture), "", char.ToUpperInvariant(meaning[0]) + meaning[1..] + ".");
        }

        Section("ENVIRONMENT");
        Tagged("ISOCATALOG_CONFIG", "", "The configuration, where --config names none.");
        Tagged("ISOCATALOG_SOCKET", "", "The socket of the site on this machine, where neither --socket nor --config is given.");
        Section("FILES");
        Tagged(DefaultPaths.Configuration, "", "The configuration of the site on this machine.");
        Tagged(DefaultPaths.Data, "", "What the site keeps.");
        Section("EXAMPLES");
        Line(".nf");
        foreach (var example in root.Verbs().OfType<Verb>().SelectMany(v => v.Examples))
        {
            // Each is a line of its own, however many the source takes for it.
            Line(string.Join(" \\c\n", Wrapped(example).Select(Beginning)));
        }

        Line(".fi");
        return page.ToString();

        void Line(string line) => page.Append(line).Append('\n');

        void Section(string name) => Line($".SH {(name.Contains(' ', StringComparison.Ordinal) ? $"\"{name}\"" : name)}");

        void Text(string? text)
        {
            foreach (var line in Wrapped(text ?? ""))
            {
                Line(Beginning(line));
            }
        }

        void Options(IEnumerable<Option> options)
        {
            foreach (var option in options)
            {
                var aliases = option.Aliases.Where(a => a.Length == 2).Append(option.Name);
                Tagged(string.Join(", ", aliases), TypedWords.TakesValue(option) ? option.HelpName! : "", option.Description);
            }
        }

        void Tagged(string name, string value, string? text)
        {
            Line(".TP");
            Line($"\\fB{Escaped(name)}\\fR{(value.Length == 0 ? "" : $" \\fI{Escaped(value)}\\fR")}");
            Text(text);
        }
    }

    private static IReadOnlyList<string> Wrapped(string text)
    {
        var (lines, line) = (new List<string>(), "");
        foreach (var word in Escaped(text).Split(' '))
        {
            if (line.Length > 0 && line.Length + word.Length > SourceWidth)
            {
                lines.Add(line);
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : line + " " + word;
            }
        }

        return [.. lines, line];
    }

    /// <summary>A line that begins with a point or a quote is a request.</summary>
    private static string Beginning(string text) => text.StartsWith('.') || text.StartsWith('\'') ? "\\&" + text : text;

    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            escaped.Append(rune.Value switch
            {
                '\\' => "\\e",
                '-' => "\\-",
                '\'' => "\\(aq",
                '`' => "\\(ga",
                '^' => "\\(ha",
                '~' => "\\(ti",
                '"' => "\\(dq",
                < ' ' => " ",
                > '~' => string.Create(CultureInfo.InvariantCulture, $"\\[u{rune.Value:X4}]"),
                _ => rune.ToString(),
            });
        }

        return escaped.ToString();
    }
}
