using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// Where a verb writes: results on stdout, errors and notes on stderr. Colours and moving bars only on a terminal; with --json nothing but JSON on stdout,
/// one object a line.
/// </summary>
internal sealed class Screen
{
    /// <summary>Columns, where nobody's window limits them: a table is as wide as what it holds.</summary>
    private const int Unlimited = 10_000;

    private readonly Lock _errors = new();
    private readonly StringWriter? _page;
    private bool _spoke;

    public Screen(bool json, bool quiet)
    {
        Json = json;
        Quiet = quiet;
        var terminal = !Console.IsOutputRedirected;
        _page = terminal ? null : new StringWriter();
        Canvas = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = terminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = terminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(_page ?? Console.Out),
        });
        if (!terminal)
        {
            Canvas.Profile.Width = Unlimited;
        }

        IsLive = terminal && !json && !quiet;
    }

    public bool Json { get; }

    /// <summary>Only what a script needs: ids, one a line.</summary>
    public bool Quiet { get; }

    /// <summary>Whether something may move on the screen.</summary>
    public bool IsLive { get; }

    public IAnsiConsole Canvas { get; }

    /// <summary>A line for people.</summary>
    public void Line(string text)
    {
        if (!Json && !Quiet)
        {
            Console.Out.WriteLine(Plain.Text(text));
        }
    }

    /// <summary>Something for people, tables and all; where it is no terminal, without the spaces that fill up the lines.</summary>
    public void Show(IRenderable picture)
    {
        if (Json || Quiet)
        {
            return;
        }

        Canvas.Write(picture);
        if (_page is not null)
        {
            foreach (var line in _page.ToString().TrimEnd().Split('\n'))
            {
                Console.Out.WriteLine(line.TrimEnd());
            }

            _page.GetStringBuilder().Clear();
        }
    }

    /// <summary>With --quiet: the one value that a script wants.</summary>
    public void Value(string text)
    {
        if (!Json && Quiet)
        {
            Console.Out.WriteLine(Plain.Text(text));
        }
    }

    public void Object<T>(T value, JsonTypeInfo<T> type)
    {
        if (Json)
        {
            _spoke = true;
            Console.Out.WriteLine(JsonSerializer.Serialize(value, type));
        }
    }

    /// <summary>Something on the way that is worth a line on stderr.</summary>
    public void Note(string text)
    {
        if (!Quiet)
        {
            ToError(text);
        }
    }

    public void Warning(string text) => ToError("warning: " + text);

    /// <summary>On stderr, and with --json also as an object on stdout.</summary>
    public void Error(Problem problem)
    {
        ToError("error: " + Words(problem));
        Object(problem, ApiJson.Default.Problem);
    }

    /// <summary>What is wrong, and what to do about it where the site says that.</summary>
    public static string Words(Problem problem) => problem.Remedy is null ? problem.Detail : $"{problem.Detail} {problem.Remedy}";

    /// <summary>It was broken off, or answered with no. Where something was said already, that was the answer.</summary>
    public void Cancelled(string text)
    {
        Note(text);
        if (!_spoke)
        {
            Object(new VerbException(ExitCode.Cancelled, "cancelled", text).Problem, ApiJson.Default.Problem);
        }
    }

    public void ToError(string text)
    {
        lock (_errors)
        {
            Console.Error.WriteLine(Plain.Text(text));
        }
    }

    /// <summary>A table without lines, which reads the same on a terminal and in a file.</summary>
    public static Table Columns(params string[] headings)
    {
        var table = new Table().NoBorder();
        foreach (var heading in headings)
        {
            table.AddColumn(new TableColumn(new Text(heading, new Style(decoration: Decoration.Bold))).PadLeft(0).PadRight(2));
        }

        return table;
    }

    /// <summary>A cell of text that is not ours: nothing in it is markup.</summary>
    public static Text Cell(string? text, Color? color = null) =>
        new(Plain.Text(text), color is { } c ? new Style(foreground: c) : Style.Plain);
}
