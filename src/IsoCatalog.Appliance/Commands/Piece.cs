using IsoCatalog.Appliance.Wording;
using Spectre.Console;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Text in one colour; nothing in it commands the terminal.</summary>
internal readonly record struct Piece
{
    public Piece(string? text, Color? color = null, bool bold = false) => (Text, Color, Bold) = (Plain.Text(text), color, bold);

    public string Text { get; init; }

    public Color? Color { get; }

    public bool Bold { get; }

    public int Width => DisplayWidth.Of(Text);

    public Style Style => new(foreground: Color, decoration: Bold ? Decoration.Bold : Decoration.None);
}
