using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Trust;

/// <summary>How the next version is made. Each edit gives a document to be signed by the root keys; none is checked before <see cref="TrustLink.TryRead"/>.</summary>
public sealed partial record TrustDocument
{
    /// <summary>Version 1 of a new fleet, without sites.</summary>
    public static TrustDocument First(RandomId fleet, IReadOnlyList<VerifyingKey> roots, int threshold, DateTimeOffset now, TimeSpan lifetime) => new TrustDocument
    {
        Fleet = fleet,
        Version = 1,
        Issued = now,
        Expires = now + lifetime,
        Root = new TrustRoot(threshold, []),
        Keys = new Dictionary<string, TrustKey>(),
        Sites = new Dictionary<string, TrustSite>(),
    }.WithRoot(roots, threshold);

    /// <summary>The same again as the next version; edited further and then signed.</summary>
    public static TrustDocument After(TrustLink link, DateTimeOffset now, TimeSpan lifetime)
    {
        ArgumentNullException.ThrowIfNull(link);
        return link.Document with { Version = link.Document.Version + 1, Prev = link.Sha256, Issued = now, Expires = now + lifetime };
    }

    public TrustDocument WithRoot(IReadOnlyList<VerifyingKey> roots, int threshold)
    {
        ArgumentNullException.ThrowIfNull(roots);
        var keys = Keys.Where(k => !Root.Keys.Contains(k.Key)).ToDictionary();
        foreach (var root in roots)
        {
            keys[root.KeyId] = TrustKey.Of(root, KeyUse.Sign);
        }

        return this with { Root = new TrustRoot(threshold, [.. roots.Select(r => r.KeyId)]), Keys = keys };
    }

    /// <summary>Adds a site, or brings one back with new keys: then it counts on above all that is known of its past.</summary>
    /// <param name="lastEpoch">The highest epoch of whatever anybody here has of a site of that name; 0 for nothing.</param>
    public TrustDocument WithSite(string id, VerifyingKey sign, VerifyingKey tls, SiteAddress? address = null, string? display = null, long lastEpoch = 0)
    {
        ArgumentNullException.ThrowIfNull(sign);
        ArgumentNullException.ThrowIfNull(tls);
        var before = Sites.GetValueOrDefault(id);
        var past = before?.Past ?? [];
        return WithKey(sign, KeyUse.Sign).WithKey(tls, KeyUse.Tls).WithSite(id, new TrustSite
        {
            Display = display,
            Keys = [sign.KeyId, tls.KeyId],
            MinEpoch = before is null ? 1 : Math.Max(before.MinEpoch, past.Select(p => p.Epoch ?? 0).Append(lastEpoch).Max() + 1),
            Address = address,
            Past = past,
            ClockRepairs = before?.ClockRepairs,
        });
    }

    /// <inheritdoc cref="WithSite(string, VerifyingKey, VerifyingKey, SiteAddress?, string?, long)"/>
    public TrustDocument WithSite(JoinRequest request, long lastEpoch)
    {
        ArgumentNullException.ThrowIfNull(request);
        return WithSite(request.Site, VerifyingKey.FromPem(request.Sign.Public), VerifyingKey.FromPem(request.Tls.Public), request.Address, request.Display, lastEpoch);
    }

    /// <summary>Gives up a site in good order: what it said counts up to <paramref name="last"/>, as all sites know it.</summary>
    public TrustDocument WithSiteRetired(string id, DocumentRef last)
    {
        ArgumentNullException.ThrowIfNull(last);
        return WithoutKeys(id, SiteStatus.Retired, kid => new PastKey { Kid = kid, Mode = PastKey.UpTo, Epoch = last.Epoch, Seq = last.Seq, Sha256 = last.Sha256 });
    }

    /// <summary>Throws out a site whose key was in wrong hands: only the listed documents still count.</summary>
    public TrustDocument WithSiteRevoked(string id, IReadOnlyList<Sha256Digest> keep) =>
        WithoutKeys(id, SiteStatus.Revoked, kid => new PastKey { Kid = kid, Mode = PastKey.KeepList, Docs = keep });

    /// <summary>Sets aside what a site stamped later than <paramref name="above"/> before it knows of this version.</summary>
    public TrustDocument WithClockRepaired(string id, DateTimeOffset above) =>
        WithSite(id, Sites[id] with { ClockRepairs = [.. Sites[id].ClockRepairs ?? [], new ClockRepair(above.ToUnixTimeMilliseconds(), Version)] });

    /// <summary>From this version on no site may state more; null takes the quota away.</summary>
    public TrustDocument WithQuota(SiteQuota? quota) => this with { Params = Params with { Quota = quota is null ? null : quota with { Since = Version } } };

    /// <summary>Another signing key for an active site. <paramref name="last"/>: the newest document by the old key; it and what came before still count.</summary>
    public TrustDocument WithSigner(string id, VerifyingKey sign, DocumentRef? last)
    {
        ArgumentNullException.ThrowIfNull(sign);
        var site = Sites[id];
        var old = site.Keys.Where(k => Keys[k].Use == KeyUse.Sign).ToList();
        var past = last is null ? [] : old.Select(kid => new PastKey { Kid = kid, Mode = PastKey.UpTo, Epoch = last.Epoch, Seq = last.Seq, Sha256 = last.Sha256 });
        var next = WithKey(sign, KeyUse.Sign).WithSite(id, site with { Keys = [sign.KeyId, .. site.Keys.Except(old, StringComparer.Ordinal)], Past = [.. site.Past, .. past] });
        return last is null ? next with { Keys = next.Keys.Where(k => !old.Contains(k.Key)).ToDictionary() } : next;
    }

    /// <summary>One more TLS key for a site, which may present it once its peers have this version.</summary>
    public TrustDocument WithTlsKey(string id, VerifyingKey tls)
    {
        ArgumentNullException.ThrowIfNull(tls);
        return WithKey(tls, KeyUse.Tls).WithSite(id, Sites[id] with { Keys = [.. Sites[id].Keys, tls.KeyId] });
    }

    public TrustDocument WithoutTlsKey(string id, string kid) =>
        WithSite(id, Sites[id] with { Keys = [.. Sites[id].Keys.Where(k => k != kid)] }) with { Keys = Keys.Where(k => k.Key != kid).ToDictionary() };

    private TrustDocument WithoutKeys(string id, string status, Func<string, PastKey> past)
    {
        var site = Sites[id];
        var gone = site.Keys.Where(k => Keys[k].Use == KeyUse.Tls).ToHashSet(StringComparer.Ordinal);
        var signers = site.Keys.Where(k => !gone.Contains(k));
        return WithSite(id, site with { Status = status, Keys = [], Past = [.. site.Past, .. signers.Select(past)] }) with
        {
            Keys = Keys.Where(k => !gone.Contains(k.Key)).ToDictionary(),
        };
    }

    private TrustDocument WithKey(VerifyingKey key, string use) => this with { Keys = new Dictionary<string, TrustKey>(Keys) { [key.KeyId] = TrustKey.Of(key, use) } };

    private TrustDocument WithSite(string id, TrustSite site) => this with { Sites = new Dictionary<string, TrustSite>(Sites) { [id] = site } };
}
