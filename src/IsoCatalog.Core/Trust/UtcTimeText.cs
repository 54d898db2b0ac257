using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Trust;

/// <summary>RFC 3339 in UTC, with <c>Z</c>: the only way a signed document writes a time, so that equal times have equal bytes.</summary>
public sealed class UtcTimeText : JsonConverter<DateTimeOffset>
{
    private const string Format = "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'";

    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && DateTimeOffset.TryParseExact(
            reader.GetString(), Format, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time
            : throw new JsonException("Expected a time in UTC such as 2026-11-21T06:18:23Z.");

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.UtcDateTime.ToString(Format, CultureInfo.InvariantCulture));
}
