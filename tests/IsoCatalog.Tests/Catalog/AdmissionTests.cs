using System.Text;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>One document on its way in, and everything that may be wrong with it.</summary>
public sealed class AdmissionTests
{
    private readonly SomeFleet _fleet = new("ams", "nyc");
    private readonly SiteWriter _writer;
    private readonly SignedDocument _first;

    public AdmissionTests()
    {
        (_writer, _first) = Write(_fleet.Writer("ams"), s => SomeImages.Put(1, 0) with { Stamp = s });
    }

    [Fact]
    public void A_good_document_is_admitted_once()
    {
        var admitted = Assert.IsType<Admission.Admitted>(Admit(_first.Envelope));

        Assert.Equal(_first.Ref, admitted.Document.Ref);
        Assert.Equal("image-1.iso", Assert.Single(admitted.Catalog.View.Live).FileName);
        Assert.IsType<Admission.Known>(admitted.Catalog.Admit(_first.Envelope, SomeFleet.Nothing, SomeFleet.Now));
        Assert.Equal(_first.Envelope, admitted.Document.Envelope.ToArray());
    }

    [Fact]
    public void M_03_a_document_by_another_sites_key_or_by_nobodys_is_refused()
    {
        Assert.Equal(Rules.ManifestKey, Rule(Admit(_fleet.Resigned(_first.Manifest, _fleet.Signers["nyc"]))));
        Assert.Equal(Rules.ManifestKey, Rule(Admit(_fleet.Resigned(_first.Manifest, _fleet.TlsKeys["ams"]))));
        Assert.Equal(Rules.ManifestKey, Rule(Admit(_fleet.Resigned(_first.Manifest, _fleet.Roots[0]))));
        using var stranger = SigningKey.Generate();
        Assert.Equal(Rules.ManifestKey, Rule(Admit(_fleet.Resigned(_first.Manifest, stranger))));
    }

    [Fact]
    public void M_02_a_document_of_another_fleet_is_refused() =>
        Assert.Equal(Rules.ManifestFleet, Rule(Admit(_fleet.Resigned(_first.Manifest with { Fleet = RandomId.New() }))));

    [Fact]
    public void D_03_no_signed_document_is_taken_for_one_of_another_type()
    {
        var payload = _first.Manifest.ToPayload();
        foreach (var type in new[] { TrustDocument.PayloadType, Holdings.PayloadType, Members.PayloadType, JoinRequest.PayloadType })
        {
            var other = _fleet.Signers["ams"].Sign(type, payload).ToJson();

            Assert.Equal(Rules.PayloadType, Rule(Admit(other)));
            Assert.False(Holdings.TryOpen(_first.Envelope, _fleet.Chain, out _, out var why));
            Assert.Equal(Rules.PayloadType, why.Rule);
            Assert.Equal(Rules.PayloadType, Assert.IsType<TrustOutcome.Refused>(_fleet.Chain.Offer(_first.Envelope)).Violation.Rule);
        }

        // The right type around the wrong content.
        Assert.Equal(Rules.TrustForm, Assert.IsType<TrustOutcome.Refused>(_fleet.Chain.Offer(_fleet.Roots[0].Sign(TrustDocument.PayloadType, payload).ToJson())).Violation.Rule);
    }

    [Fact]
    public void A_document_waits_for_its_chunks_and_names_them()
    {
        var pending = Assert.IsType<Admission.Pending>(Admit(_first.Envelope, SomeFleet.Nothing));
        var missing = Assert.IsType<PendingReason.MissingChunks>(pending.Reason).Chunks;

        Assert.Equal(_first.Manifest.Chunks, missing);
        Assert.Empty(pending.Catalog.View.Images);
        var admitted = Assert.IsType<Admission.Admitted>(pending.Catalog.Admit(_first.Envelope, _first.ChunkBytes, SomeFleet.Now));
        Assert.Empty(admitted.Catalog.Pending);
    }

    [Fact]
    public void C_01_bytes_that_are_not_what_their_hash_says_are_as_good_as_missing()
    {
        var wrong = _first.ChunkBytes.ToDictionary(c => c.Key, c => new ReadOnlyMemory<byte>([.. c.Value.Span[..^1], (byte)' ']));

        Assert.IsType<PendingReason.MissingChunks>(Assert.IsType<Admission.Pending>(Admit(_first.Envelope, wrong)).Reason);
    }

