using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Appliance.Wording;
using IsoCatalog.Client;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// Where a verb writes: results on stdout, errors and notes on stderr. Colours and moving bars only on a terminal; with --json nothing but JSON on stdout,
/// one object a line.
/// </summary>
internal sealed class Screen
{
    private readonly Lock _writing = new();
    private bool _moving;
    private bool _spoke;

    public Screen(bool json, bool quiet)
    {
        Json = json;
        Quiet = quiet;
        var terminal = !Console.IsOutputRedirected;
        Canvas = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = terminal ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = terminal ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = terminal ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(Console.Out),
        });
        IsLive = terminal && !json && !quiet && Canvas.Profile.Capabilities.Ansi;
        Window = terminal ? Canvas.Profile.Width : null;
    }

    public bool Json { get; }

    /// <summary>Only what a script needs: ids, one a line.</summary>
    public bool Quiet { get; }

    /// <summary>Whether something may move on the screen.</summary>
    public bool IsLive { get; }

    /// <summary>Columns of the terminal; null where it is none: nothing is wrapped or cut there.</summary>
    public int? Window { get; }

    public IAnsiConsole Canvas { get; }

    /// <summary>A line for people.</summary>
    public void Line(string text)
    {
        if (!Json && !Quiet)
        {
            Write(Console.Out, text);
        }
    }

    /// <summary>Something for people, tables and all; where it is no terminal, without the spaces that fill up the lines.</summary>
    public void Show(ILines lines)
    {
        if (Json || Quiet)
        {
            return;
        }

        if (Window is not null)
        {
            Canvas.Write(new Picture(lines));
            return;
        }

        foreach (var line in lines.Lines(width: null))
        {
            Console.Out.WriteLine(string.Concat(line.Select(p => p.Text)).TrimEnd());
        }
    }

    /// <summary>Runs something while a picture at the lower end of the terminal is painted over again and again. What is written meanwhile stands above it.</summary>
    /// <param name="stays">The last picture is left when it ends.</param>
    public async Task<T> MovingAsync<T>(ILines first, bool stays, Func<Action<ILines>, Task<T>> work)
    {
        _moving = true;
        try
        {
            return await Canvas.Live(new Picture(first, inPlace: true)).AutoClear(!stays).StartAsync(live => work(lines =>
            {
                live.UpdateTarget(new Picture(lines, inPlace: true));
            }));
        }
        finally
        {
            _moving = false;
        }
    }

    /// <summary>With --quiet: the one value that a script wants.</summary>
    public void Value(string text)
    {
        if (!Json && Quiet)
        {
            Write(Console.Out, text);
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
        ToError("error: " + problem.Detail);
        Object(problem, ApiJson.Readable.Problem);
    }

    /// <summary>It was broken off, or answered with no. Where something was said already, that was the answer.</summary>
    public void Cancelled(string text)
    {
        Note(text);
        if (!_spoke)
        {
            Object(new VerbException(ExitCode.Cancelled, "cancelled", text).Problem, ApiJson.Readable.Problem);
        }
    }

    public void ToError(string text) => Write(Console.Error, text);

    private void Write(TextWriter writer, string text)
    {
        if (_moving && (writer == Console.Out || !Console.IsErrorRedirected))
        {
            Canvas.Write(new Picture(new Unwrapped(text)));
            return;
        }

        lock (_writing)
        {
            writer.WriteLine(Plain.Text(text));
        }
    }

    /// <summary>Columns under their headings, which reads the same on a terminal and in a file.</summary>
    public static Listing Columns(params Column[] columns) => new(columns);

    public static Piece Cell(string? text, Color? color = null) => new(text, color);

    private sealed class Unwrapped(string text) : ILines
    {
        public IEnumerable<IReadOnlyList<Piece>> Lines(int? width) => [[new Piece(text)]];
    }
}
