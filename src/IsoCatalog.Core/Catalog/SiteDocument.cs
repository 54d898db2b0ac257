using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>All that one site says, signed as a whole: its newest entry per register, deletions included. Nothing is ever said by leaving it out.</summary>
public sealed record SiteDocument
{
    public const string PayloadType = "application/vnd.isocatalog.site.v1+json";

    /// <summary>Bytes of an envelope that are looked at.</summary>
    public const int MaxBytes = 64 << 20;

    public string Type { get; init; } = "site";

    public required string Site { get; init; }

    /// <summary>Counts documents; a lower one than already seen is old.</summary>
    public required long Seq { get; init; }

    /// <summary>SHA-256 of the payload of <c>seq - 1</c>; null for the first.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required Sha256Digest? Prev { get; init; }

    public required DateTimeOffset Issued { get; init; }

    public required IReadOnlyList<Entry> Entries { get; init; }

    public byte[] ToPayload() => JsonSerializer.SerializeToUtf8Bytes(this, CatalogJson.Default.SiteDocument);

    /// <summary>Verifies, then parses the very bytes that were verified.</summary>
    /// <param name="payloadHash">The document's identity (the envelope's bytes are malleable, the payload's hash is not).</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> envelopeJson,
        VerifyingKey key,
        string site,
        [NotNullWhen(true)] out SiteDocument? document,
        out Sha256Digest payloadHash,
        out string error)
    {
        document = null;
        payloadHash = default;
        if (!Envelope.TryParse(envelopeJson, MaxBytes, out var envelope, out error))
        {
            return false;
        }

        if (!key.Opens(envelope, PayloadType))
        {
            error = $"The signature is not by the key {key.KeyId}, or the document is not a site document.";
            return false;
        }

        try
        {
            document = JsonSerializer.Deserialize(envelope.Payload, CatalogJson.Default.SiteDocument)
                ?? throw new JsonException("The payload is null.");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            error = $"The signed payload is not a site document: {e.Message}";
            return false;
        }

        if (document.Type != "site" || document.Site != site || document.Entries.Any(e => e.Stamp.Site != site))
        {
            error = $"The document speaks for site '{document.Site}', or has entries of another site; this is '{site}'.";
            document = null;
            return false;
        }

        payloadHash = new Sha256Digest(SHA256.HashData(envelope.Payload));
        return true;
    }
}

/// <summary>Null is written out: what is left out when writing would be missing, and so refused, when reading.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    AllowDuplicateProperties = false,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 16)]
[JsonSerializable(typeof(SiteDocument))]
public sealed partial class CatalogJson : JsonSerializerContext;
