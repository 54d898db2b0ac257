using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Trust;

public sealed class TrustChainTests
{
    private readonly SomeFleet _fleet = new(3, 2, "ams", "nyc");

    [Fact]
    public void T_09_a_fleet_begins_with_the_pinned_version_1()
    {
        var first = _fleet.Chain.Newest;

        Assert.IsType<TrustOutcome.Accepted>(TrustChain.Begin(first.Envelope.ToJson(), first.Sha256));
        Assert.Equal(Rules.TrustFirst, Rule(TrustChain.Begin(first.Envelope.ToJson(), Zero)));
        Assert.Equal(Rules.TrustFirst, Rule(TrustChain.Begin(SomeFleet.SignedBy(_fleet.Next(), _fleet.Roots).ToJson(), null)));
        Assert.Equal(Rules.TrustNewRoots, Rule(TrustChain.Begin(SomeFleet.SignedBy(first.Document, _fleet.Roots[0]).ToJson(), null)));
    }

    [Fact]
    public void A_version_signed_by_enough_old_and_new_roots_follows()
    {
        var accepted = Assert.IsType<TrustOutcome.Accepted>(Offer(_fleet.Next(), _fleet.Roots[0], _fleet.Roots[2]));

        Assert.Equal(2, accepted.Chain.Current.Version);
        Assert.Equal(2, accepted.Chain.Links.Length);
        Assert.IsType<TrustOutcome.Known>(accepted.Chain.Offer(accepted.Chain.Newest.Envelope.ToJson()));
        Assert.IsType<TrustOutcome.Known>(accepted.Chain.Offer(_fleet.Chain.Newest.Envelope.ToJson()));
        Assert.Same(_fleet.Chain.Newest, accepted.Chain.Links[0]);
    }

    [Fact]
    public void T_11_one_root_key_counts_once_however_often_it_signs()
    {
        var next = _fleet.Next();
        var (one, again) = (Signed(next, _fleet.Roots[0]), Signed(next, _fleet.Roots[0]));
        var disguised = again with { Signatures = [again.Signatures[0] with { KeyId = _fleet.Roots[1].Public.KeyId }] };

        Assert.Equal(Rules.TrustOldRoots, Rule(_fleet.Chain.Offer(Envelope.Merged(one, again, disguised).ToJson())));
        Assert.Equal(Rules.TrustOldRoots, Rule(Offer(next, _fleet.Signers["ams"], _fleet.Signers["nyc"])));
    }

    [Fact]
    public void Key_ids_are_hints_and_may_be_missing_or_false()
    {
        var next = _fleet.Next();
        var both = SomeFleet.SignedBy(next, _fleet.Roots[0], _fleet.Roots[1]);
        var unnamed = both with { Signatures = [.. both.Signatures.Select(s => s with { KeyId = "" })] };

        Assert.IsType<TrustOutcome.Accepted>(_fleet.Chain.Offer(unnamed.ToJson()));
    }

    [Fact]
    public void All_root_keys_are_replaced_with_signatures_of_both_sides()
    {
        using var a = SigningKey.Generate();
        using var b = SigningKey.Generate();
        var next = _fleet.Next().WithRoot([a.Public, b.Public], 2);

        Assert.Equal(Rules.TrustOldRoots, Rule(Offer(next, a, b)));
        Assert.Equal(Rules.TrustOldRoots, Rule(Offer(next, a, b, _fleet.Roots[0])));
        Assert.Equal(Rules.TrustNewRoots, Rule(Offer(next, _fleet.Roots[0], _fleet.Roots[1])));
        Assert.Equal(Rules.TrustNewRoots, Rule(Offer(next, _fleet.Roots[0], _fleet.Roots[1], a)));
        var accepted = Assert.IsType<TrustOutcome.Accepted>(Offer(next, _fleet.Roots[0], _fleet.Roots[1], a, b));
        Assert.Equal(Rules.TrustOldRoots, Rule(accepted.Chain.Offer(SomeFleet.SignedBy(TrustDocument.After(accepted.Chain.Newest, SomeFleet.Now, SomeFleet.Year), _fleet.Roots).ToJson())));
    }

