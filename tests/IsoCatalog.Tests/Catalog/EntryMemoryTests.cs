using System.Security.Cryptography;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Tests.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>Nothing else runs in this process meanwhile.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class MeasuredAlone;

/// <summary>What an entry costs in memory, all that the catalog makes of it included.</summary>
[Collection<MeasuredAlone>]
public sealed class EntryMemoryTests(ITestOutputHelper output)
{
    private const int Images = 9_000;

    /// <summary>A quarter above what was measured; docs/performance.md has the figures.</summary>
    private const int Most = 2_500;

    [Fact]
    public void An_image_with_its_description_costs_no_more_than_is_stated()
    {
        var (fleet, document) = Document();
        var before = Settled();
        var catalog = Admitted(fleet, document);
        var each = (Settled() - before) / (2 * Images);
        output.WriteLine($"{each} bytes for each of {2 * Images} entries, of which {document.ChunkBytes.Values.Sum(c => (long)c.Length) / (2 * Images)} are signed bytes");
        Assert.Equal(Images, catalog.View.Live.Count());
        GC.KeepAlive(document);
        Assert.InRange(each, 500, Most);
    }

    /// <summary>The bytes come anew, as from the network.</summary>
    private static FleetCatalog Admitted(SomeFleet fleet, SignedDocument document) => Assert.IsType<Admission.Admitted>(fleet.Catalog("nyc").Admit(
        document.Envelope, document.ChunkBytes.ToDictionary(c => c.Key, c => new ReadOnlyMemory<byte>(c.Value.ToArray())), SomeFleet.Now)).Catalog;

    private static (SomeFleet Fleet, SignedDocument Document) Document()
    {
        var fleet = new SomeFleet("ams", "nyc");
        var (writer, catalog) = (fleet.Writer("ams"), fleet.Catalog("ams"));
        var stamp = writer.NextStamp(catalog, ClockReading.Of(SomeFleet.Now));
        Entry[] entries = [.. Enumerable.Range(0, Images).SelectMany(i => new Entry[] { Put(i) with { Stamp = stamp }, SomeImages.Describe(i, 0, $"Debian GNU/Linux {i}") with { Stamp = stamp } })];
        return (fleet, ((WriteOutcome.Written)writer.Write(catalog, entries, fleet.Signers["ams"], ClockReading.Of(SomeFleet.Now))).Document);
    }

    /// <summary>With as much in its header as images have.</summary>
    private static ImageEntry Put(int number)
    {
        var entry = SomeImages.Put(number, 0, fileName: $"debian-12.{number}-amd64-netinst.iso");
        return entry with
        {
            Value = entry.Value with
            {
                Root = new Sha256Digest(SHA256.HashData(BitConverter.GetBytes(~number))),
                Iso = new ImageFacts
                {
                    VolumeId = $"Debian 12.{number} amd64 n",
                    PublisherId = "THE DEBIAN PROJECT",
                    ApplicationId = "XORRISO-1.5.4",
                    CreatedAt = SomeFleet.Now,
                    Bios = true,
                    Uefi = true,
                    Hybrid = true,
                    Arch = ["x86_64", "i686"],
                },
            },
        };
    }

    private static long Settled()
    {
        GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: true);
    }
}
