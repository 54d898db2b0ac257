using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>How much a site may put into the catalog is decided by the trust document and the site's own document, and by nothing else.</summary>
public sealed class QuotaTests
{
    private readonly SomeFleet _fleet = new("ams", "nyc");

    private static readonly Dictionary<string, SiteQuota> Quotas = new()
    {
        ["entries"] = new SiteQuota { Since = 0, Entries = 16 },
        ["names"] = new SiteQuota { Since = 0, Names = 10 },
        ["aliases"] = new SiteQuota { Since = 0, Aliases = 2 },
        ["bytes"] = new SiteQuota { Since = 0, Bytes = 2048 * 80 },
    };

    public static TheoryData<string> Small => [.. Quotas.Keys];

    [Theory]
    [MemberData(nameof(Small))]
    public void M_16_a_document_beyond_any_part_of_the_quota_is_refused_as_a_whole_and_blamed_on_its_signer(string of)
    {
        var quota = Quotas[of];
        var within = Signed(_fleet.Writer("ams"), _fleet.Catalog("ams"), [.. Images(0, 10), .. Aliases(2)]).Document;
        var beyond = Signed(_fleet.Writer("ams"), _fleet.Catalog("ams"), [.. Images(0, 15), .. Aliases(3)]).Document;
        _fleet.Advance(d => d.WithQuota(quota));
        var manifest = beyond.Manifest with { Trust = _fleet.Chain.Newest.Ref };

        var refused = Assert.IsType<Admission.Refused>(_fleet.Catalog("nyc").Admit(_fleet.Resigned(manifest), beyond.ChunkBytes, SomeFleet.Now));
        Assert.Equal((Rules.ManifestQuota, "ams"), (refused.Violation.Rule, refused.Violation.Signer));
        Assert.Contains("are allowed", refused.Violation.Message, StringComparison.Ordinal);
        Assert.Empty(refused.Catalog.View.Images);
        Assert.IsType<Admission.Admitted>(
            _fleet.Catalog("nyc").Admit(_fleet.Resigned(within.Manifest with { Trust = _fleet.Chain.Newest.Ref }), within.ChunkBytes, SomeFleet.Now));
    }

