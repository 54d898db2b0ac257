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
        var written = (WriteOutcome.Written)writer.Write(catalog, [], _fleet.Signers["ams"], SomeFleet.Now.AddHours(1), SomeFleet.Now.AddHours(1));

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
        Assert.Equal(new Stamp(SomeFleet.Now.AddDays(1).ToUnixTimeMilliseconds(), 4, "ams"), writer.NextStamp(catalog, SomeFleet.Now));
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
        var written = (WriteOutcome.Written)writer.Write(_fleet.Catalog("ams"), [], sign, SomeFleet.Now, SomeFleet.Now);
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
        var entry = SomeImages.Put(2, 0) with { Stamp = writer.NextStamp(catalog, late) };

        Assert.Equal(Rules.WriteTrustExpired, Rule(writer.Write(catalog, [entry], _fleet.Signers["ams"], late, late)));
        Assert.IsType<WriteOutcome.Written>(writer.Write(catalog, [], _fleet.Signers["ams"], late, late));
        Assert.IsType<WriteOutcome.Written>(writer.Write(catalog, [entry], _fleet.Signers["ams"], late.AddTicks(-1), late));
    }

    [Fact]
    public void W_02_a_key_that_is_not_the_sites_signs_nothing()
    {
        var (writer, catalog) = Filled(1);

        Assert.Equal(Rules.WriteKey, Rule(writer.Write(catalog, [], _fleet.TlsKeys["ams"], SomeFleet.Now, SomeFleet.Now)));
    }

    [Fact]
    public void W_03_a_clock_that_others_do_not_share_signs_nothing()
    {
        var (writer, catalog) = Filled(1);

        Assert.Equal(Rules.WriteClock, Rule(writer.Write(catalog, [], _fleet.Signers["ams"], SomeFleet.Now, SomeFleet.Now.AddMilliseconds(300_001))));
        Assert.Equal(Rules.WriteClock, Rule(writer.Write(catalog, [], _fleet.Signers["ams"], SomeFleet.Now, SomeFleet.Now.AddMilliseconds(-300_001))));
        Assert.IsType<WriteOutcome.Written>(writer.Write(catalog, [], _fleet.Signers["ams"], SomeFleet.Now, SomeFleet.Now.AddMilliseconds(300_000)));
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

        Assert.Equal(Rules.WriteStamp, Rule(writer.Write(catalog, [SomeImages.Put(2, 5)], _fleet.Signers["ams"], SomeFleet.Now, SomeFleet.Now)));
        var foreign = SomeImages.Put(2, 0) with { Stamp = writer.NextStamp(catalog, SomeFleet.Now) with { Site = "nyc" } };
        Assert.Equal(Rules.WriteStamp, Rule(writer.Write(catalog, [foreign], _fleet.Signers["ams"], SomeFleet.Now, SomeFleet.Now)));
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

        Assert.Equal(At(0), ReferenceClock.LowerMedian(At(0), []));
        Assert.Equal(At(0), ReferenceClock.LowerMedian(At(5000), [At(0)]));
        Assert.Equal(At(0), ReferenceClock.LowerMedian(At(0), [At(99), At(-99)]));
        Assert.Equal(At(-1), ReferenceClock.LowerMedian(At(0), [At(-1), At(99), At(-99)]));
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
        var stamp = writer.NextStamp(catalog, SomeFleet.Now);
        return writer.Write(catalog, [.. entries.Select(e => e with { Stamp = stamp })], _fleet.Signers["ams"], SomeFleet.Now, SomeFleet.Now);
    }

    private static BlockEntry Block(int image) => new(SomeImages.Id(image), new Stamp(0, 0, "ams"), "tests", "CVE", false);

    private static string? Rule(WriteOutcome outcome) => (outcome as WriteOutcome.Refused)?.Violation.Rule;
}