    [Fact]
    public void A_threshold_goes_up_and_down_only_with_those_who_meet_both()
    {
        var up = _fleet.Next().WithRoot([.. _fleet.Roots.Select(r => r.Public)], 3);
        Assert.Equal(Rules.TrustNewRoots, Rule(Offer(up, _fleet.Roots[0], _fleet.Roots[1])));
        var strict = Assert.IsType<TrustOutcome.Accepted>(Offer(up, [.. _fleet.Roots])).Chain;

        var down = TrustDocument.After(strict.Newest, SomeFleet.Now, SomeFleet.Year).WithRoot([_fleet.Roots[0].Public], 1);
        Assert.Equal(Rules.TrustOldRoots, Rule(strict.Offer(SomeFleet.SignedBy(down, _fleet.Roots[0], _fleet.Roots[1]).ToJson())));
        Assert.IsType<TrustOutcome.Accepted>(strict.Offer(SomeFleet.SignedBy(down, _fleet.Roots).ToJson()));
    }

    [Fact]
    public void T_15_a_gap_names_the_versions_that_are_missing()
    {
        var later = _fleet.Next() with { Version = 4, Prev = Zero };

        Assert.Equal(new TrustOutcome.Ahead(2, 3), Offer(later, [.. _fleet.Roots]));
    }

    [Fact]
    public void T_13_a_version_that_follows_another_history_is_refused() =>
        Assert.Equal(Rules.TrustPrev, Rule(Offer(_fleet.Next() with { Prev = Zero }, [.. _fleet.Roots])));

    [Fact]
    public void T_10_a_document_of_another_fleet_is_refused() =>
        Assert.Equal(Rules.TrustFleet, Rule(Offer(_fleet.Next() with { Fleet = RandomId.New() }, [.. _fleet.Roots])));

    [Fact]
    public void T_08_a_document_that_needs_more_than_we_know_is_not_acted_on() =>
        Assert.Equal(Rules.TrustCritical, Rule(Offer(_fleet.Next() with { Critical = ["quorum"] }, [.. _fleet.Roots])));

    [Fact]
    public void T_14_a_second_document_of_a_version_is_an_alarm_and_the_first_is_kept()
    {
        var (first, second) = (_fleet.Next(), _fleet.Next() with { Expires = SomeFleet.Now + SomeFleet.Year + SomeFleet.Year });
        var chain = Assert.IsType<TrustOutcome.Accepted>(Offer(first, [.. _fleet.Roots])).Chain;

        Assert.Equal(Rules.TrustFork, Rule(chain.Offer(SomeFleet.SignedBy(second, _fleet.Roots[0]).ToJson())));
        var forked = Assert.IsType<TrustOutcome.Forked>(chain.Offer(SomeFleet.SignedBy(second, _fleet.Roots).ToJson()));
        Assert.Equal(chain.Newest.Sha256, forked.Chain.Newest.Sha256);
        Assert.NotNull(forked.Chain.Split);

        // The other one wins by naming it; sites that kept the first follow.
        var other = forked.Split.Other;
        var third = TrustDocument.After(other, SomeFleet.Now, SomeFleet.Year);
        Assert.Equal(Rules.TrustFork, Rule(forked.Chain.Offer(SomeFleet.SignedBy(third, _fleet.Roots[0]).ToJson())));
        Assert.Equal(Rules.TrustFork, Rule(forked.Chain.Offer(SomeFleet.SignedBy(third with { Prev = Zero }, _fleet.Roots).ToJson())));
        var ended = Assert.IsType<TrustOutcome.Accepted>(forked.Chain.Offer(SomeFleet.SignedBy(third, _fleet.Roots).ToJson())).Chain;
        Assert.Null(ended.Split);
        Assert.Equal([_fleet.Chain.Newest.Sha256, other.Sha256, ended.Newest.Sha256], ended.Links.Select(l => l.Sha256));
    }

