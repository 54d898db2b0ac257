using System.Text.Json;
using System.Text.Unicode;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// What every signed JSON must keep to before it is read into a record, unknown members included: one value, no duplicate names, bounded depth, whole numbers
/// that every language can hold, real Unicode.
/// </summary>
public static class StrictJson
{
    /// <summary>Objects and arrays inside each other.</summary>
    public const int MaxDepth = 16;

    /// <summary>2^53 - 1: the largest whole number that a double holds exactly.</summary>
    public const long MaxNumber = (1L << 53) - 1;

    /// <summary>Bytes of one string, escapes included.</summary>
    public const int MaxString = 4096;

    /// <summary>Names in one object.</summary>
    public const int MaxMembers = 4096;

    /// <summary>Null when the bytes keep to the rules J-01 to J-06.</summary>
    /// <param name="maxString">For a document that carries others inside.</param>
    public static RuleViolation? Check(ReadOnlySpan<byte> json, int maxString = MaxString)
    {
        if (!Utf8.IsValid(json))
        {
            return new(Rules.Unicode, "The document is not UTF-8. Fetch it again; if that does not help, its writer is broken.");
        }

        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = MaxDepth + 1 });
        var names = new Members?[MaxDepth];
        try
        {
            while (reader.Read())
            {
                if (Token(ref reader, json, names, maxString) is { } violation)
                {
                    return violation;
                }
            }

            return null;
        }
        catch (JsonException e)
        {
            return new(Rules.Syntax, $"The document is not one JSON value: {e.Message}");
        }
        catch (InvalidOperationException)
        {
            return new(Rules.Unicode, $"The string at byte {reader.TokenStartIndex} has half of a surrogate pair. Its writer is broken.");
        }
    }

    private static RuleViolation? Token(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Members?[] names, int maxString)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject or JsonTokenType.StartArray when reader.CurrentDepth >= MaxDepth:
                return new(Rules.Depth, $"The document is nested deeper than {MaxDepth} levels at byte {reader.TokenStartIndex}. No version of IsoCatalog writes that.");
            case JsonTokenType.StartObject:
                (names[reader.CurrentDepth] ??= new Members()).Clear();
                return null;
            case JsonTokenType.PropertyName:
                return Name(ref reader, json, names[reader.CurrentDepth - 1]!);
            case JsonTokenType.String when reader.ValueSpan.Length > maxString:
                return new(Rules.StringLength, $"The string at byte {reader.TokenStartIndex} has {reader.ValueSpan.Length} bytes; {maxString} are allowed.");
            case JsonTokenType.String when reader.ValueIsEscaped:
                _ = reader.GetString();
                return null;
            case JsonTokenType.Number when reader.ValueSpan.ContainsAnyExceptInRange((byte)'-', (byte)'9') || reader.ValueSpan.ContainsAny("./"u8)
                || !reader.TryGetInt64(out var number) || number is > MaxNumber or < -MaxNumber:
                return new(Rules.Number, $"The number at byte {reader.TokenStartIndex} is not a whole number of less than 2^53.");
            default:
                return null;
        }
    }

    private static RuleViolation? Name(ref Utf8JsonReader reader, ReadOnlySpan<byte> json, Members seen)
    {
        var at = (int)reader.TokenStartIndex + 1;
        var name = reader.ValueSpan;
        if (reader.ValueIsEscaped)
        {
            return new(Rules.Duplicate, $"The member name at byte {at} is written with escapes, which can hide a duplicate. Write names as they are.");
        }

        if (seen.Count >= MaxMembers || name.Length > MaxString)
        {
            return new(Rules.StringLength, $"The object at byte {at} has more than {MaxMembers} members, or a name of more than {MaxString} bytes.");
        }

        if (!seen.Add(json, new Range(at, at + name.Length)))
        {
            return new(Rules.Duplicate, $"The member at byte {at} is there twice. Readers would disagree which one counts.");
        }

        return null;
    }

    /// <summary>The names of the object at one level, reused for the next one there; for many of them a hash says first whether to compare.</summary>
    private sealed class Members
    {
        private const int Few = 16;

        private readonly List<Range> _names = [];
        private HashSet<int>? _hashes;

        public int Count => _names.Count;

        public void Clear()
        {
            _names.Clear();
            _hashes = null;
        }

        public bool Add(ReadOnlySpan<byte> json, Range name)
        {
            if (_names.Count == Few)
            {
                _hashes = [.. HashesOf(json, _names)];
            }

            if (_hashes is null || !_hashes.Add(HashOf(json[name])))
            {
                foreach (var other in _names)
                {
                    if (json[other].SequenceEqual(json[name]))
                    {
                        return false;
                    }
                }
            }

            _names.Add(name);
            return true;
        }

        private static List<int> HashesOf(ReadOnlySpan<byte> json, List<Range> names)
        {
            var hashes = new List<int>(names.Count);
            foreach (var name in names)
            {
                hashes.Add(HashOf(json[name]));
            }

            return hashes;
        }

        private static int HashOf(ReadOnlySpan<byte> name)
        {
            var hash = new HashCode();
            hash.AddBytes(name);
            return hash.ToHashCode();
        }
    }
}
