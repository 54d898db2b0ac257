using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>A trust document sets aside what a site stamped in the future.</summary>
public sealed class ClockRepairTests
{
    private static readonly DateTimeOffset Future = SomeFleet.Now.AddDays(300);

    private readonly SomeFleet _fleet = new("ams", "nyc");
    private readonly SignedDocument _before;
    private readonly SignedDocument _future;
    private readonly FleetCatalog _author;
    private readonly SiteWriter _writer;

    public ClockRepairTests()
    {
        var catalog = _fleet.Catalog("ams");
        (_writer, catalog, _before) = Next(_fleet.Writer("ams"), catalog, SomeFleet.Now, SomeImages.Put(1, 0));
        (_writer, _author, _future) = Next(_writer, catalog, Future, SomeImages.Put(2, 0));
    }

    [Fact]
    public void What_is_stamped_above_does_not_count_and_everything_before_does()
    {
        var repaired = _author.WithTrust(Repaired());

        Assert.Equal([SomeImages.Id(1)], repaired.View.Live.Select(i => i.Id));
        Assert.Equal([SomeImages.Id(2)], repaired.SetAside.Select(e => e.Image));
        Assert.True(repaired.Clock.Ms <= SomeFleet.Now.ToUnixTimeMilliseconds());
        Assert.True(repaired.View.LastStamp!.Ms <= SomeFleet.Now.ToUnixTimeMilliseconds());
    }

    [Fact]
    public void All_sites_decide_the_same_in_whatever_order_they_learn_of_it_and_whatever_of_it_they_had()
    {
        var trust = Repaired();
        List<FleetCatalog> all =
        [
            _author.WithTrust(trust),
            Take(Take(_fleet.Catalog("nyc") with { Trust = trust }, _before), _future),
            Take(Take(_fleet.Catalog("nyc") with { Trust = trust }, _future), _before),
            (_fleet.Catalog("nyc") with { Trust = trust }).Admit(_future.Envelope, Both, SomeFleet.Now).Catalog,
            Take(_author.WithTrust(trust) with { Self = "nyc" }, _before),
            Retried(Take(Take(_fleet.Catalog("nyc"), _before), _future).WithTrust(trust)),
        ];

        Assert.All(all, c => Assert.Equal(Render.View(all[0].View), Render.View(c.View)));
        Assert.All(all, c => Assert.Equal(Render.View(c.Joined()), Render.View(c.View)));
    }

    [Fact]
    public void Knowing_of_the_repair_the_site_signs_again_and_readers_of_any_version_take_it_at_once()
    {
        var trust = Repaired();
        var repaired = _author.WithTrust(trust);
        var writer = SiteWriter.Start(repaired, "ams", RandomId.New(), _writer.Epoch, repaired.Clock);
        (writer, repaired, var again) = Next(writer, repaired, SomeFleet.Now.AddMinutes(1), SomeImages.Put(2, 0));

        // One that does not know what the member means: it held the document from the future back.
        var older = Take(Take(_fleet.Catalog("nyc"), _before), _future) with { Trust = Tolerant(trust) };
        older = Assert.IsType<Admission.Admitted>(older.Admit(again.Envelope, again.ChunkBytes, SomeFleet.Now.AddMinutes(1))).Catalog;
        Assert.Equal(Render.View(repaired.View), Render.View(older.View));
        Assert.Equal(new[] { SomeImages.Id(1), SomeImages.Id(2) }.Order(), repaired.View.Live.Select(i => i.Id).Order());

        // What was set aside is kept, told no more once it was added again, and later stamps count.
        Assert.Empty(repaired.SetAside);
        Assert.Equal([_future.Ref], repaired.Sites["ams"].SetAside.Select(d => d.Ref));
        Assert.Equal(again.Ref, repaired.Sites["ams"].Head!.Ref);
        (_, var later, _) = Next(writer, repaired, Future.AddDays(1), SomeImages.Put(3, 0));
        Assert.Contains(later.View.Live, i => i.Id == SomeImages.Id(3));
    }

    [Fact]
    public void Until_it_is_added_again_it_is_told_also_when_the_site_has_said_the_rest_anew()
    {
        var repaired = _author.WithTrust(Repaired());
        var writer = SiteWriter.Start(repaired, "ams", RandomId.New(), _writer.Epoch, repaired.Clock);
        (_, repaired, _) = Next(writer, repaired, SomeFleet.Now.AddMinutes(1));

        Assert.Equal([SomeImages.Id(2)], repaired.SetAside.Select(e => e.Image));
        Assert.Equal([SomeImages.Id(2)], repaired.WithTrust(_fleet.Advance(d => d)).SetAside.Select(e => e.Image));
    }

