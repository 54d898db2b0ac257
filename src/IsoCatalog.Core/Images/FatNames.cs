using System.Buffers.Binary;

namespace IsoCatalog.Core.Images;

/// <summary>Puts the name of a directory entry together: the long name from the entries before it, otherwise 8.3.</summary>
internal sealed class FatNames
{
    private const int CharactersPerEntry = 13;

    // Twice the longest name that is looked for; longer ones are of no interest.
    private const int MaxEntries = 3;

    private readonly char[] _long = new char[MaxEntries * CharactersPerEntry];
    private readonly char[] _short = new char[12];
    private int _expected;
    private int _length;

    /// <summary>Long name entries come last part first, numbered down to 1.</summary>
    public void AddLong(ReadOnlySpan<byte> entry)
    {
        var number = entry[0] & 0x3F;
        var isLast = (entry[0] & 0x40) != 0;
        if (number is 0 or > MaxEntries || (!isLast && number != _expected))
        {
            _expected = -1;
            return;
        }

        var at = (number - 1) * CharactersPerEntry;
        var count = 0;
        for (; count < CharactersPerEntry; count++)
        {
            var offset = count < 5 ? 1 + (2 * count) : count < 11 ? 14 + (2 * (count - 5)) : 28 + (2 * (count - 11));
            var unit = BinaryPrimitives.ReadUInt16LittleEndian(entry[offset..]);
            if (unit is 0 or 0xFFFF)
            {
                break;
            }

            _long[at + count] = (char)unit;
        }

        _length = isLast ? at + count : _length;
        _expected = number - 1;
    }

    /// <summary>The name of the entry that follows the long name entries. Valid until the next call.</summary>
    public ReadOnlySpan<char> Take(ReadOnlySpan<byte> entry)
    {
        var complete = _expected == 0 && _length > 0;
        var length = _length;
        _expected = -1;
        _length = 0;
        if (complete)
        {
            return _long.AsSpan(0, length);
        }

        length = 0;
        for (var i = 0; i < 11; i++)
        {
            if (i == 8 && entry[8] != ' ')
            {
                _short[length++] = '.';
            }

            if (entry[i] != ' ')
            {
                _short[length++] = (char)entry[i];
            }
        }

        return _short.AsSpan(0, length);
    }
}
