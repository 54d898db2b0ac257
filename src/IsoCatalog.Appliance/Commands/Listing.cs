using IsoCatalog.Appliance.Wording;

namespace IsoCatalog.Appliance.Commands;

/// <summary>
/// Rows under headings, without lines between them, which reads the same on a terminal and in a file. Where the window is too narrow for a row, each row is a paragraph instead. Pure.
/// </summary>
internal sealed class Listing(params Column[] columns) : ILines
{
    private const int Gap = 2;
    private const int LeastCut = 12;
    private const int LeastWrapped = 24;

    private readonly List<Piece[]> _rows = [];

    public int Count => _rows.Count;

    public void AddRow(params Piece[] cells) => _rows.Add(cells);

    public IEnumerable<IReadOnlyList<Piece>> Lines(int? width)
    {
        var headings = columns.Select(c => new Piece(c.Heading, bold: true)).ToArray();
        var widths = columns.Select((_, i) => _rows.Select(r => r[i].Width).Append(headings[i].Width).Max()).ToArray();
        if (width is { } most && Fitted(widths, most) is var fits && !fits)
        {
            return Paragraphs(most);
        }

        return new[] { headings }.Concat(_rows).SelectMany(row => Row(row, widths));
    }

    /// <summary>Takes what is too much from the columns that may be wrapped, then from those that may be cut.</summary>
    private bool Fitted(int[] widths, int most)
    {
        foreach (var fit in (Fit[])[Fit.Wrapped, Fit.Cut])
        {
            var least = columns.Select((_, i) => Least(i)).ToArray();
            while (widths.Sum() + (Gap * (widths.Length - 1)) - most is > 0 and var excess)
            {
                var widest = Enumerable.Range(0, widths.Length).Where(i => columns[i].Fit == fit && widths[i] > least[i]).OrderByDescending(i => widths[i]).ToList();
                if (widest.Count == 0)
                {
                    break;
                }

                // Down to the next one of its kind, so that the widest pays first.
                var floor = Math.Max(least[widest[0]], widest.Count > 1 ? widths[widest[1]] - 1 : 0);
                widths[widest[0]] = Math.Max(floor, widths[widest[0]] - excess);
            }
        }

        return widths.Sum() + (Gap * (widths.Length - 1)) <= most;
    }

    private int Least(int column)
    {
        var least = columns[column].Fit is Fit.Cut ? LeastCut : _rows.SelectMany(r => r[column].Text.Split(' ')).Select(DisplayWidth.Of).Append(LeastWrapped).Max();
        return Math.Max(least, DisplayWidth.Of(columns[column].Heading));
    }

    private IEnumerable<IReadOnlyList<Piece>> Row(Piece[] cells, int[] widths)
    {
        var stacks = cells.Select((cell, i) => columns[i].Fit switch
        {
            Fit.Cut => [cell with { Text = DisplayWidth.Cut(cell.Text, widths[i]) }],
            Fit.Wrapped => TextLines.Of(cell.Text, widths[i]).Select(t => cell with { Text = t }).ToArray(),
            _ => new[] { cell },
        }).ToList();
        for (var line = 0; line < stacks.Max(s => s.Length); line++)
        {
            var pieces = new List<Piece>();
            for (var i = 0; i < stacks.Count; i++)
            {
                var cell = line < stacks[i].Length ? stacks[i][line] : default;
                pieces.Add(cell with { Text = i == stacks.Count - 1 ? cell.Text ?? "" : DisplayWidth.Padded(cell.Text ?? "", widths[i] + Gap) });
            }

            yield return pieces;
        }
    }

    private IEnumerable<IReadOnlyList<Piece>> Paragraphs(int most)
    {
        foreach (var row in _rows)
        {
            yield return [columns[0].Fit is Fit.Cut ? row[0] with { Text = DisplayWidth.Cut(row[0].Text, most) } : row[0]];
            var facts = new Facts(indent: 2);
            for (var i = 1; i < row.Length; i++)
            {
                if (row[i].Text is not ("" or "-"))
                {
                    facts.Add(columns[i].Heading, row[i], columns[i].Fit);
                }
            }

            foreach (var line in facts.Lines(most))
            {
                yield return line;
            }
        }
    }
}
