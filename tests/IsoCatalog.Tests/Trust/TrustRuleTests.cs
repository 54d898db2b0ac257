using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Trust;

/// <summary>What a trust document must be in itself.</summary>
public sealed class TrustRuleTests
{
    private readonly SomeFleet _fleet = new(2, 2, "ams", "nyc");

    [Fact]
    public void T_17_a_repair_of_a_clock_is_whole_and_not_of_a_later_version()
    {
        ClockRepair repair = new(1, 2);
        Assert.Null(Rule(d => Site(d, "ams", s => s with { ClockRepairs = [repair] })));
        Assert.Equal(Rules.TrustRepair, Rule(d => Site(d, "ams", s => s with { ClockRepairs = [repair with { Before = d.Version + 1 }] })));
        Assert.Equal(Rules.TrustRepair, Rule(d => Site(d, "ams", s => s with { ClockRepairs = [repair with { Before = 1 }] })));
        Assert.Equal(Rules.TrustRepair, Rule(d => Site(d, "ams", s => s with { ClockRepairs = [repair with { Above = -1 }] })));
        Assert.Equal(Rules.TrustRepair, Rule(d => Site(d, "ams", s => s with { ClockRepairs = [null!] })));
    }

    [Fact]
    public void T_01_a_lifetime_and_a_version_are_needed()
    {
        Assert.Equal(Rules.TrustForm, Rule(d => d with { Expires = d.Issued }));
        Assert.Equal(Rules.TrustForm, Rule(d => d with { Version = 0 }));
        Assert.Equal(Rules.TrustForm, Rule(d => d with { Prev = null }));
        Assert.Equal(Rules.TrustForm, Rule(d => d with { Type = "site" }));
    }

    [Fact]
    public void T_02_the_roots_can_reach_their_threshold()
    {
        Assert.Equal(Rules.TrustRootKeys, Rule(d => d with { Root = d.Root with { Threshold = 3 } }));
        Assert.Equal(Rules.TrustRootKeys, Rule(d => d with { Root = d.Root with { Threshold = 0 } }));
        Assert.Equal(Rules.TrustRootKeys, Rule(d => d with { Root = d.Root with { Keys = [d.Root.Keys[0], d.Root.Keys[0]] } }));
        Assert.Equal(Rules.TrustRootKeys, Rule(d => d with { Root = d.Root with { Keys = [.. d.Root.Keys, "unlisted"] } }));
        Assert.Equal(Rules.TrustRootKeys, Rule(d => d with { Root = new TrustRoot(1, [_fleet.TlsKeys["ams"].Public.KeyId]) }));
    }

    [Fact]
    public void T_03_a_key_is_P256_has_a_use_and_its_own_id()
    {
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var rsa = RSA.Create(2048);

        Assert.Equal(Rules.TrustKeyForm, Rule(d => With(d, "00", TrustKey.Of(_fleet.Signers["ams"].Public, KeyUse.Sign))));
        Assert.Equal(Rules.TrustKeyForm, Rule(d => With(d, _fleet.Signers["ams"].Public.KeyId, TrustKey.Of(_fleet.Signers["ams"].Public, "both"))));
        Assert.Equal(Rules.TrustKeyForm, Rule(d => With(d, _fleet.Signers["ams"].Public.KeyId, TrustKey.Of(_fleet.Signers["ams"].Public, KeyUse.Sign) with { Scheme = "rsa" })));
        foreach (var spki in new[] { p384.ExportSubjectPublicKeyInfo(), rsa.ExportSubjectPublicKeyInfo() })
        {
            var key = new TrustKey { Use = KeyUse.Sign, Public = PemEncoding.WriteString("PUBLIC KEY", spki) };
            Assert.Equal(Rules.TrustKeyForm, Rule(d => With(d, Convert.ToHexStringLower(SHA256.HashData(spki)), key)));
        }
    }

    [Fact]
    public void T_04_a_key_has_one_owner()
    {
        Assert.Equal(Rules.TrustKeyOwner, Rule(d => Site(d, "ams", s => s with { Keys = [.. s.Keys, _fleet.Signers["nyc"].Public.KeyId] })));
        Assert.Equal(Rules.TrustKeyOwner, Rule(d => Site(d, "ams", s => s with { Keys = [.. s.Keys, d.Root.Keys[0]] })));
        Assert.Equal(Rules.TrustKeyOwner, Rule(d => Site(d, "ams", s => s with { Keys = [.. s.Keys, "unlisted"] })));
    }

