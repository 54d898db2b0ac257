using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// A SHA-1 value (FIPS 180-4): 20 bytes, written as 40 lowercase hexadecimal digits. Used only for what BitTorrent v1 (BEP 3) asks:
/// pieces and the v1 info hash. Nothing is trusted because of it.
/// </summary>
[JsonConverter(typeof(JsonText))]
public readonly record struct Sha1Digest
{
    /// <summary>Length in bytes.</summary>
    public const int Length = 20;

    private readonly ulong _a;
    private readonly ulong _b;
    private readonly uint _c;

    /// <exception cref="ArgumentException">The span is not 20 bytes long.</exception>
    public Sha1Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Length)
        {
            throw new ArgumentException($"A SHA-1 value has {Length} bytes, not {bytes.Length}.", nameof(bytes));
        }

        _a = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        _b = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        _c = BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]);
    }

    /// <summary>Accepts exactly 40 hexadecimal digits of either case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out Sha1Digest digest)
    {
        digest = default;
        if (text is not { Length: Length * 2 })
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[Length];
        if (Convert.FromHexString(text, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
        {
            return false;
        }

        digest = new Sha1Digest(bytes);
        return true;
    }

    public void CopyTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64BigEndian(destination, _a);
        BinaryPrimitives.WriteUInt64BigEndian(destination[8..], _b);
        BinaryPrimitives.WriteUInt32BigEndian(destination[16..], _c);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Length];
        CopyTo(bytes);
        return bytes;
    }

    public override string ToString() => $"{_a:x16}{_b:x16}{_c:x8}";

    public sealed class JsonText : JsonConverter<Sha1Digest>
    {
        public override Sha1Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && TryParse(reader.GetString(), out var digest)
                ? digest
                : throw new JsonException("Expected a SHA-1 value: 40 hexadecimal digits.");

        public override void Write(Utf8JsonWriter writer, Sha1Digest value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
