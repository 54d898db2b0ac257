using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Trust;

/// <summary>128 random bits that tell one fleet, or one start of a site, from every other: 32 lowercase hexadecimal digits.</summary>
[JsonConverter(typeof(JsonText))]
public readonly record struct RandomId(UInt128 Value)
{
    private static readonly System.Buffers.SearchValues<char> Digits = System.Buffers.SearchValues.Create("0123456789abcdef");

    public static RandomId New()
    {
        Span<byte> bytes = stackalloc byte[16];
        RandomNumberGenerator.Fill(bytes);
        return new RandomId(System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    /// <summary>Accepts exactly 32 lowercase hexadecimal digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out RandomId id)
    {
        id = default;
        if (text is not { Length: 32 } || text.AsSpan().ContainsAnyExcept(Digits)
            || !UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        id = new RandomId(value);
        return true;
    }

    public override string ToString() => Value.ToString("x32", CultureInfo.InvariantCulture);

    public sealed class JsonText : JsonConverter<RandomId>
    {
        public override RandomId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), out var id)
                ? id
                : throw new JsonException("Expected 32 lowercase hexadecimal digits.");

        public override void Write(Utf8JsonWriter writer, RandomId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
