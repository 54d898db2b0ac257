using Spectre.Console;

namespace IsoCatalog.Benchmarks;

/// <summary>The table for people.</summary>
internal static class BenchmarkTable
{
    private const int WidthOfAFile = 160;

    public static void Write(IReadOnlyList<BenchmarkResult> results)
    {
        var redirected = Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect });
        if (redirected)
        {
            console.Profile.Width = WidthOfAFile;
        }

        var table = new Table()
            .AddColumns("row", "what", "ours (median, spread)", "peer (median, spread)", "peer is", "ratio", "target", "runs");
        foreach (var result in results)
        {
            if (result.Error is not null)
            {
                table.AddRow(result.Name, Markup.Escape(result.Row.What), "[red]not measured[/]", "", Markup.Escape(result.PeerName));
                continue;
            }

            table.AddRow(
                result.Name,
                Markup.Escape(result.Row.What),
                Figure(result.Ours, result.Row.Unit),
                Figure(result.Peer, result.Row.Unit),
                Markup.Escape(result.PeerName),
                Ratio(result),
                result.Target is { } target ? $">= {target:0.##} x" : "-",
                $"{result.Runs}");
        }

        console.Write(table);
        foreach (var result in results.Where(result => result.Error is not null))
        {
            console.WriteLine($"{result.Name}: {result.Error}");
        }
    }

    private static string Ratio(BenchmarkResult result)
    {
        var text = $"{result.Ratio:0.00} x";
        return result.Target is { } target ? $"[{(result.Ratio >= target ? "green" : "yellow")}]{text}[/]" : text;
    }

    private static string Figure(Figures figures, string unit) =>
        Markup.Escape($"{Short(figures.Median)} {unit} ({Short(figures.Least)}-{Short(figures.Most)})");

    private static string Short(double figure) => figure >= 100 ? $"{figure:#,0}" : $"{figure:0.00}";
}