    [Fact]
    public void M_12_a_document_under_a_later_trust_version_waits_for_it()
    {
        var before = _fleet.Catalog();
        var later = _fleet.Advance(d => d.WithSite("msk", SigningKey.Generate().Public, SigningKey.Generate().Public));
        var (_, document) = Write(_fleet.Writer("ams"), s => SomeImages.Put(1, 0) with { Stamp = s });

        var pending = Assert.IsType<Admission.Pending>(before.Admit(document.Envelope, document.ChunkBytes, SomeFleet.Now));
        Assert.Equal(new PendingReason.UnknownTrust(2), pending.Reason);
        Assert.IsType<Admission.Pending>(Assert.Single(pending.Catalog.Retry(SomeFleet.Now).Outcomes));
        var asked = Assert.IsType<Admission.Pending>(Assert.Single(pending.Catalog.WithTrust(later).Retry(SomeFleet.Now).Outcomes));
        Assert.IsType<PendingReason.MissingChunks>(asked.Reason);
        Assert.IsType<Admission.Admitted>(asked.Catalog.Admit(document.Envelope, document.ChunkBytes, SomeFleet.Now));
    }

    [Fact]
    public void M_11_a_document_from_the_future_waits_and_is_admitted_when_its_time_comes()
    {
        var bound = TimeSpan.FromMilliseconds(_fleet.Chain.Current.Params.MaxFutureMs);

        Assert.IsType<Admission.Admitted>(_fleet.Catalog().Admit(_first.Envelope, _first.ChunkBytes, SomeFleet.Now - bound));
        var pending = Assert.IsType<Admission.Pending>(_fleet.Catalog().Admit(_first.Envelope, _first.ChunkBytes, SomeFleet.Now - bound - TimeSpan.FromMilliseconds(1)));
        Assert.Equal(SomeFleet.Now - bound, Assert.IsType<PendingReason.Future>(pending.Reason).NotBefore);
        Assert.Equal(default, pending.Catalog.Clock);
        Assert.IsType<Admission.Admitted>(Assert.Single(pending.Catalog.Retry(SomeFleet.Now).Outcomes));
        Assert.IsType<Admission.Admitted>(_fleet.Catalog("ams").Admit(_first.Envelope, _first.ChunkBytes, SomeFleet.Now.AddYears(-10)));
    }

    [Fact]
    public void M_10_a_document_that_needs_more_than_we_know_is_kept_and_not_read() =>
        Assert.IsType<PendingReason.NeedsNewerVersion>(Assert.IsType<Admission.Pending>(Admit(_fleet.Resigned(_first.Manifest with { Critical = ["x"] }))).Reason);

    [Fact]
    public void M_04_documents_of_an_epoch_before_the_allowed_one_do_not_count()
    {
        var admitted = Admit(_first.Envelope).Catalog;
        var site = _fleet.Chain.Current.Sites["ams"];
        var chain = _fleet.Advance(d => d with { Sites = new Dictionary<string, TrustSite>(d.Sites) { ["ams"] = site with { MinEpoch = 2 } } });

        Assert.Empty(admitted.WithTrust(chain).View.Images);
        Assert.Equal(Rules.ManifestEpoch, Rule(_fleet.Catalog().Admit(_first.Envelope, _first.ChunkBytes, SomeFleet.Now)));
    }

    [Fact]
    public void M_05_a_replaced_key_counts_up_to_the_named_document_and_its_words_stay()
    {
        var (writer, second) = Write(_writer, s => SomeImages.Put(2, 0) with { Stamp = s });
        var (_, third) = Write(writer, s => SomeImages.Put(3, 0) with { Stamp = s });
        var catalog = new[] { _first, second, third }.Aggregate(_fleet.Catalog(), (c, d) => c.Admit(d.Envelope, d.ChunkBytes, SomeFleet.Now).Catalog);
        using var key = SigningKey.Generate();
        var chain = _fleet.Advance(d => d.WithSigner("ams", key.Public, second.Ref));

        // The third covers the second, which was dropped for it: it is missing until somebody gives it again.
        var revoked = catalog.WithTrust(chain);
        Assert.Empty(revoked.View.Images);
        Assert.Equal([("ams", second.Ref.Sha256)], revoked.Missing);
        var chunks = new[] { _first, second }.SelectMany(d => d.ChunkBytes).ToDictionary(c => c.Key, c => c.Value);
        var again = Assert.IsType<Admission.Admitted>(revoked.Admit(second.Envelope, chunks, SomeFleet.Now)).Catalog;
        Assert.Equal(2, again.View.Images.Count);
        Assert.Empty(again.Missing);
        Assert.Equal(Rules.ManifestPast, Rule(again.Admit(third.Envelope, third.ChunkBytes, SomeFleet.Now)));
    }

