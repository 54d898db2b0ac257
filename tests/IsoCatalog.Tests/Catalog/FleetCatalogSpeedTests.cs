using System.Diagnostics;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>Measures, and asserts no figure: run by hand.</summary>
public sealed class FleetCatalogSpeedTests(ITestOutputHelper output)
{
    [Fact(Explicit = true)]
    public void Twenty_sites_of_five_thousand_entries()
    {
        string[] sites = [.. Enumerable.Range(0, 20).Select(i => $"s{i}")];
        var fleet = new SomeFleet(sites);
        var parcels = new List<Parcel>();
        SiteWriter? last = null;
        for (var i = 0; i < sites.Length; i++)
        {
            var writer = fleet.Writer(sites[i]);
            var stamp = writer.NextStamp(fleet.Catalog(), ClockReading.Of(SomeFleet.Now));
            Entry[] entries = [.. Enumerable.Range(0, 2500).SelectMany(n => new Entry[] { SomeImages.Put((i * 2000) + n, 0), SomeImages.Describe((i * 2000) + n, 0, $"Image {n}") })];
            var written = (WriteOutcome.Written)writer.Write(fleet.Catalog(), [.. entries.Select(e => e with { Stamp = stamp })], fleet.Signers[sites[i]], ClockReading.Of(SomeFleet.Now));
            parcels.Add(Parcel.Of(written.Document, written.Writer));
            last = written.Writer;
        }

        for (var round = 0; round < 4; round++)
        {
            var before = GC.GetTotalMemory(forceFullCollection: true);
            var watch = Stopwatch.StartNew();
            var catalog = parcels.Aggregate(fleet.Catalog(), (c, p) => c.Admit(p.Envelope, p.Chunks, SomeFleet.Now).Catalog);
            var cold = watch.Elapsed;
            var memory = GC.GetTotalMemory(forceFullCollection: true) - before;
            watch.Restart();
            _ = catalog.Joined();
            var joined = watch.Elapsed;
            var times = new List<double>();
            var writer = last!;
            for (var i = 0; i < 20; i++)
            {
                var stamp = writer.NextStamp(catalog, ClockReading.Of(SomeFleet.Now));
                watch.Restart();
                var written = (WriteOutcome.Written)writer.Write(catalog, [SomeImages.Delete((19 * 2000) + i, 0, "s19") with { Stamp = stamp }], fleet.Signers["s19"], ClockReading.Of(SomeFleet.Now));
                var wrote = watch.Elapsed.TotalMilliseconds;
                watch.Restart();
                catalog = catalog.Admit(written.Document.Envelope, written.Document.ChunkBytes, SomeFleet.Now).Catalog;
                times.Add(watch.Elapsed.TotalMilliseconds);
                writer = written.Writer;
                if (i == 19)
                {
                    output.WriteLine($"cold {cold.TotalMilliseconds:F0} ms, join alone {joined.TotalMilliseconds:F0} ms, {memory >> 20} MiB; one change: written in {wrote:F1} ms, admitted in {times.Order().ElementAt(10):F1} ms (worst {times.Max():F1})");
                }
            }

            Assert.Equal(20, catalog.Heads.Count);
            GC.KeepAlive(catalog);
        }
    }
}