    [Fact]
    public void T_05_a_site_has_an_id_a_status_and_keys()
    {
        Assert.Equal(Rules.TrustSites, Rule(d => Site(d, "A m s", s => s)));
        Assert.Equal(Rules.TrustSites, Rule(d => Site(d, "ams", s => s with { Status = "asleep" })));
        Assert.Equal(Rules.TrustSites, Rule(d => Site(d, "ams", s => s with { Keys = [] })));
        Assert.Equal(Rules.TrustSites, Rule(d => Site(d, "ams", s => s with { MinEpoch = 0 })));
        Assert.Equal(Rules.TrustSites, Rule(d => d with { Sites = Enumerable.Range(0, 65).ToDictionary(i => $"s{i}", _ => d.Sites["ams"]) }));
    }

    [Fact]
    public void T_06_a_past_key_is_complete_and_past()
    {
        using var old = SigningKey.Generate();
        TrustDocument Past(TrustDocument d, PastKey past) => Site(With(d, old.Public.KeyId, TrustKey.Of(old.Public, KeyUse.Sign)), "ams", s => s with { Past = [past] });

        Assert.Null(Rule(d => Past(d, new PastKey { Kid = old.Public.KeyId, Mode = PastKey.KeepList, Docs = [] })));
        Assert.Equal(Rules.TrustPast, Rule(d => Past(d, new PastKey { Kid = old.Public.KeyId, Mode = PastKey.KeepList })));
        Assert.Equal(Rules.TrustPast, Rule(d => Past(d, new PastKey { Kid = old.Public.KeyId, Mode = PastKey.UpTo, Epoch = 1, Seq = 1 })));
        Assert.Equal(Rules.TrustPast, Rule(d => Past(d, new PastKey { Kid = d.Sites["ams"].Keys[0], Mode = PastKey.UpTo, Epoch = 1, Seq = 1, Sha256 = default(Sha256Digest) })));
    }

    [Fact]
    public void T_07_params_keep_to_their_bounds()
    {
        Assert.Equal(Rules.TrustParams, Rule(d => d with { Params = d.Params with { MaxFutureMs = 86_400_001 } }));
        Assert.Equal(Rules.TrustParams, Rule(d => d with { Params = d.Params with { MaxDocBytes = (64 << 20) + 1 } }));
        Assert.Equal(Rules.TrustParams, Rule(d => d with { Params = d.Params with { MaxRetained = 1 } }));
        Assert.Null(Rule(d => d with { Params = d.Params with { MaxRetained = 2 } }));
    }

    [Fact]
    public void T_18_a_quota_acts_from_a_version_that_there_is_and_keeps_to_its_bounds()
    {
        string? Of(SiteQuota quota) => Rule(d => d with { Params = d.Params with { Quota = quota } });

        Assert.Null(Of(new SiteQuota { Since = 2, Entries = 16, Names = 0, Aliases = 0, Bytes = 0 }));
        Assert.Null(Of(new SiteQuota { Since = 1 }));
        Assert.Equal(Rules.TrustQuota, Of(new SiteQuota { Since = 0 }));
        Assert.Equal(Rules.TrustQuota, Of(new SiteQuota { Since = 3 }));
        Assert.Equal(Rules.TrustQuota, Of(new SiteQuota { Since = 2, Entries = 15 }));
        Assert.Equal(Rules.TrustQuota, Of(new SiteQuota { Since = 2, Names = -1 }));
        Assert.Equal(Rules.TrustQuota, Of(new SiteQuota { Since = 2, Aliases = 100_001 }));
        Assert.Equal(Rules.TrustQuota, Of(new SiteQuota { Since = 2, Bytes = -1 }));
        Assert.Equal(2, _fleet.Advance(d => d.WithQuota(new SiteQuota { Since = 99, Names = 1 })).Current.Params.Quota!.Since);
        Assert.Null(_fleet.Advance(d => d.WithQuota(null)).Current.Params.Quota);
    }

    private static TrustDocument With(TrustDocument d, string kid, TrustKey key) => d with { Keys = new Dictionary<string, TrustKey>(d.Keys) { [kid] = key } };

    private static TrustDocument Site(TrustDocument d, string id, Func<TrustSite, TrustSite> change) =>
        d with { Sites = new Dictionary<string, TrustSite>(d.Sites) { [id] = change(d.Sites.GetValueOrDefault(id) ?? new TrustSite { Keys = [] }) } };

    private string? Rule(Func<TrustDocument, TrustDocument> change) =>
        (_fleet.Chain.Offer(SomeFleet.SignedBy(change(_fleet.Next()), _fleet.Roots).ToJson()) as TrustOutcome.Refused)?.Violation.Rule;
}