    [Fact]
    public void M_13_a_document_that_its_own_site_took_back_is_dropped()
    {
        var (_, future) = Write(_fleet.Writer("ams"), s => SomeImages.Put(9, 0) with { Stamp = s }, SomeFleet.Now.AddDays(30));
        var pending = Admit(future.Envelope, future.ChunkBytes).Catalog;
        var repaired = pending.Admit(_fleet.Resigned(_first.Manifest with { Voids = [future.Ref.Sha256] }), _first.ChunkBytes, SomeFleet.Now).Catalog;

        Assert.Empty(repaired.Pending);
        Assert.Equal(Rules.ManifestVoided, Rule(repaired.Admit(future.Envelope, future.ChunkBytes, SomeFleet.Now)));
    }

    [Fact]
    public void M_14_more_documents_side_by_side_than_allowed_are_a_flood()
    {
        var chain = _fleet.Advance(d => d with { Params = d.Params with { MaxRetained = 3 } });
        var catalog = _fleet.Catalog();
        Admission? last = null;
        for (var i = 0; i < 4; i++)
        {
            var (_, document) = Write(_fleet.Writer("ams") with { Epoch = i + 1 }, s => SomeImages.Put(i, 0) with { Stamp = s });
            last = catalog.Admit(document.Envelope, document.ChunkBytes, SomeFleet.Now);
            catalog = last.Catalog;
        }

        Assert.Equal(Rules.ManifestFlood, Rule(last!));
        Assert.True(catalog.Sites["ams"].Flooded);
        Assert.Equal(3, catalog.View.Images.Count);
        Assert.Equal(3, chain.Current.Params.MaxRetained);
    }

    [Fact]
    public void M_15_two_documents_in_one_place_and_a_broken_chain_are_evidence_and_nothing_is_lost()
    {
        var (_, twin) = Write(_fleet.Writer("ams"), s => SomeImages.Put(2, 0) with { Stamp = s });
        var (_, second) = Write(_writer, s => SomeImages.Put(3, 0) with { Stamp = s });
        var catalog = Admit(_first.Envelope).Catalog;

        var forked = Assert.IsType<Admission.Admitted>(catalog.Admit(twin.Envelope, twin.ChunkBytes, SomeFleet.Now));
        Assert.Equal(new ForkEvidence("ams", ForkEvidence.SameSeq, 1, 1, _first.Ref.Sha256, twin.Ref.Sha256), Assert.Single(forked.Forks));
        var broken = Assert.IsType<Admission.Admitted>(forked.Catalog.Admit(second.Envelope, second.ChunkBytes, SomeFleet.Now));
        Assert.Equal(ForkEvidence.BrokenChain, Assert.Single(broken.Forks).Kind);
        Assert.Equal(3, broken.Catalog.View.Images.Count);
        Assert.Equal(2, broken.Catalog.Forks.Length);
    }

    [Fact]
    public void M_15_the_same_two_documents_are_evidence_once_in_whatever_order_they_come_again()
    {
        var (_, twin) = Write(_fleet.Writer("ams"), s => SomeImages.Put(1, 0) with { Stamp = s });
        var catalog = Admit(_first.Envelope).Catalog.Admit(twin.Envelope, twin.ChunkBytes, SomeFleet.Now).Catalog;
        Assert.Single(catalog.Forks);

        foreach (var again in new[] { _first, twin })
        {
            catalog = catalog.Admit(again.Envelope, again.ChunkBytes, SomeFleet.Now).Catalog;
        }

        Assert.Single(catalog.Forks);
    }