    [Fact]
    public void T_16_an_expired_document_is_still_a_link_and_the_next_one_follows()
    {
        var old = _fleet.Next() with { Issued = SomeFleet.Now - SomeFleet.Year, Expires = SomeFleet.Now - TimeSpan.FromSeconds(1) };
        var chain = Assert.IsType<TrustOutcome.Accepted>(Offer(old, [.. _fleet.Roots])).Chain;

        Assert.True(chain.Current.IsExpired(SomeFleet.Now));
        Assert.IsType<TrustOutcome.Accepted>(chain.Offer(SomeFleet.SignedBy(TrustDocument.After(chain.Newest, SomeFleet.Now, SomeFleet.Year), _fleet.Roots).ToJson()));
    }

    [Fact]
    public void Many_versions_are_followed_one_by_one()
    {
        var single = new SomeFleet("ams");
        for (var i = 0; i < 200; i++)
        {
            single.Advance(d => d);
        }

        var followed = TrustChain.Follow(single.Chain.Links.Select(l => new ReadOnlyMemory<byte>(l.Envelope.ToJson())), single.Chain.Newest.Ref);
        Assert.Equal(201, Assert.IsType<TrustOutcome.Accepted>(followed).Chain.Current.Version);
    }

    [Fact]
    public void Who_may_speak_and_which_connections_end_follows_from_the_document()
    {
        using var newSign = SigningKey.Generate();
        using var newTls = SigningKey.Generate();
        var before = _fleet.Chain;
        var (ams, nyc) = (_fleet.TlsKeys["ams"].Public.KeyId, _fleet.TlsKeys["nyc"].Public.KeyId);
        Assert.Equal("ams", before.Speakers.SiteOfTls(ams));
        Assert.Null(before.Speakers.SiteOfTls(_fleet.Signers["ams"].Public.KeyId));
        Assert.Equal([ams], before.Speakers.TlsOf("ams"));
        Assert.Equal([_fleet.Signers["nyc"].Public.KeyId], before.Speakers.SignersOf("nyc").Select(k => k.KeyId));

        var last = new DocumentRef(1, 5, Zero);
        var edited = _fleet.Next().WithSigner("ams", newSign.Public, last).WithTlsKey("ams", newTls.Public).WithoutTlsKey("ams", ams).WithSiteRetired("nyc", last);
        var change = Assert.IsType<TrustOutcome.Accepted>(Offer(edited, [.. _fleet.Roots])).Change;

        Assert.Equal([new SitePin("ams", ams), new SitePin("nyc", nyc)], change.TlsRemoved);
        Assert.Equal([new SitePin("ams", newTls.Public.KeyId)], change.TlsAdded);
        Assert.Equal(["ams", "nyc"], change.SignersChanged);
        Assert.Equal(["nyc"], change.SitesGone);
        Assert.Empty(change.SitesAdded);
    }

    [Fact]
    public void Init_makes_a_fleet_of_one_site_with_three_keys()
    {
        using var founding = Founding.Create("ams", SomeFleet.Address, SomeFleet.Now, Founding.DefaultLifetime);

        Assert.Equal(1, founding.Chain.Current.Version);
        Assert.Equal([founding.Sign.Public.KeyId], founding.Chain.Speakers.SignersOf("ams").Select(k => k.KeyId));
        Assert.Equal("ams", founding.Chain.Speakers.SiteOfTls(founding.Tls.Public.KeyId));
        Assert.Equal([founding.Root.Public.KeyId], founding.Chain.Current.Root.Keys);
        Assert.Throws<ArgumentException>(() => Founding.Create("Not A Site", null, SomeFleet.Now, Founding.DefaultLifetime));
    }

    private static Sha256Digest Zero => new(new byte[32]);

    private static Envelope Signed(TrustDocument document, SigningKey key) => key.Sign(TrustDocument.PayloadType, document.ToPayload());

    private TrustOutcome Offer(TrustDocument document, params SigningKey[] keys) => _fleet.Chain.Offer(SomeFleet.SignedBy(document, keys).ToJson());

    private static string? Rule(TrustOutcome outcome) => (outcome as TrustOutcome.Refused)?.Violation.Rule;
}
