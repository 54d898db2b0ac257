using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// Reads short texts into one string where they were read lately: sites, people, publishers and architectures stand in every entry, and would be a string of its own in
/// each. What is remembered is bounded, whatever is read. Thread-safe.
/// </summary>
internal sealed class SharedText : JsonConverter<string>
{
    private const int Longest = 64;

    private static readonly string?[] Lately = new string?[1024];

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.String || reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length is 0 or > Longest || !Ascii.IsValid(reader.ValueSpan))
        {
            return reader.GetString();
        }

        var hash = new HashCode();
        hash.AddBytes(reader.ValueSpan);
        ref var place = ref Lately[(uint)hash.ToHashCode() % (uint)Lately.Length];
        return place is { } known && Ascii.Equals(reader.ValueSpan, known) ? known : place = reader.GetString();
    }

    public override string ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader, typeToConvert, options)!;

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WritePropertyName(value);
}
