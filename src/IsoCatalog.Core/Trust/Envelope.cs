using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// A DSSE envelope (protocol v1.0.2). Nothing in it is to be believed before <see cref="VerifyingKey.Opens"/> said yes, and then
/// only <see cref="Payload"/>, the very bytes that were verified. The key id only says which key to try.
/// </summary>
public sealed record Envelope(string PayloadType, byte[] Payload, IReadOnlyList<EnvelopeSignature> Signatures)
{
    /// <summary>More signatures than this are refused.</summary>
    public const int MaxSignatures = 16;

    /// <summary>Reads an envelope; unknown members are ignored (DSSE), both base64 alphabets are accepted (DSSE).</summary>
    /// <param name="maxBytes">Larger input is refused before anything is decoded.</param>
    public static bool TryParse(ReadOnlySpan<byte> json, int maxBytes, [NotNullWhen(true)] out Envelope? envelope, out string error)
    {
        envelope = null;
        if (json.Length > maxBytes)
        {
            error = $"The envelope has {json.Length} bytes; {maxBytes} are allowed.";
            return false;
        }

        try
        {
            var wire = JsonSerializer.Deserialize(json, EnvelopeJson.Default.WireEnvelope);
            if (wire is not { Payload: not null, PayloadType: not null, Signatures.Length: > 0 and <= MaxSignatures } || wire.Signatures.Contains(null))
            {
                error = $"An envelope needs payload, payloadType and 1 to {MaxSignatures} signatures.";
                return false;
            }

            var signatures = new List<EnvelopeSignature>(wire.Signatures.Length);
            foreach (var signature in wire.Signatures)
            {
                signatures.Add(new EnvelopeSignature(signature!.Keyid ?? "", FromBase64(signature.Sig ?? "")));
            }

            envelope = new Envelope(wire.PayloadType, FromBase64(wire.Payload), signatures);
            error = "";
            return true;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            error = $"Not a DSSE envelope: {e.Message}";
            return false;
        }
    }

    /// <summary>Reads an envelope of one type, with the numbers of the rules that it breaks.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> json,
        int maxBytes,
        string payloadType,
        int maxPayload,
        [NotNullWhen(true)] out Envelope? envelope,
        [NotNullWhen(false)] out RuleViolation? violation)
    {
        violation = !TryParse(json, maxBytes, out envelope, out var error) ? new(json.Length > maxBytes ? Rules.EnvelopeSize : Rules.EnvelopeForm, error)
            : envelope.PayloadType != payloadType
                ? new(Rules.PayloadType, $"The envelope holds '{Shown(envelope.PayloadType)}'; '{payloadType}' was expected.")
            : envelope.Payload.Length > maxPayload
                ? new(Rules.PayloadSize, $"The payload has {envelope.Payload.Length} bytes; {maxPayload} are allowed.")
            : null;
        return violation is null;

        static string Shown(string type) => type.Length > 100 ? ShownText.Cut(type, 100) + "..." : type;
    }

    /// <summary>The signatures of several holders over the same payload, each byte for byte once.</summary>
    /// <exception cref="ArgumentException">The payloads or their types differ, or there are too many signatures.</exception>
    public static Envelope Merged(params IReadOnlyList<Envelope> envelopes)
    {
        ArgumentNullException.ThrowIfNull(envelopes);
        if (envelopes.Any(e => e.PayloadType != envelopes[0].PayloadType || !e.Payload.AsSpan().SequenceEqual(envelopes[0].Payload)))
        {
            throw new ArgumentException("The envelopes hold different payloads: every holder must sign the same file.", nameof(envelopes));
        }

        List<EnvelopeSignature> signatures =
            [.. envelopes.SelectMany(e => e.Signatures).DistinctBy(s => (s.KeyId, Convert.ToHexString(s.Signature)))];
        return signatures.Count is >= 1 and <= MaxSignatures
            ? envelopes[0] with { Signatures = signatures }
            : throw new ArgumentException($"There are {signatures.Count} signatures; 1 to {MaxSignatures} are allowed.", nameof(envelopes));
    }

    /// <summary>Standard base64 with padding. A document may be megabytes, so it is encoded straight into the JSON.</summary>
    public byte[] ToJson()
    {
        var json = new System.Buffers.ArrayBufferWriter<byte>(Payload.Length * 4 / 3 + 1024);
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteBase64String("payload", Payload);
            writer.WriteString("payloadType", PayloadType);
            writer.WriteStartArray("signatures");
            foreach (var signature in Signatures)
            {
                writer.WriteStartObject();
                writer.WriteString("keyid", signature.KeyId);
                writer.WriteBase64String("sig", signature.Signature);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return json.WrittenSpan.ToArray();
    }

    private static byte[] FromBase64(string text) =>
        text.AsSpan().ContainsAny('-', '_') ? Base64Url.DecodeFromChars(text) : Convert.FromBase64String(text);
}

/// <param name="KeyId">A hint which key to try; not authenticated, never identity.</param>
/// <param name="Signature">ECDSA, DER.</param>
public sealed record EnvelopeSignature(string KeyId, byte[] Signature);

internal sealed class WireEnvelope
{
    public string? Payload { get; init; }

    public string? PayloadType { get; init; }

    public WireSignature?[]? Signatures { get; init; }
}

internal sealed class WireSignature
{
    public string? Keyid { get; init; }

    public string? Sig { get; init; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, AllowDuplicateProperties = false, MaxDepth = 8)]
[JsonSerializable(typeof(WireEnvelope))]
internal sealed partial class EnvelopeJson : JsonSerializerContext;
