namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>What a <c>Range</c> header asks of a file (RFC 9110 section 14). Pure.</summary>
/// <param name="Start">First byte.</param>
/// <param name="Length">Bytes; 0 means that nothing of the file is in the range (416).</param>
internal readonly record struct ByteRange(long Start, long Length)
{
    private const string Unit = "bytes=";

    public bool IsSatisfiable => Length > 0;

    /// <returns>Null for whatever is answered with the whole file: no header, several ranges, another unit, not by the grammar.</returns>
    /// <remarks>An end past the file is clamped, never refused: nbdkit asks for one byte too many with each read.</remarks>
    public static ByteRange? Parse(ReadOnlySpan<char> header, long size)
    {
        header = header.Trim(" \t");
        if (!header.StartsWith(Unit, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        var spec = header[Unit.Length..].Trim(" \t");
        var dash = spec.IndexOf('-');
        if (dash < 0 || !TryNumber(spec[..dash], out var first) || !TryNumber(spec[(dash + 1)..], out var last))
        {
            return null;
        }

        return (first, last) switch
        {
            (null, null) => null,
            (null, { } suffix) => new ByteRange(size - Math.Min(suffix, size), Math.Min(suffix, size)),
            ({ } start, { } end) when end < start => null,
            ({ } start, _) when start >= size => new ByteRange(start, 0),
            ({ } start, var end) => new ByteRange(start, Math.Min(end ?? long.MaxValue, size - 1) - start + 1),
        };
    }

    // Digits without end are grammatical; what does not fit is past the end of any file.
    private static bool TryNumber(ReadOnlySpan<char> digits, out long? number)
    {
        number = null;
        if (digits.IsEmpty)
        {
            return true;
        }

        var value = 0L;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            value = value > (long.MaxValue - 9) / 10 ? long.MaxValue : (value * 10) + (digit - '0');
        }

        number = value;
        return true;
    }
}