    [Fact]
    public void M_15_what_two_keys_of_one_site_signed_is_no_evidence()
    {
        using var sign = SigningKey.Generate();
        using var tls = SigningKey.Generate();
        var before = Admit(_first.Envelope).Catalog;
        _fleet.Advance(d => d.WithSiteRetired("ams", _first.Ref));

        // By a trust document that says no least epoch: the site that was made anew begins where the old one began.
        var chain = _fleet.Advance(d => d.WithSite("ams", sign.Public, tls.Public) is var next
            ? next with { Sites = new Dictionary<string, TrustSite>(next.Sites) { ["ams"] = next.Sites["ams"] with { MinEpoch = 1 } } }
            : d);
        _fleet.Signers["ams"] = sign;
        var (_, anew) = Write(_fleet.Writer("ams"), s => SomeImages.Put(2, 0) with { Stamp = s });
        Assert.Equal((_first.Ref.Epoch, _first.Ref.Seq), (anew.Ref.Epoch, anew.Ref.Seq));

        var admitted = Assert.IsType<Admission.Admitted>(before.WithTrust(chain).Admit(anew.Envelope, anew.ChunkBytes, SomeFleet.Now));
        Assert.Empty(admitted.Forks);
        Assert.Equal(2, admitted.Catalog.View.Images.Count);
    }

    [Fact]
    public void A_refusal_says_which_site_signed_what_breaks_the_rule()
    {
        var foreign = CatalogChunk.Of(SomeImages.Put(1, 5, "nyc").Key.Bucket, [StatedEntry.Of(SomeImages.Put(1, 5, "nyc"))]);
        Assert.Equal("ams", Assert.IsType<Admission.Refused>(Around(foreign, m => m)).Violation.Signer);

        // Nobody whom the trust document knows signed this, and whether that key counts is for the trust document to say.
        using var stranger = SigningKey.Generate();
        Assert.Null(Assert.IsType<Admission.Refused>(Admit(_fleet.Resigned(_first.Manifest, stranger))).Violation.Signer);
    }

    [Fact]
    public void C_06_an_entry_stamped_for_another_site_is_refused()
    {
        var foreign = CatalogChunk.Of(SomeImages.Put(1, 5, "nyc").Key.Bucket, [StatedEntry.Of(SomeImages.Put(1, 5, "nyc"))]);

        Assert.Equal(Rules.ChunkSite, Rule(Around(foreign, m => m)));
    }

    [Fact]
    public void C_07_an_entry_newer_than_its_document_is_refused() =>
        Assert.Equal(Rules.ChunkClock, Rule(Around(_first.NewChunks[0], m => m with { Hlc = new HybridTime(1, 0) })));

    [Fact]
    public void M_06_a_chunk_that_is_not_as_the_document_says_is_refused()
    {
        Assert.Equal(Rules.ManifestChunks, Rule(Around(_first.NewChunks[0], m => m with { Chunks = [m.Chunks[0] with { Entries = 2 }] })));
        Assert.Equal(Rules.ManifestChunks, Rule(Around(_first.NewChunks[0], m => m with { Chunks = [m.Chunks[0], m.Chunks[0]] })));
    }

    [Theory]
    [InlineData(Rules.ManifestForm)]
    [InlineData(Rules.ManifestSize)]
    [InlineData(Rules.ManifestSeen)]
    [InlineData(Rules.ManifestVoids)]
    public void A_document_out_of_bounds_is_refused_by_its_rule(string rule) => Assert.Equal(rule, Rule(Around(_first.NewChunks[0], m => rule switch
    {
        Rules.ManifestForm => m with { Seq = 2, Prev = null },
        Rules.ManifestSize => m with { Chunks = [m.Chunks[0] with { Entries = 20_001 }] },
        Rules.ManifestSeen => m with { Seen = new Dictionary<string, DocumentRef> { ["Not a site"] = _first.Ref } },
        _ => m with { Voids = [.. Enumerable.Repeat(_first.Ref.Sha256, SiteManifest.MaxVoids + 1)] },
    })));

    [Fact]
    public void One_that_waited_for_its_time_without_its_chunks_is_forgotten_then_so_that_it_comes_again_with_them()
    {
        var (_, ahead) = Write(_fleet.Writer("ams"), s => SomeImages.Put(1, 0) with { Stamp = s }, SomeFleet.Now.AddHours(1));
        var waiting = Admit(ahead.Envelope, SomeFleet.Nothing).Catalog;
        Assert.Single(waiting.Retry(SomeFleet.Now).Catalog.Pending);

        var due = waiting.Retry(SomeFleet.Now.AddHours(1)).Catalog;
        Assert.Empty(due.Pending);
        Assert.IsType<Admission.Admitted>(due.Admit(ahead.Envelope, ahead.ChunkBytes, SomeFleet.Now.AddHours(1)));
    }