    [Fact]
    public void M_16_too_many_entries_are_refused_before_their_chunks_are_asked_for()
    {
        var document = Signed(_fleet.Writer("ams"), _fleet.Catalog("ams"), [.. Images(0, 17)]).Document;
        _fleet.Advance(d => d.WithQuota(new SiteQuota { Since = 0, Entries = 16 }));

        var refused = _fleet.Catalog("nyc").Admit(_fleet.Resigned(document.Manifest with { Trust = _fleet.Chain.Newest.Ref }), SomeFleet.Nothing, SomeFleet.Now);
        Assert.Equal(Rules.ManifestQuota, Assert.IsType<Admission.Refused>(refused).Violation.Rule);
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void What_was_signed_before_the_quota_is_not_weighed_whenever_it_comes(string of)
    {
        var quota = Quotas[of];
        var document = Signed(_fleet.Writer("ams"), _fleet.Catalog("ams"), [.. Images(0, 15), .. Aliases(3)]).Document;
        var before = Take(_fleet.Catalog("nyc"), document);
        var chain = _fleet.Advance(d => d.WithQuota(quota));

        Assert.Equal(15, before.WithTrust(chain).View.Live.Count());
        Assert.Equal(Render.View(before.View), Render.View(Take(_fleet.Catalog("nyc"), document).View));
        Assert.Equal(Render.View(before.View), Render.View(before.WithTrust(_fleet.Advance(d => d)).View));
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void W_04_a_site_adds_up_to_its_quota_and_no_further_and_what_it_signs_is_taken_by_others(string of)
    {
        var quota = Quotas[of];
        _fleet.Advance(d => d.WithQuota(quota));
        var (writer, catalog, others) = (_fleet.Writer("ams"), _fleet.Catalog("ams"), _fleet.Catalog("nyc"));
        var added = 0;
        WriteOutcome outcome;
        while ((outcome = Write(writer, catalog, Images(added, 1).Append<Entry>(Alias(added)))) is WriteOutcome.Written written)
        {
            (writer, catalog, others) = (written.Writer, Take(catalog, written.Document), Take(others, written.Document));
            added++;
        }

        Assert.Equal(of switch { "entries" => 7, "names" => 10, "aliases" => 2, _ => 12 }, added);
        var refused = Assert.IsType<WriteOutcome.Refused>(outcome).Violation;
        Assert.Equal(Rules.WriteRoom, refused.Rule);
        Assert.Contains("isocatalog trust quota", refused.Message, StringComparison.Ordinal);

        // One goes, and one comes; where tombstones count it does not.
        var gone = Assert.IsType<WriteOutcome.Written>(Write(writer, catalog, [SomeImages.Delete(0, 0), Alias(0) with { Deleted = true }]));
        (writer, catalog, others) = (gone.Writer, Take(catalog, gone.Document), Take(others, gone.Document));
        Assert.Equal(quota.Entries is null, Write(writer, catalog, Images(50, 1).Select(e => e with { Value = e.Value with { Size = 1 } }).Append<Entry>(Alias(50))) is WriteOutcome.Written);
        Assert.IsType<WriteOutcome.Written>(Write(writer, catalog, [Block(1)]));
        Assert.Equal(Render.View(catalog.View), Render.View(others.View));
    }

    [Theory]
    [MemberData(nameof(Small))]
    public void A_site_that_was_beyond_when_the_quota_was_set_keeps_what_it_has_takes_away_and_recalls_and_says_all_of_it_once_it_fits(string of)
    {
        var quota = Quotas[of];
        var signed = Signed(_fleet.Writer("ams"), _fleet.Catalog("ams"), [.. Images(0, 15), .. Aliases(3)]);
        var (writer, catalog, others) = (signed.Writer, Take(_fleet.Catalog("ams"), signed.Document), Take(_fleet.Catalog("nyc"), signed.Document));
        var chain = _fleet.Advance(d => d.WithQuota(quota));
        (catalog, others) = (catalog.WithTrust(chain), others.WithTrust(chain));
        Assert.Equal(15, others.View.Live.Count());

        // The heartbeat, a start, a recall and removals, one by one.
        Say();
        writer = SiteWriter.Start(catalog, "ams", RandomId.New(), writer.Epoch, writer.Clock);
        Say();
        Assert.Equal(Rules.WriteRoom, Assert.IsType<WriteOutcome.Refused>(Write(writer, catalog, Images(70, 1).Append<Entry>(Alias(70)))).Violation.Rule);
        Say(Block(14));
        for (var i = 0; i < 9; i++)
        {
            Say(SomeImages.Delete(i, 0));
        }

        Say(Alias(0) with { Deleted = true });
        var newcomer = others.Sites["ams"].Retained.Reverse().Aggregate(
            _fleet.Catalog(), (c, d) => c.Admit(d.Envelope, d.Chunks.ToDictionary(k => k.Sha256, k => k.Bytes), SomeFleet.Now).Catalog);
        Assert.Equal(Render.View(others.View), Render.View(newcomer.View));

        // Removals do not take entries away, so of those there never is room again.
        Assert.Equal(quota.Entries is null ? 1 : 2, others.Sites["ams"].Retained.Length);
        Assert.False(others.Sites["ams"].Flooded);

        void Say(params Entry[] entries)
        {
            var written = Assert.IsType<WriteOutcome.Written>(Write(writer, catalog, entries));
            (writer, catalog, others) = (written.Writer, Take(catalog, written.Document), Take(others, written.Document));
            Assert.Equal(Render.View(catalog.View), Render.View(others.View));
            Assert.Equal(Render.View(others.Joined()), Render.View(others.View));
            Assert.Equal(written.Document.Ref, others.Heads["ams"]);
        }
    }

    [Fact]
    public void A_program_that_knows_the_quota_takes_over_from_one_that_went_beyond_it_and_nothing_of_its_own_list_is_lost()
    {
        var first = Signed(_fleet.Writer("ams"), _fleet.Catalog("ams"), [.. Images(0, 8)]);
        var (own, others) = (Take(_fleet.Catalog("ams"), first.Document), Take(_fleet.Catalog("nyc"), first.Document));
        var chain = _fleet.Advance(d => d.WithQuota(new SiteQuota { Since = 0, Names = 10 }));
        others = others.WithTrust(chain);

        // It signs under the new version, and passes over the member.
        var careless = Signed(first.Writer, own, [.. Images(8, 4)]);
        var manifest = careless.Document.Manifest with { Trust = chain.Newest.Ref };
        Assert.IsType<Admission.Refused>(others.Admit(_fleet.Resigned(manifest), careless.Document.ChunkBytes, SomeFleet.Now));
        var stored = Assert.IsType<Admission.Admitted>((_fleet.Catalog("ams") with { Trust = chain }).Admit(
            _fleet.Resigned(manifest), careless.Writer.Stated.Values.ToDictionary(c => c.Sha256, c => c.Bytes), SomeFleet.Now)).Catalog;
        Assert.Equal(12, stored.View.Live.Count());

        var writer = SiteWriter.Start(stored, "ams", RandomId.New(), 5, stored.Clock);
        var removal = Assert.IsType<WriteOutcome.Written>(Write(writer, stored, [SomeImages.Delete(0, 0), SomeImages.Delete(9, 0)]));
        (stored, others) = (Take(stored, removal.Document), Take(others, removal.Document));
        Assert.Equal((10, 10), (stored.View.Live.Count(), others.View.Live.Count()));
        Assert.Equal(Render.View(stored.View), Render.View(others.View));
    }

    [Fact]
    public void A_reader_that_does_not_know_the_quota_has_the_same_as_long_as_nobody_is_beyond_it()
    {
        var chain = _fleet.Advance(d => d.WithQuota(new SiteQuota { Since = 0, Names = 10 }));
        var tolerant = _fleet.Advance(d => d.WithQuota(null));
        var within = Signed(_fleet.Writer("ams"), _fleet.Catalog("ams") with { Trust = chain }, [.. Images(0, 10)]).Document;

        Assert.Equal(
            Render.View(Take(_fleet.Catalog("nyc") with { Trust = chain }, within).View), Render.View(Take(_fleet.Catalog("nyc") with { Trust = tolerant }, within).View));
    }

    [Fact]
    public void Whoever_learns_of_what_in_whatever_order_decides_the_same()
    {
        var seeds = Gen.Choose(0, int.MaxValue - 1);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(40), Prop.ForAll(seeds.ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var fleet = new SomeFleet("ams", "nyc");
            var chains = new List<TrustChain> { fleet.Chain };
            for (var version = random.Next(1, 4); version > 0; version--)
            {
                chains.Add(fleet.Advance(d => d.WithQuota(random.Next(4) == 0 ? null : new SiteQuota
                {
                    Since = 0,
                    Entries = random.Next(2) == 0 ? null : random.Next(16, 24),
                    Names = random.Next(2) == 0 ? null : random.Next(2, 12),
                    Bytes = random.Next(2) == 0 ? null : random.Next(2048, 2048 * 60),
                })));
            }

            // Somebody signs what he likes, under whatever version he likes.
            var documents = Enumerable.Range(0, 6).Select(i =>
            {
                var writer = fleet.Writer("ams") with { Epoch = i + 1 };
                Entry[] entries = [.. Images(random.Next(5), random.Next(1, 14)), .. Aliases(random.Next(3))];
                var document = Signed(fleet, writer, fleet.Catalog("ams") with { Trust = chains[0] }, entries).Document;
                return (Envelope: fleet.Resigned(document.Manifest with { Trust = chains[random.Next(chains.Count)].Newest.Ref }), document.ChunkBytes);
            }).ToArray();

            var views = Enumerable.Range(0, 3).Select(_ =>
            {
                var catalog = fleet.Catalog("nyc") with { Trust = chains[0] };
                foreach (var chain in chains)
                {
                    catalog = Offer(catalog.WithTrust(chain), random, documents.Where(_ => random.Next(2) == 0));
                }

                // In the end all have been offered everything, twice: what was refused before may count now.
                return Render.View(Offer(Offer(catalog, random, documents), random, documents).View);
            }).ToList();
            return views.TrueForAll(v => v == views[0]).Label($"{seed}");
        }));

        static FleetCatalog Offer(FleetCatalog catalog, Random random, IEnumerable<(byte[] Envelope, IReadOnlyDictionary<Core.Hashing.Sha256Digest, ReadOnlyMemory<byte>> Chunks)> documents)
        {
            var mixed = documents.ToArray();
            random.Shuffle(mixed);
            return mixed.Aggregate(catalog, (c, d) => c.Admit(d.Envelope, d.Chunks, SomeFleet.Now.AddDays(1)).Catalog);
        }
    }