    [Fact]
    public void What_took_away_recalled_or_replaced_something_earlier_is_said_again_with_a_stamp_of_today()
    {
        var (writer, catalog, _) = Next(_writer, _author, SomeFleet.Now, SomeImages.Describe(4, 0, "first"), SomeImages.Put(5, 0), SomeImages.Put(6, 0));
        (writer, catalog, _) = Next(writer, catalog, SomeFleet.Now, SomeImages.Delete(6, 0));
        var block = new BlockEntry(SomeImages.Id(8), new Stamp(0, 0, "ams"), "tests", "CVE", false);
        (writer, catalog, _) = Next(writer, catalog, Future, SomeImages.Delete(1, 0), SomeImages.Describe(4, 0, "then"), SomeImages.Put(6, 0), block);
        var repaired = catalog.WithTrust(Repaired());
        var again = repaired.SaidAgain("ams").ToList();

        Assert.Equal(
            new[] { RegisterKey.OfImage(SomeImages.Id(1)), RegisterKey.OfImage(SomeImages.Id(6)), RegisterKey.OfMeta(SomeImages.Id(4)), RegisterKey.OfBlock(SomeImages.Id(8)) }.Order(),
            again.Select(e => e.Key).Order());
        writer = SiteWriter.Start(repaired, "ams", RandomId.New(), writer.Epoch, repaired.Clock);
        (_, repaired, var said) = Next(writer, repaired, SomeFleet.Now.AddMinutes(1), [.. again]);
        Assert.Equal(new[] { SomeImages.Id(5), SomeImages.Id(6) }.Order(), repaired.View.Live.Select(i => i.Id).Order());
        Assert.True(repaired.View.Images[SomeImages.Id(1)].Deleted);
        Assert.NotNull(repaired.View.BlockOf(SomeImages.Id(8)));
        Assert.True(said.Manifest.Hlc.Ms <= SomeFleet.Now.AddMinutes(1).ToUnixTimeMilliseconds());
        Assert.Empty(repaired.SaidAgain("ams"));
        Assert.Equal([SomeImages.Id(2)], repaired.SetAside.Select(e => e.Image));
    }

    [Fact]
    public void A_site_that_is_taken_out_or_comes_back_keeps_its_repairs()
    {
        Repaired();
        var chain = _fleet.Advance(d => d.WithSiteRetired("ams", _future.Ref));
        Assert.Equal([SomeImages.Id(1)], _author.WithTrust(chain).View.Live.Select(i => i.Id));
        using var sign = SigningKey.Generate();
        using var tls = SigningKey.Generate();
        chain = _fleet.Advance(d => d.WithSite("ams", sign.Public, tls.Public));
        Assert.Equal([SomeImages.Id(1)], _author.WithTrust(chain).View.Live.Select(i => i.Id));
    }

    [Fact]
    public void A_document_that_left_the_future_out_before_the_repair_leaves_no_clock_from_the_future_behind()
    {
        var (_, catalog, _) = Next(_writer, _author, SomeFleet.Now.AddMinutes(1), SomeImages.Put(3, 0));
        Assert.Equal(Future.ToUnixTimeMilliseconds(), catalog.Clock.Ms);
        var repaired = catalog.WithTrust(Repaired());
        var writer = SiteWriter.Start(repaired, "ams", RandomId.New(), 5, repaired.Clock);
        var said = Assert.IsType<WriteOutcome.Written>(writer.Write(repaired, [], _fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now.AddMinutes(2)))).Document;

        Assert.True(said.Manifest.Hlc.Ms <= SomeFleet.Now.AddMinutes(1).ToUnixTimeMilliseconds());
        Assert.Equal([SomeImages.Id(2)], repaired.SetAside.Select(e => e.Image));
    }

    [Fact]
    public void A_removal_is_said_again_also_where_the_document_before_it_is_still_known()
    {
        var clock = ClockReading.Of(Future);
        var written = (WriteOutcome.Written)_writer.Write(
            _author, [SomeImages.Delete(1, 0) with { Stamp = _writer.NextStamp(_author, clock, RegisterKey.OfImage(SomeImages.Id(1))) }], _fleet.Signers["ams"], clock);
        var trust = Repaired();
        var repaired = Take(Take(_author, written.Document).WithTrust(trust), _before);

        Assert.False(repaired.View.Images[SomeImages.Id(1)].Deleted);
        Assert.Equal([RegisterKey.OfImage(SomeImages.Id(1))], repaired.SaidAgain("ams").Select(e => e.Key));
    }

    private Dictionary<Sha256Digest, ReadOnlyMemory<byte>> Both => new(_before.ChunkBytes.Concat(_future.ChunkBytes));

    private TrustChain Repaired() => _fleet.Advance(d => d.WithClockRepaired("ams", SomeFleet.Now.AddMinutes(5)));

    /// <summary>The chain as a reader has it that passes over members that it does not know.</summary>
    private TrustChain Tolerant(TrustChain chain) => _fleet.Advance(d => d with
    {
        Sites = chain.Current.Sites.ToDictionary(s => s.Key, s => s.Value with { ClockRepairs = null }),
    });

    private static FleetCatalog Take(FleetCatalog catalog, SignedDocument document) => catalog.Admit(document.Envelope, document.ChunkBytes, SomeFleet.Now).Catalog;

    private static FleetCatalog Retried(FleetCatalog catalog) => catalog.Retry(SomeFleet.Now).Catalog;

    private (SiteWriter Writer, FleetCatalog Catalog, SignedDocument Document) Next(SiteWriter writer, FleetCatalog catalog, DateTimeOffset now, params Entry[] entries)
    {
        var clock = ClockReading.Of(now) with { Horizon = now.AddMinutes(5) };
        var written = Assert.IsType<WriteOutcome.Written>(writer.Write(
            catalog, [.. entries.Select(e => e with { Stamp = writer.NextStamp(catalog, clock, e.Key) })], _fleet.Signers["ams"], clock));
        return (written.Writer, catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, now).Catalog, written.Document);
    }
}
