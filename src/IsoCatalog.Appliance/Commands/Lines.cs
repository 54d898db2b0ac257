namespace IsoCatalog.Appliance.Commands;

/// <summary>Something that is lines of text once the window's width is known; null where there is no window.</summary>
internal interface ILines
{
    IEnumerable<IReadOnlyList<Piece>> Lines(int? width);
}

/// <summary>Lines beneath each other: listings, facts, single pieces.</summary>
internal sealed class Stack(params ILines[] parts) : ILines
{
    public IEnumerable<IReadOnlyList<Piece>> Lines(int? width) => parts.SelectMany(p => p.Lines(width));
}

/// <summary>A text of its own, wrapped between words. Empty: an empty line.</summary>
internal sealed class Sentence(Piece piece) : ILines
{
    public IEnumerable<IReadOnlyList<Piece>> Lines(int? width) =>
        TextLines.Of(piece.Text, width ?? int.MaxValue).Select(t => (IReadOnlyList<Piece>)[piece with { Text = t }]);
}
