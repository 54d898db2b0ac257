using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// What a newcomer asks with: who it is, its public keys, where it is reached. Signed by its own signing key, which proves only that it has that key: an operator
/// compares the fingerprint with the newcomer's by another way before it is believed.
/// </summary>
public sealed record JoinRequest
{
    public const string PayloadType = "application/vnd.isocatalog.join-request.v1+json";

    public const int MaxPayload = 16 << 10;

    public const int MaxBytes = 32 << 10;

    public string Type { get; init; } = "join-request";

    public required string Site { get; init; }

    public string? Display { get; init; }

    /// <summary>The key that signs the site's documents.</summary>
    public required TrustKey Sign { get; init; }

    /// <summary>The key of its TLS certificate.</summary>
    public required TrustKey Tls { get; init; }

    public required SiteAddress Address { get; init; }

    public required DateTimeOffset Issued { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    public static JoinRequest Of(string site, VerifyingKey sign, VerifyingKey tls, SiteAddress address, DateTimeOffset now, string? display = null) => new()
    {
        Site = site,
        Display = display,
        Sign = TrustKey.Of(sign, KeyUse.Sign),
        Tls = TrustKey.Of(tls, KeyUse.Tls),
        Address = address,
        Issued = now,
    };

    public Envelope SignedBy(SigningKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Sign(PayloadType, JsonSerializer.SerializeToUtf8Bytes(this, TrustJson.Default.JoinRequest));
    }

    /// <param name="fingerprint">128 bits of the payload's SHA-256 in groups of four digits, to be read over the telephone.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> envelopeJson,
        [NotNullWhen(true)] out JoinRequest? request,
        out string fingerprint,
        [NotNullWhen(false)] out RuleViolation? violation)
    {
        request = null;
        fingerprint = "";
        if (!Envelope.TryRead(envelopeJson, MaxBytes, PayloadType, MaxPayload, out var envelope, out violation)
            || !SignedJson.TryRead(envelope.Payload, TrustJson.Default.JoinRequest, Rules.RequestForm, out var read, out violation))
        {
            return false;
        }

        violation = read.Type != "join-request" || !SiteId.IsValid(read.Site) || read.Display is { Length: > 128 }
            || read.Address.Fleet.Length is 0 or > 300 || read.Address.Swarm.Length is 0 or > 300
            ? new(Rules.RequestForm, $"A join request needs a site id ({SiteId.Rule}) and the addresses of its two listeners. Ask the newcomer for a new one.")
            : KeyProblem(read, envelope);
        if (violation is not null)
        {
            return false;
        }

        request = read;
        fingerprint = FingerprintOf(envelope);
        return true;
    }

    public static string FingerprintOf(Envelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        var digits = Convert.ToHexStringLower(SHA256.HashData(envelope.Payload));
        return string.Join('-', Enumerable.Range(0, 8).Select(i => digits.Substring(i * 4, 4)));
    }

    private static RuleViolation? KeyProblem(JoinRequest request, Envelope envelope)
    {
        try
        {
            var (sign, tls) = (VerifyingKey.FromPem(request.Sign.Public), VerifyingKey.FromPem(request.Tls.Public));
            return request.Sign is { Scheme: TrustKey.P256, Use: KeyUse.Sign } && request.Tls is { Scheme: TrustKey.P256, Use: KeyUse.Tls }
                && sign.KeyId != tls.KeyId && sign.Opens(envelope, PayloadType)
                ? null
                : new(Rules.RequestKeys, "A join request needs two different keys, one to sign and one for TLS, and the signature of the first.");
        }
        catch (CryptographicException e)
        {
            return new(Rules.RequestKeys, $"A key of the join request cannot be used: {e.Message}. Ask the newcomer for a new one.");
        }
    }
}
