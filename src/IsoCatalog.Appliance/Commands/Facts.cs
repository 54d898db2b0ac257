using IsoCatalog.Appliance.Wording;

namespace IsoCatalog.Appliance.Commands;

/// <summary>One thing in each line, with its name before it. What does not fit beside its name stands below it. Pure.</summary>
internal sealed class Facts(int indent = 0) : ILines
{
    private readonly List<(string Name, Piece Value, Fit Fit)> _facts = [];

    public void Add(string name, Piece value, Fit fit = Fit.Wrapped) => _facts.Add((name, value, fit));

    public IEnumerable<IReadOnlyList<Piece>> Lines(int? width)
    {
        var beside = _facts.Count == 0 ? 0 : indent + _facts.Max(f => DisplayWidth.Of(f.Name)) + 2;
        foreach (var (name, value, fit) in _facts)
        {
            var room = (width ?? int.MaxValue) - beside;
            var texts = fit switch
            {
                Fit.Cut => [DisplayWidth.Cut(value.Text, Math.Max(room, 1))],
                Fit.Wrapped => TextLines.Of(value.Text, room),
                _ => [value.Text],
            };
            var first = new Piece(new string(' ', indent) + name);
            if (texts.Max(DisplayWidth.Of) <= room)
            {
                for (var i = 0; i < texts.Count; i++)
                {
                    yield return [(i == 0 ? first : default) with { Text = DisplayWidth.Padded(i == 0 ? first.Text : "", beside) }, value with { Text = texts[i] }];
                }

                continue;
            }

            // Beneath, from the left edge where even that is not enough: the window's own break is none in what is copied.
            yield return [first];
            var below = width!.Value - indent - 2;
            texts = fit is Fit.Wrapped ? TextLines.Of(value.Text, Math.Max(below, 1)) : [value.Text];
            var margin = texts.Max(DisplayWidth.Of) <= below ? new string(' ', indent + 2) : "";
            foreach (var text in texts)
            {
                yield return [value with { Text = margin + text }];
            }
        }
    }
}
