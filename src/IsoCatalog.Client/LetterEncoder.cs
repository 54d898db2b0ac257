using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;

namespace IsoCatalog.Client;

/// <summary>
/// JSON that reads as what it says: letters of every script, signs and emoji stay as they are, and so do <c>+</c>, <c>&amp;</c>, <c>&lt;</c> and quotes that RFC 8259 section 7
/// lets stand. Escaped is what it forbids, and what nobody sees or what commands a terminal: control, direction and other format characters, line separators, private use.
/// Not for text that goes into HTML as it is: <c>&lt;/script&gt;</c> stays too.
/// </summary>
public sealed class LetterEncoder : JavaScriptEncoder
{
    private const string Digits = "0123456789ABCDEF";

    private static readonly SearchValues<char> Plain = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c).Where(c => c is not ('"' or '\\'))]);
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (byte)c).Where(c => c is not ((byte)'"' or (byte)'\\'))]);

    private LetterEncoder()
    {
    }

    public static LetterEncoder Instance { get; } = new();

    /// <summary>Two halves of a character beyond the first plane, six characters each.</summary>
    public override int MaxOutputCharactersPerInputCharacter => 12;

    public override bool WillEncode(int unicodeScalar) => unicodeScalar switch
    {
        '"' or '\\' => true,
        >= ' ' and <= '~' => false,
        0x200C or 0x200D => false, // They join letters and emoji.
        _ => CharUnicodeInfo.GetUnicodeCategory(unicodeScalar) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator,
    };

    public override unsafe int FindFirstCharacterToEncode(char* text, int textLength)
    {
        var whole = new ReadOnlySpan<char>(text, textLength);
        var at = whole.IndexOfAnyExcept(Plain);
        while (at >= 0 && at < textLength)
        {
            if (Rune.DecodeFromUtf16(whole[at..], out var rune, out var length) != OperationStatus.Done || WillEncode(rune.Value))
            {
                return at;
            }

            at += length;
        }

        return -1;
    }

    /// <summary>Nearly all of it is plain ASCII: the slow look begins where that ends.</summary>
    public override int FindFirstCharacterToEncodeUtf8(ReadOnlySpan<byte> utf8Text)
    {
        var at = utf8Text.IndexOfAnyExcept(PlainBytes);
        while (at >= 0 && at < utf8Text.Length)
        {
            if (Rune.DecodeFromUtf8(utf8Text[at..], out var rune, out var length) != OperationStatus.Done || WillEncode(rune.Value))
            {
                return at;
            }

            at += length;
        }

        return -1;
    }

    public override unsafe bool TryEncodeUnicodeScalar(int unicodeScalar, char* buffer, int bufferLength, out int numberOfCharactersWritten)
    {
        var target = new Span<char>(buffer, bufferLength);
        Span<char> halves = stackalloc char[2];
        var units = new Rune(unicodeScalar).EncodeToUtf16(halves);
        var mark = unicodeScalar switch { '"' => '"', '\\' => '\\', '\b' => 'b', '\f' => 'f', '\n' => 'n', '\r' => 'r', '\t' => 't', _ => '\0' };
        numberOfCharactersWritten = mark != '\0' ? 2 : 6 * units;
        if (numberOfCharactersWritten > bufferLength)
        {
            numberOfCharactersWritten = 0;
            return false;
        }

        if (mark != '\0')
        {
            (target[0], target[1]) = ('\\', mark);
            return true;
        }

        for (var i = 0; i < units; i++)
        {
            var unit = halves[i];
            ReadOnlySpan<char> escaped = ['\\', 'u', Digits[unit >> 12], Digits[(unit >> 8) & 15], Digits[(unit >> 4) & 15], Digits[unit & 15]];
            escaped.CopyTo(target[(6 * i)..]);
        }

        return true;
    }
}