    private static IEnumerable<ImageEntry> Images(int from, int count) => Enumerable.Range(from, count).Select(i => SomeImages.Put(i, 0));

    private static IEnumerable<AliasEntry> Aliases(int count) => Enumerable.Range(0, count).Select(Alias);

    private static AliasEntry Alias(int number) => new($"alias-{number}", SomeImages.Id(number), new Stamp(0, 0, "ams"), "tests", null, false);

    private static BlockEntry Block(int image) => new(SomeImages.Id(image), new Stamp(0, 0, "ams"), "tests", "CVE", false);

    private static FleetCatalog Take(FleetCatalog catalog, SignedDocument document) =>
        Assert.IsType<Admission.Admitted>(catalog.Admit(document.Envelope, document.ChunkBytes, SomeFleet.Now)).Catalog;

    private WriteOutcome.Written Signed(SiteWriter writer, FleetCatalog catalog, IEnumerable<Entry> entries) => Signed(_fleet, writer, catalog, entries);

    private static WriteOutcome.Written Signed(SomeFleet fleet, SiteWriter writer, FleetCatalog catalog, IEnumerable<Entry> entries) =>
        Assert.IsType<WriteOutcome.Written>(Write(fleet, writer, catalog, entries));

    private WriteOutcome Write(SiteWriter writer, FleetCatalog catalog, IEnumerable<Entry> entries) => Write(_fleet, writer, catalog, entries);

    private static WriteOutcome Write(SomeFleet fleet, SiteWriter writer, FleetCatalog catalog, IEnumerable<Entry> entries)
    {
        var stamp = writer.NextStamp(catalog, ClockReading.Of(SomeFleet.Now));
        return writer.Write(catalog, [.. entries.Select(e => e with { Stamp = stamp })], fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now));
    }
}
