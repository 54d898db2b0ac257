using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class SiteWriterTests
{
    private readonly SomeFleet _fleet = new("ams");

    [Fact]
    public void A_change_makes_one_new_chunk_and_the_next_manifest()
    {
        var (writer, catalog) = Filled(40);
        var before = catalog.Heads["ams"];
        var written = Written(writer, catalog, SomeImages.Delete(7, 0));

        Assert.Equal(before.Seq + 1, written.Document.Ref.Seq);
        Assert.Equal(before.Sha256, written.Document.Manifest.Prev);
        var chunk = Assert.Single(written.Document.NewChunks);
        Assert.Equal(RegisterKey.OfImage(SomeImages.Id(7)).Bucket, chunk.Bucket);
        var next = Assert.IsType<Admission.Admitted>(catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, SomeFleet.Now));
        Assert.Equal(39, next.Catalog.View.Live.Count());
        Assert.Equal(catalog.View.Registers[RegisterKey.OfImage(SomeImages.Id(7))].Winner.Hash, next.Catalog.View.Registers[RegisterKey.OfImage(SomeImages.Id(7))].Winner.Entry.Obs);
        Assert.Single(next.Catalog.Sites["ams"].Retained);
    }

    [Fact]
    public void A_heartbeat_changes_no_chunk()
    {
        var (writer, catalog) = Filled(3);
        var written = (WriteOutcome.Written)writer.Write(catalog, [], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now.AddHours(1)));

        Assert.Empty(written.Document.NewChunks);
        Assert.Equal(SomeFleet.Now.AddHours(1).AddDays(7), written.Document.Manifest.Expires);
    }

    [Fact]
    public void A_new_start_is_a_new_epoch_that_restates_what_is_known_even_if_the_site_forgot_it()
    {
        var (_, catalog) = Filled(3);
        var writer = SiteWriter.Start(catalog, "ams", RandomId.New(), 5, new HybridTime(SomeFleet.Now.AddDays(1).ToUnixTimeMilliseconds(), 3));

        Assert.Equal((6, 0), (writer.Epoch, writer.Seq));
        Assert.Equal(catalog.Heads["ams"].Sha256, writer.Last);
        Assert.Equal(new Stamp(SomeFleet.Now.AddDays(1).ToUnixTimeMilliseconds(), 4, "ams"), writer.NextStamp(catalog, ClockReading.Of(SomeFleet.Now)));
        var first = Written(writer, catalog).Document;
        Assert.Equal((6, 1), (first.Ref.Epoch, first.Ref.Seq));
        Assert.Equal(first.Manifest.Chunks.Count, first.NewChunks.Count);
        Assert.Equal([first.Ref.Sha256], catalog.Admit(first.Envelope, first.ChunkBytes, SomeFleet.Now.AddDays(2)).Catalog.Sites["ams"].Retained.Select(d => d.Ref.Sha256));
    }

    [Fact]
    public void W_07_a_site_that_was_made_anew_counts_on_above_all_that_is_known_of_its_name()
    {
        var (_, catalog) = Filled(3);
        using var sign = SigningKey.Generate();
        using var tls = SigningKey.Generate();
        var last = catalog.Heads["ams"];
        _fleet.Advance(d => d.WithSiteRetired("ams", last));
        var chain = _fleet.Advance(d => d.WithSite("ams", sign.Public, tls.Public, lastEpoch: 41));

        // It knows nothing yet but the trust document.
        var writer = SiteWriter.Start(_fleet.Catalog("ams"), "ams", RandomId.New(), 0, default);
        Assert.Equal((42, 42), (chain.Current.Sites["ams"].MinEpoch, writer.Epoch));
        var written = (WriteOutcome.Written)writer.Write(_fleet.Catalog("ams"), [], sign, ClockReading.Of(SomeFleet.Now));
        var admitted = Assert.IsType<Admission.Admitted>(catalog.WithTrust(chain).Admit(written.Document.Envelope, written.Document.ChunkBytes, SomeFleet.Now));
        Assert.Empty(admitted.Forks);
        Assert.Equal(written.Document.Ref, admitted.Catalog.Heads["ams"]);
        Assert.Equal(3, admitted.Catalog.View.Live.Count());
    }

    [Fact]
    public void W_01_nothing_new_is_signed_under_an_expired_trust_document_but_the_heartbeat_goes_on()
    {
        var (writer, catalog) = Filled(1);
        var late = SomeFleet.Now + SomeFleet.Year;
        var entry = SomeImages.Put(2, 0) with { Stamp = writer.NextStamp(catalog, ClockReading.Of(late)) };

        Assert.Equal(Rules.WriteTrustExpired, Rule(writer.Write(catalog, [entry], _fleet.Signers["ams"], ClockReading.Of(late))));
        Assert.IsType<WriteOutcome.Written>(writer.Write(catalog, [], _fleet.Signers["ams"], ClockReading.Of(late)));
        Assert.IsType<WriteOutcome.Written>(writer.Write(catalog, [entry], _fleet.Signers["ams"], ClockReading.Of(late.AddTicks(-1))));
    }

    [Fact]
    public void W_02_a_key_that_is_not_the_sites_signs_nothing()
    {
        var (writer, catalog) = Filled(1);

        Assert.Equal(Rules.WriteKey, Rule(writer.Write(catalog, [], _fleet.TlsKeys["ams"], ClockReading.Of(SomeFleet.Now))));
    }

    [Fact]
    public void W_01_W_03_what_takes_away_brings_back_or_recalls_is_stopped_neither_by_the_end_of_the_trust_document_nor_by_a_doubted_clock()
    {
        var (writer, catalog) = Filled(1);
        var doubted = Doubted(SomeFleet.Now + SomeFleet.Year);
        foreach (var entry in new Entry[] { SomeImages.Delete(0, 0), SomeImages.Put(0, 0), Block(0) })
        {
            var stamped = entry with { Stamp = writer.NextStamp(catalog, doubted, entry.Key) };
            Assert.Equal((catalog.Clock.Ms, catalog.Clock.N + 1), (stamped.Stamp.Ms, stamped.Stamp.N));
            Assert.Equal(Rules.WriteTrustExpired, Rule(writer.Write(catalog, [stamped], _fleet.Signers["ams"], doubted)));
            var document = Assert.IsType<WriteOutcome.Written>(writer.Write(catalog, [stamped], _fleet.Signers["ams"], doubted, always: true)).Document;

            // Whoever has what this site had takes it at once, by the rules of any version.
            var other = Assert.IsType<Admission.Admitted>((catalog with { Self = "nyc" }).Admit(document.Envelope, document.ChunkBytes, SomeFleet.Now));
            Assert.Equal(stamped.Stamp, other.Catalog.View.Registers[entry.Key].Winner.Stamp);
        }
    }

    [Fact]
    public void W_03_under_a_doubted_clock_nothing_new_is_signed_and_the_refusal_says_whose_clock_says_what()
    {
        var (writer, catalog) = Filled(1);
        var doubted = Doubted(SomeFleet.Now);
        var entry = SomeImages.Put(2, 0) with { Stamp = writer.NextStamp(catalog, doubted) };

        Assert.Equal(Rules.WriteClock, Rule(writer.Write(catalog, [entry], _fleet.Signers["ams"], doubted)));
        Assert.Equal(Rules.WriteClock, Rule(writer.Write(catalog, [], _fleet.Signers["ams"], doubted)));
        Assert.Equal("nyc says noon", Assert.IsType<WriteOutcome.Refused>(writer.Write(catalog, [entry], _fleet.Signers["ams"], doubted)).Violation.Message);
    }

    [Fact]
    public void W_03_without_anything_admitted_a_recall_under_a_doubted_clock_is_stamped_when_the_trust_document_was_signed()
    {
        var (writer, catalog) = (_fleet.Writer("ams"), _fleet.Catalog("ams"));
        var stamp = writer.NextStamp(catalog, Doubted(DateTimeOffset.UnixEpoch), RegisterKey.OfBlock(SomeImages.Id(1)));

        Assert.Equal(new Stamp(SomeFleet.Now.ToUnixTimeMilliseconds(), 0, "ams"), stamp);
    }

    [Fact]
    public void What_was_stamped_in_the_future_is_left_out_of_what_is_signed_next_so_that_others_take_that_at_once_and_nothing_is_lost()
    {
        var (writer, catalog) = Filled(3);
        var others = catalog with { Self = "nyc" };
        (writer, catalog, var future) = Next(writer, catalog, ClockReading.Of(SomeFleet.Now.AddDays(300)), SomeImages.Put(9, 0));
        Assert.IsType<Admission.Pending>(others.Admit(future.Envelope, future.ChunkBytes, SomeFleet.Now));

        // The clock is right again, and others say so.
        var right = ClockReading.Of(SomeFleet.Now.AddMinutes(1)) with { Horizon = SomeFleet.Now.AddMinutes(6) };
        (writer, catalog, var next) = Next(writer, catalog, right, SomeImages.Put(5, 0));
        others = Assert.IsType<Admission.Admitted>(others.Admit(next.Envelope, next.ChunkBytes, SomeFleet.Now.AddMinutes(1))).Catalog;
        Assert.Equal([0, 1, 2, 5], Live(others));
        Assert.Equal([0, 1, 2, 5, 9], Live(catalog));
        Assert.Equal(Render.View(catalog.Joined()), Render.View(catalog.View));
        Assert.Equal(2, catalog.Sites["ams"].Retained.Length);

        // So is a removal, a heartbeat, and what the next start says again.
        (writer, catalog, next) = Next(writer, catalog, right, SomeImages.Delete(0, 0));
        others = Assert.IsType<Admission.Admitted>(others.Admit(next.Envelope, next.ChunkBytes, SomeFleet.Now.AddMinutes(1))).Catalog;
        Assert.Equal([1, 2, 5], Live(others));
        writer = SiteWriter.Start(catalog, "ams", RandomId.New(), writer.Epoch, writer.Clock);
        (writer, catalog, next) = Next(writer, catalog, right);
        others = Assert.IsType<Admission.Admitted>(others.Admit(next.Envelope, next.ChunkBytes, SomeFleet.Now.AddMinutes(1))).Catalog;
        Assert.Equal([1, 2, 5], Live(others));

        // When its time has come, one document says all of it.
        (_, catalog, next) = Next(writer, catalog, ClockReading.Of(SomeFleet.Now.AddDays(301)));
        others = Assert.IsType<Admission.Admitted>(others.Admit(next.Envelope, next.ChunkBytes, SomeFleet.Now.AddDays(301))).Catalog;
        Assert.Equal([1, 2, 5, 9], Live(others));
        Assert.Single(catalog.Sites["ams"].Retained);
    }

    [Fact]
    public void W_04_a_full_site_can_still_delete_and_recall()
    {
        _fleet.Advance(d => d with { Params = d.Params with { MaxEntries = 40 } });
        var (writer, catalog) = Filled(38);

        Assert.Equal(Rules.WriteRoom, Rule(Write(writer, catalog, SomeImages.Put(90, 0))));
        Assert.Equal(Rules.WriteRoom, Rule(Write(writer, catalog, SomeImages.Describe(1, 0, "x"))));
        Assert.IsType<WriteOutcome.Written>(Write(writer, catalog, SomeImages.Delete(1, 0)));
        Assert.IsType<WriteOutcome.Written>(Write(writer, catalog, Block(1), Block(2)));
        Assert.Equal(Rules.WriteRoom, Rule(Write(writer, catalog, Block(1), Block(2), Block(3))));
    }

    [Fact]
    public void W_05_a_stamp_that_is_old_or_foreign_is_refused()
    {
        var (writer, catalog) = Filled(1);

        Assert.Equal(Rules.WriteStamp, Rule(writer.Write(catalog, [SomeImages.Put(2, 5)], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now))));
        var foreign = SomeImages.Put(2, 0) with { Stamp = writer.NextStamp(catalog, ClockReading.Of(SomeFleet.Now)) with { Site = "nyc" } };
        Assert.Equal(Rules.WriteStamp, Rule(writer.Write(catalog, [foreign], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now))));
    }

    [Fact]
    public void W_05_what_a_site_says_by_itself_of_an_image_that_nobody_described_is_weaker_than_any_word()
    {
        var (writer, catalog) = Filled(2);
        var recognised = SomeImages.Describe(1, 0, "recognised") with { Stamp = Stamp.Weakest("ams") };

        var written = Assert.IsType<WriteOutcome.Written>(writer.Write(catalog, [recognised], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now)));
        catalog = Assert.IsType<Admission.Admitted>(catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, SomeFleet.Now)).Catalog;
        Assert.Equal("recognised", catalog.View.Images[SomeImages.Id(1)].Title);

        // Only the first word of all, only of a description, and only the site's own.
        foreach (var wrong in (Entry[])[recognised, recognised with { Image = SomeImages.Id(0), Stamp = Stamp.Weakest("nyc") }, SomeImages.Put(9, 0) with { Stamp = Stamp.Weakest("ams") }])
        {
            Assert.Equal(Rules.WriteStamp, Rule(written.Writer.Write(catalog, [wrong], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now))));
        }

        // What anybody says is newer, though it was said before, and in whatever order it comes.
        Entry[] all = [SomeImages.Put(1, 5), recognised, SomeImages.Describe(1, 1, "somebody's", "nyc"), SomeImages.Describe(1, 0, "recognised there") with { Stamp = Stamp.Weakest("zrh") }];
        Assert.Equal("somebody's", CatalogView.Empty.With(all).Images[SomeImages.Id(1)].Title);
        Assert.Equal("somebody's", CatalogView.Empty.With(all.Reverse()).Images[SomeImages.Id(1)].Title);
        Assert.Equal("recognised there", CatalogView.Empty.With(all.Where(e => e.Stamp.Site != "nyc")).Images[SomeImages.Id(1)].Title);
    }

    [Fact]
    public void W_06_an_entry_that_others_would_refuse_is_not_signed()
    {
        var (writer, catalog) = Filled(1);

        Assert.Equal(Rules.WriteEntry, Rule(Write(writer, catalog, SomeImages.Put(2, 0, "ams", "../x.iso"))));
        Assert.Equal(Rules.WriteEntry, Rule(Write(writer, catalog, SomeImages.Put(2, 0) with { By = new string('x', 129) })));
        var big = SomeImages.Describe(2, 0, "x");
        Assert.Equal(Rules.WriteEntry, Rule(Write(writer, catalog, big with { Value = big.Value with { Titles = Enumerable.Range(0, 30).ToDictionary(i => $"{i}", _ => new string('x', 300)) } })));
    }

    [Fact]
    public void A_stamp_never_counts_beyond_what_a_reader_takes()
    {
        var stamp = Stamp.Next(new Stamp(9_000_000_000_000, Stamp.MaxN, "ams"), SomeFleet.Now, "ams");

        Assert.Equal(new Stamp(9_000_000_000_001, 0, "ams"), stamp);
    }

    [Fact]
    public void The_reference_clock_is_the_lower_median_of_all()
    {
        DateTimeOffset At(int seconds) => SomeFleet.Now.AddSeconds(seconds);

        Assert.Equal(At(0), ReferenceClock.LowerMedian([At(0)]));
        Assert.Equal(At(0), ReferenceClock.LowerMedian([At(5000), At(0)]));
        Assert.Equal(At(0), ReferenceClock.LowerMedian([At(0), At(99), At(-99)]));
        Assert.Equal(At(-1), ReferenceClock.LowerMedian([At(0), At(-1), At(99), At(-99)]));
    }

    private static ClockReading Doubted(DateTimeOffset now) => new(now, SomeFleet.Now, DateTimeOffset.MaxValue, "nyc says noon");

    private static IEnumerable<int> Live(FleetCatalog catalog) => Enumerable.Range(0, 20).Where(i => catalog.View.Live.Any(l => l.Id == SomeImages.Id(i)));

    private (SiteWriter Writer, FleetCatalog Catalog, SignedDocument Document) Next(SiteWriter writer, FleetCatalog catalog, ClockReading clock, params Entry[] entries)
    {
        var written = Assert.IsType<WriteOutcome.Written>(writer.Write(
            catalog, [.. entries.Select(e => e with { Stamp = writer.NextStamp(catalog, clock, e.Key) })], _fleet.Signers["ams"], clock));
        var admitted = Assert.IsType<Admission.Admitted>(catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, clock.Reference));
        return (written.Writer, admitted.Catalog, written.Document);
    }

    private (SiteWriter Writer, FleetCatalog Catalog) Filled(int images)
    {
        var (writer, catalog) = (_fleet.Writer("ams"), _fleet.Catalog("ams"));
        var written = Written(writer, catalog, [.. Enumerable.Range(0, images).Select(i => SomeImages.Put(i, 0))]);
        return (written.Writer, catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, SomeFleet.Now).Catalog);
    }

    private WriteOutcome.Written Written(SiteWriter writer, FleetCatalog catalog, params Entry[] entries) => Assert.IsType<WriteOutcome.Written>(Write(writer, catalog, entries));

    private WriteOutcome Write(SiteWriter writer, FleetCatalog catalog, params Entry[] entries)
    {
        var stamp = writer.NextStamp(catalog, ClockReading.Of(SomeFleet.Now));
        return writer.Write(catalog, [.. entries.Select(e => e with { Stamp = stamp })], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now));
    }

    private static BlockEntry Block(int image) => new(SomeImages.Id(image), new Stamp(0, 0, "ams"), "tests", "CVE", false);

    private static string? Rule(WriteOutcome outcome) => (outcome as WriteOutcome.Refused)?.Violation.Rule;
}
