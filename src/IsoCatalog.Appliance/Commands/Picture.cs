using IsoCatalog.Appliance.Wording;
using Spectre.Console.Rendering;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Lines on a terminal.</summary>
/// <param name="inPlace">They are painted over again, so none may be longer than the window: that would be two lines.</param>
internal sealed class Picture(ILines lines, bool inPlace = false) : Renderable
{
    /// <summary>A terminal breaks the line when its last column is used.</summary>
    private const int Edge = 1;

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth)
    {
        var shown = lines.Lines(maxWidth - Edge).ToList();
        if (shown.Count == 0)
        {
            // The library cannot paint what has no line at all.
            yield return new Segment(" ");
        }

        foreach (var line in shown)
        {
            var left = inPlace ? maxWidth - Edge : int.MaxValue;
            foreach (var piece in line)
            {
                var text = DisplayWidth.Cut(piece.Text, left);
                left -= DisplayWidth.Of(text);
                yield return new Segment(text, piece.Style);
            }

            yield return Segment.LineBreak;
        }
    }
}
