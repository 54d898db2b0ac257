using System.Text;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>A path as an operator can paste it into a shell.</summary>
internal static class ShellWord
{
    /// <summary>Quoted where it needs that. A character that cannot be written, because it is no UTF-8 or would command the terminal, becomes a star outside the quotes.</summary>
    public static string Of(string path)
    {
        if (path.All(IsPlain))
        {
            return path;
        }

        var (word, quoted) = (new StringBuilder(), false);
        foreach (var c in path)
        {
            var star = char.IsControl(c) || c == '\uFFFD';
            if (star == quoted)
            {
                word.Append('\'');
                quoted = !quoted;
            }

            _ = star ? word.Append('*') : c == '\'' ? word.Append("'\\''") : word.Append(c);
        }

        return (quoted ? word.Append('\'') : word).ToString();
    }

    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || c is '/' or '.' or '_' or '-' or '+' or ':' or ',' or '@' or '%';
}
