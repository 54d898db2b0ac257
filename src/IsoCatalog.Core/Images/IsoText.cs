using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace IsoCatalog.Core.Images;

/// <summary>Turns the text fields of images, whose bytes may be anything, into one line that is safe to show.</summary>
internal static class IsoText
{
    /// <summary>A field of ISO 9660: ASCII by the standard, UTF-8 or Latin-1 in fact; padded with spaces or NULs.</summary>
    public static string Decode(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        field = end < 0 ? field : field[..end];
        return Clean(Utf8.IsValid(field) ? Encoding.UTF8.GetString(field) : Encoding.Latin1.GetString(field));
    }

    /// <summary>A field of a Joliet descriptor, or the 16-bit form of UDF: UCS-2, big endian.</summary>
    public static string DecodeUcs2(ReadOnlySpan<byte> field)
    {
        Span<char> characters = stackalloc char[128];
        var count = 0;
        while (field.Length >= 2 && count < characters.Length && BinaryPrimitives.ReadUInt16BigEndian(field) is var unit and not 0)
        {
            characters[count++] = (char)unit;
            field = field[2..];
        }

        return Clean(characters[..count]);
    }

    /// <summary>A dstring (ECMA-167 1/7.2.12, OSTA CS0): compression id, characters, and the used length in the last byte.</summary>
    public static string DecodeDstring(ReadOnlySpan<byte> field)
    {
        var used = Math.Min(field[^1], field.Length - 1);
        return used == 0 ? "" : field[0] switch
        {
            8 => Clean(Encoding.Latin1.GetString(UpToNul(field[1..used]))),
            16 => DecodeUcs2(field[1..used]),
            _ => "",
        };
    }

    private static ReadOnlySpan<byte> UpToNul(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return end < 0 ? field : field[..end];
    }

    /// <summary>One line without control characters and marks that change the direction of writing, trimmed.</summary>
    internal static string Clean(ReadOnlySpan<char> text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            clean.Append(Rune.GetUnicodeCategory(rune) switch
            {
                UnicodeCategory.SpaceSeparator => " ",
                UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned => "\uFFFD",
                _ => rune.ToString(),
            });
        }

        return clean.ToString().Trim();
    }
}
