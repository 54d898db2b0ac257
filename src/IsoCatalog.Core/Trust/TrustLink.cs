using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Trust;

/// <summary>A trust document as it came: what it says, its identity, its envelope. Read and held to the rules T-01 to T-08; not yet verified.</summary>
public sealed class TrustLink
{
    /// <summary>Bytes of an envelope: the payload in base64, signatures, room.</summary>
    public const int MaxBytes = (TrustDocument.MaxPayload / 3 * 4) + 16384;

    private TrustLink(TrustDocument document, Sha256Digest sha256, Envelope envelope)
    {
        Document = document;
        Sha256 = sha256;
        Envelope = envelope;
        Keys = document.Keys.ToDictionary(k => k.Key, k => VerifyingKey.FromPem(k.Value.Public), StringComparer.Ordinal);
    }

    public TrustDocument Document { get; }

    /// <summary>Of the payload.</summary>
    public Sha256Digest Sha256 { get; }

    public Envelope Envelope { get; }

    public TrustRef Ref => new(Document.Version, Sha256);

    /// <summary>Ready to verify with, by key id.</summary>
    internal IReadOnlyDictionary<string, VerifyingKey> Keys { get; }

    /// <summary>What was just built and signed; throws where <see cref="TryRead"/> would refuse.</summary>
    /// <exception cref="ArgumentException">The document breaks a rule.</exception>
    public static TrustLink Of(Envelope envelope)
    {
        ArgumentNullException.ThrowIfNull(envelope);
        return TryRead(envelope.ToJson(), out var link, out var violation) ? link : throw new ArgumentException(violation.ToString(), nameof(envelope));
    }

    public static bool TryRead(ReadOnlySpan<byte> envelopeJson, [NotNullWhen(true)] out TrustLink? link, [NotNullWhen(false)] out RuleViolation? violation)
    {
        link = null;
        if (!Envelope.TryRead(envelopeJson, MaxBytes, TrustDocument.PayloadType, TrustDocument.MaxPayload, out var envelope, out violation)
            || !SignedJson.TryRead(envelope.Payload, TrustJson.Default.TrustDocument, Rules.TrustForm, out var document, out violation))
        {
            return false;
        }

        violation = TrustRules.Check(document);
        if (violation is not null)
        {
            return false;
        }

        link = new TrustLink(document, new Sha256Digest(SHA256.HashData(envelope.Payload)), envelope);
        return true;
    }

    /// <summary>How many different root keys of <paramref name="root"/> have signed; key ids of the envelope are not asked.</summary>
    internal int SignaturesOf(TrustLink root) =>
        root.Document.Root.Keys.Distinct(StringComparer.Ordinal).Count(kid => root.Keys[kid].Opens(Envelope, TrustDocument.PayloadType));

    internal bool IsSignedBy(TrustLink root) => SignaturesOf(root) >= root.Document.Root.Threshold;
}
