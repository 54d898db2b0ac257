namespace IsoCatalog.Core.Catalog;

/// <summary>
/// The order in which people look for names: a run of the digits 0 to 9 counts as the number that it is, so that "Debian 9" stands before "Debian 12"; all else by character, without
/// case. It asks no culture, so every site orders the same names alike. Total: only equal texts are equal, because what is alike so far is told apart by its characters.
/// </summary>
public static class NaturalOrder
{
    public static readonly IComparer<string?> Comparer = Comparer<string?>.Create(static (one, other) => one is null || other is null ? string.CompareOrdinal(one, other) : Compare(one, other));

    private static int Compare(string one, string other)
    {
        int i = 0, j = 0;
        while (i < one.Length && j < other.Length)
        {
            var order = char.IsAsciiDigit(one[i]) && char.IsAsciiDigit(other[j])
                ? CompareNumbers(TakeNumber(one, ref i), TakeNumber(other, ref j))
                : char.ToUpperInvariant(one[i++]).CompareTo(char.ToUpperInvariant(other[j++]));
            if (order != 0)
            {
                return order;
            }
        }

        var rest = (one.Length - i).CompareTo(other.Length - j);
        return rest != 0 ? rest : string.CompareOrdinal(one, other);
    }

    /// <summary>The whole run of digits that begins there, whatever its length, without the zeros before it.</summary>
    private static ReadOnlySpan<char> TakeNumber(string text, ref int at)
    {
        var first = at;
        while (at < text.Length && char.IsAsciiDigit(text[at]))
        {
            at++;
        }

        return text.AsSpan(first, at - first).TrimStart('0');
    }

    private static int CompareNumbers(ReadOnlySpan<char> one, ReadOnlySpan<char> other) =>
        one.Length != other.Length ? one.Length.CompareTo(other.Length) : one.SequenceCompareTo(other);
}
