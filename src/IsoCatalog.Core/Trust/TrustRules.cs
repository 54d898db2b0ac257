using System.Security.Cryptography;

namespace IsoCatalog.Core.Trust;

/// <summary>What a trust document must be in itself, whoever signed it.</summary>
internal static class TrustRules
{
    private const int MaxRootKeys = 16;
    private const int MaxKeysOfSite = 16;
    private const int MaxText = 128;
    private const int MaxRepairs = 64;

    public static RuleViolation? Check(TrustDocument document) => Violations(document).FirstOrDefault();

    private static IEnumerable<RuleViolation> Violations(TrustDocument d)
    {
        if (d.Type != "trust" || d.Version is < 1 or > StrictJson.MaxNumber || d.Version == 1 != d.Prev is null || d.Expires <= d.Issued)
        {
            yield return new(Rules.TrustForm, "A trust document has the type 'trust', a version from 1, the hash of the version before (none for 1) and a lifetime.");
        }

        if (d.Critical.Count > 0)
        {
            yield return new(
                Rules.TrustCritical,
                $"The trust document {d.Version} needs what this version of IsoCatalog does not know ({string.Join(", ", d.Critical)}). Upgrade this site.");
        }

        foreach (var violation in Keys(d).Concat(Sites(d)))
        {
            yield return violation;
        }

        var p = d.Params;
        if (p.MaxFutureMs is < 1000 or > 86_400_000 || p.CatalogTtlS is < 60 or > 31_536_000 || p.MaxDocBytes is < 65_536 or > 64 << 20
            || p.MaxEntries is < 16 or > 100_000 || p.MaxRetained is < 2 or > 64)
        {
            yield return new(Rules.TrustParams, "A value of params is out of bounds; docs/catalog-format.md lists them.");
        }

        if (p.Quota is { } quota && (quota.Since < 1 || quota.Since > d.Version || quota.Entries is < 16 or > 100_000 || quota.Names is < 0 or > 100_000
            || quota.Aliases is < 0 or > 100_000 || quota.Bytes is < 0 or > StrictJson.MaxNumber))
        {
            yield return new(
                Rules.TrustQuota, "A quota needs the trust version since which it acts, which is not a later one, and its values within their bounds; docs/catalog-format.md lists them.");
        }
    }

    private static IEnumerable<RuleViolation> Keys(TrustDocument d)
    {
        if (d.Keys.Count > TrustDocument.MaxKeys)
        {
            yield return new(Rules.TrustKeyForm, $"There are {d.Keys.Count} keys; {TrustDocument.MaxKeys} are allowed.");
            yield break;
        }

        foreach (var (kid, key) in d.Keys)
        {
            if (Problem(kid, key) is { } problem)
            {
                yield return new(Rules.TrustKeyForm, $"The key '{kid}' {problem}");
            }
        }

        var root = d.Root;
        if (root.Keys.Count is < 1 or > MaxRootKeys || root.Threshold < 1 || root.Threshold > root.Keys.Count
            || root.Keys.Distinct(StringComparer.Ordinal).Count() != root.Keys.Count
            || root.Keys.Any(k => k is null || !d.Keys.TryGetValue(k, out var key) || key is not { Use: KeyUse.Sign }))
        {
            yield return new(
                Rules.TrustRootKeys, $"The root needs 1 to {MaxRootKeys} different signing keys that the document lists, and a threshold that they can reach.");
        }
    }

    private static string? Problem(string kid, TrustKey? key)
    {
        if (key is not { Scheme: TrustKey.P256, Use: KeyUse.Sign or KeyUse.Tls })
        {
            return $"needs the scheme {TrustKey.P256} and the use '{KeyUse.Sign}' or '{KeyUse.Tls}'.";
        }

        try
        {
            return VerifyingKey.FromPem(key.Public).KeyId == kid ? null : "has an id that is not the SHA-256 of its SubjectPublicKeyInfo.";
        }
        catch (CryptographicException e)
        {
            return $"cannot be read: {e.Message}.";
        }
    }

    private static IEnumerable<RuleViolation> Sites(TrustDocument d)
    {
        if (d.Sites.Count > TrustDocument.MaxSites)
        {
            yield return new(Rules.TrustSites, $"There are {d.Sites.Count} sites; {TrustDocument.MaxSites} are allowed.");
            yield break;
        }

        var owners = d.Root.Keys.ToDictionary(k => k, _ => "the root", StringComparer.Ordinal);
        foreach (var (id, site) in d.Sites)
        {
            if (!SiteId.IsValid(id) || site is not { Status: SiteStatus.Active or SiteStatus.Retired or SiteStatus.Revoked, MinEpoch: >= 1 }
                || site.Keys.Count > MaxKeysOfSite || site.Display is { Length: > MaxText } || (site.Status == SiteStatus.Active && site.Keys.Count == 0)
                || site.Address is { Fleet.Length: > 300 } or { Swarm.Length: > 300 })
            {
                yield return new(
                    Rules.TrustSites, $"The site '{id}' needs an id ({SiteId.Rule}), a status, keys while it is active ({MaxKeysOfSite} at most) and a minEpoch from 1.");
                yield break;
            }

            foreach (var kid in site.Keys.Concat(site.Past.Select(p => p?.Kid)).Distinct(StringComparer.Ordinal))
            {
                if (kid is null || !d.Keys.ContainsKey(kid) || !owners.TryAdd(kid, id))
                {
                    yield return new(
                        Rules.TrustKeyOwner,
                        $"The key '{kid}' of site '{id}' is not listed, or belongs to {(kid is null ? "nobody" : owners.GetValueOrDefault(kid, "nobody"))} already. A key has one owner.");
                }
            }

            if (site.ClockRepairs is { } repairs && (repairs.Count > MaxRepairs || repairs.Any(r => r is null || r.Above is < 0 or > StrictJson.MaxNumber || r.Before < 2 || r.Before > d.Version)))
            {
                yield return new(
                    Rules.TrustRepair, $"A repair of the clock of site '{id}' needs milliseconds, and the trust version that it came with, which is not a later one; {MaxRepairs} are allowed.");
            }

            if (site.Past.Any(p => !IsPast(p) || site.Keys.Contains(p.Kid)))
            {
                yield return new(Rules.TrustPast, $"A past key of site '{id}' needs a keep-list of documents, or upto with epoch, seq and sha256, and must not be a current key.");
            }
        }
    }

    private static bool IsPast(PastKey? past) => past switch
    {
        { Mode: PastKey.KeepList, Docs: { Count: <= 4096 }, Epoch: null, Seq: null, Sha256: null } => true,
        { Mode: PastKey.UpTo, Docs: null, Epoch: >= 1, Seq: >= 1, Sha256: not null } => true,
        _ => false,
    };
}
