using System.Buffers;
using System.Globalization;

namespace IsoCatalog.Appliance.Configuration.Yaml;

/// <summary>A value of the file and where it stands, both from 1.</summary>
internal abstract record Node(int Line, int Column)
{
    /// <summary>What an operator calls it.</summary>
    public abstract string Noun { get; }

    /// <summary>Already reported; whoever reads it stays silent.</summary>
    public sealed record Broken(int Line, int Column) : Node(Line, Column)
    {
        public override string Noun => "unreadable";
    }

    public sealed record Mapping(int Line, int Column, IReadOnlyList<Entry> Entries) : Node(Line, Column)
    {
        public override string Noun => "a section of keys and values";
    }

    public sealed record Sequence(int Line, int Column, IReadOnlyList<Node> Items) : Node(Line, Column)
    {
        public override string Noun => "a list";
    }

    public sealed record Scalar(int Line, int Column, string Text, bool Plain) : Node(Line, Column)
    {
        private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");
        private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.eE+-");

        public ScalarKind Kind { get; } = Plain ? KindOf(Text) : ScalarKind.Text;

        public override string Noun => Kind switch
        {
            ScalarKind.Null => "empty",
            ScalarKind.Boolean => "a yes-or-no value",
            ScalarKind.Integer or ScalarKind.Number => "a number",
            _ => "text",
        };

        /// <summary>YAML 1.2.2, section 10.3.2 (core schema).</summary>
        private static ScalarKind KindOf(string text) => text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => ScalarKind.Null,
            "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarKind.Boolean,
            _ when IsInteger(text) => ScalarKind.Integer,
            ".inf" or ".Inf" or ".INF" or "-.inf" or "-.Inf" or "-.INF" or "+.inf" or "+.Inf" or "+.INF" or ".nan" or ".NaN" or ".NAN"
                => ScalarKind.Number,
            _ when LooksLikeNumber(text) => ScalarKind.Number,
            _ => ScalarKind.Text,
        };

        private static bool IsInteger(string text)
        {
            if (text.StartsWith("0x", StringComparison.Ordinal))
            {
                return text.Length > 2 && text.AsSpan(2).IndexOfAnyExcept(HexDigits) < 0;
            }

            if (text.StartsWith("0o", StringComparison.Ordinal))
            {
                return text.Length > 2 && text.AsSpan(2).IndexOfAnyExceptInRange('0', '7') < 0;
            }

            var digits = text.AsSpan().TrimStart("+-");
            return digits.Length > 0 && text.Length - digits.Length <= 1 && digits.IndexOfAnyExceptInRange('0', '9') < 0;
        }

        private static bool LooksLikeNumber(string text) =>
            text.AsSpan().IndexOfAnyExcept(NumberCharacters) < 0
            && text.AsSpan().IndexOfAnyInRange('0', '9') >= 0
            && double.TryParse(text, NumberStyles.Float & ~(NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite),
                CultureInfo.InvariantCulture, out _);
    }

    public readonly record struct Entry(string Key, int Line, int Column, Node Value);
}

internal enum ScalarKind
{
    Null,
    Boolean,
    Integer,
    Number,
    Text,
}
