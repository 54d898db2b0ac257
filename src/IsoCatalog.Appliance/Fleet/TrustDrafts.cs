using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>Trust documents that are being signed. Pure.</summary>
internal static class TrustDrafts
{
    /// <summary>A trust document that ends stops every site from writing, so the end is far away; keys are changed by a new version, not by waiting.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(3652);

    /// <summary>Times in documents are whole seconds.</summary>
    public static DateTimeOffset Whole(DateTimeOffset time) => DateTimeOffset.FromUnixTimeSeconds(time.ToUnixTimeSeconds());

    public static Envelope Sign(TrustDocument document, IReadOnlyList<SigningKey> roots)
    {
        var payload = document.ToPayload();
        return Envelope.Merged([.. roots.Select(r => r.Sign(TrustDocument.PayloadType, payload))]);
    }

    /// <summary>How many root keys of <paramref name="roots"/> have signed, of how many that must.</summary>
    public static (int Have, int Need) Count(Envelope envelope, TrustDocument roots) => (
        roots.Root.Keys.Distinct(StringComparer.Ordinal).Count(kid => VerifyingKey.FromPem(roots.Keys[kid].Public).Opens(envelope, TrustDocument.PayloadType)),
        roots.Root.Threshold);
}
