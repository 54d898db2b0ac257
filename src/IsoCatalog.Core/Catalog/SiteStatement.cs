using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>What holdings and members have in common: a site signs the whole of it with a present key, and the highest (epoch, seq) replaces all before.</summary>
internal static class SiteStatement
{
    public static bool TryOpen<T>(
        ReadOnlySpan<byte> envelopeJson,
        TrustChain trust,
        (string Name, int MaxPayload) payloadType,
        JsonTypeInfo<T> type,
        (string Form, string Signer) rules,
        Func<T, (RandomId Fleet, string Site)> speaksFor,
        [NotNullWhen(true)] out T? statement,
        [NotNullWhen(false)] out RuleViolation? violation)
        where T : class
    {
        statement = null;
        var maxBytes = (payloadType.MaxPayload / 3 * 4) + 16384;
        if (!Envelope.TryRead(envelopeJson, maxBytes, payloadType.Name, payloadType.MaxPayload, out var envelope, out violation))
        {
            return false;
        }

        if (trust.Speakers.WhoSigned(envelope, payloadType.Name) is not { } speaker)
        {
            violation = new(rules.Signer, $"Nobody whom the trust document {trust.Current.Version} lists has signed it.");
            return false;
        }

        if (!SignedJson.TryRead(envelope.Payload, type, rules.Form, out var read, out violation))
        {
            violation = trust.Speakers.IsPresent(speaker) ? violation with { Signer = speaker.Site } : violation;
            return false;
        }

        var (fleet, site) = speaksFor(read);
        if (fleet != trust.Fleet || site != speaker.Site || !trust.Speakers.IsPresent(speaker))
        {
            violation = new(rules.Signer, $"It speaks for '{site}' of fleet {fleet} and is signed by '{speaker.Site}', or with a key that no longer counts.");
            return false;
        }

        statement = read;
        return true;
    }
}
