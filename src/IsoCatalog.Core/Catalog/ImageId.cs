using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Catalog;

/// <summary>The name of an image: the flat SHA-256 of its bytes, written <c>sha256:&lt;64 hex digits&gt;</c>.</summary>
[JsonConverter(typeof(JsonText))]
public readonly record struct ImageId(Sha256Digest Sha256) : IComparable<ImageId>
{
    private const string Prefix = "sha256:";

    /// <summary>Accepts the written form only, in either case of the digits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out ImageId id)
    {
        id = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Sha256Digest.TryParse(text[Prefix.Length..], out var digest))
        {
            return false;
        }

        id = new ImageId(digest);
        return true;
    }

    public int CompareTo(ImageId other) => Sha256.CompareTo(other.Sha256);

    public static bool operator <(ImageId left, ImageId right) => left.CompareTo(right) < 0;

    public static bool operator >(ImageId left, ImageId right) => left.CompareTo(right) > 0;

    public static bool operator <=(ImageId left, ImageId right) => left.CompareTo(right) <= 0;

    public static bool operator >=(ImageId left, ImageId right) => left.CompareTo(right) >= 0;

    public override string ToString() => Prefix + Sha256;

    public sealed class JsonText : JsonConverter<ImageId>
    {
        public override ImageId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), out var id)
                ? id
                : throw new JsonException("Expected an image id: sha256: followed by 64 hexadecimal digits.");

        public override void Write(Utf8JsonWriter writer, ImageId value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