    [Fact]
    public void Leaving_an_entry_out_deletes_nothing()
    {
        var (_, empty) = Write(_fleet.Writer("ams") with { Epoch = 2 }, null);
        var catalog = Admit(_first.Envelope).Catalog.Admit(empty.Envelope, empty.ChunkBytes, SomeFleet.Now).Catalog;

        Assert.Single(catalog.View.Live);
        Assert.Equal(2, catalog.Sites["ams"].Retained.Length);
        Assert.Equal(empty.Ref, catalog.Heads["ams"]);
    }

    [Fact]
    public void What_others_have_seen_is_the_floor_of_being_up_to_date()
    {
        var all = Admit(_first.Envelope).Catalog;
        var (_, seen) = Write(_fleet.Writer("nyc", all), s => SomeImages.Put(2, 0, "nyc") with { Stamp = s }, catalog: all);
        var fresh = _fleet.Catalog().Admit(seen.Envelope, seen.ChunkBytes, SomeFleet.Now).Catalog;

        Assert.Equal(["ams"], fresh.Behind);
        Assert.Equal(_first.Ref, fresh.Floors["ams"]);
        Assert.Empty(fresh.Admit(_first.Envelope, _first.ChunkBytes, SomeFleet.Now).Catalog.Behind);
    }

    [Fact]
    public void Unknown_members_of_a_manifest_are_read_over_and_passed_on_byte_for_byte()
    {
        var json = Encoding.UTF8.GetString(_first.Manifest.ToPayload()).Insert(1, "\"later\":{\"a\":[1,2]},");
        var envelope = _fleet.Signers["ams"].Sign(SiteManifest.PayloadType, Encoding.UTF8.GetBytes(json)).ToJson();

        var admitted = Assert.IsType<Admission.Admitted>(Admit(envelope));
        Assert.Equal(envelope, admitted.Document.Envelope.ToArray());
        Assert.Equal("{\"a\":[1,2]}", admitted.Document.Manifest.Unknown!["later"].GetRawText());
    }

    [Fact]
    public void Unknown_members_of_an_entry_stay_when_it_is_stated_again()
    {
        var text = Encoding.UTF8.GetString(_first.NewChunks[0].Bytes.Span)
            .Replace("\"value\":{", "\"later\":7,\"value\":{\"colour\":\"red\",", StringComparison.Ordinal);
        Assert.True(CatalogChunk.TryRead(Encoding.UTF8.GetBytes(text), out var chunk, out var why), why?.ToString());
        var catalog = Around(chunk, m => m).Catalog;

        var writer = SiteWriter.Start(catalog, "ams", RandomId.New(), 0, default);
        Assert.Equal(chunk.Bytes.ToArray(), writer.Chunks.Values.Single().Bytes.ToArray());
        var image = catalog.View.Images[SomeImages.Id(1)];
        var deleted = new ImageEntry(image.Id, writer.NextStamp(catalog, ClockReading.Of(SomeFleet.Now)), "tests", null, true, image.Value);
        var (_, document) = Write(writer, _ => deleted, catalog: catalog);
        Assert.Contains("\"colour\":\"red\"", Encoding.UTF8.GetString(document.NewChunks.Single().Bytes.Span), StringComparison.Ordinal);
    }

    private Admission Around(CatalogChunk chunk, Func<SiteManifest, SiteManifest> change)
    {
        var manifest = change(_first.Manifest with { Chunks = [chunk.Ref], Hlc = new HybridTime(Math.Max(_first.Manifest.Hlc.Ms, chunk.Newest.Ms), 9) });
        return Admit(_fleet.Resigned(manifest), new Dictionary<Sha256Digest, ReadOnlyMemory<byte>> { [chunk.Sha256] = chunk.Bytes });
    }

    private Admission Admit(byte[] envelope, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>>? chunks = null) =>
        _fleet.Catalog().Admit(envelope, chunks ?? _first.ChunkBytes, SomeFleet.Now);

    private (SiteWriter Writer, SignedDocument Document) Write(
        SiteWriter writer, Func<Stamp, Entry>? entry, DateTimeOffset? at = null, FleetCatalog? catalog = null)
    {
        var (now, state) = (at ?? SomeFleet.Now, catalog ?? _fleet.Catalog());
        var outcome = writer.Write(state, entry is null ? [] : [entry(writer.NextStamp(state, ClockReading.Of(now)))], _fleet.Signers[writer.Site], ClockReading.Of(now));
        var written = Assert.IsType<WriteOutcome.Written>(outcome);
        return (written.Writer, written.Document);
    }

    private static string? Rule(Admission admission) => (admission as Admission.Refused)?.Violation.Rule;
}
