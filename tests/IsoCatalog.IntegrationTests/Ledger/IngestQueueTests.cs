using System.Diagnostics.Metrics;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>The adds that run.</summary>
public sealed class IngestQueueTests
{
    /// <summary>A job that is said to run for ever hides the defect, and is never forgotten.</summary>
    [Fact]
    public async Task An_add_that_ends_in_a_defect_ends_and_says_so()
    {
        await using var held = await HeldSite.OpenAsync();
        using var meter = new Meter("test");
        var reserve = new Reserve(held.Folders, 1 << 20, held.Alarms);
        var ingest = new Ingest(
            held.Folders, held.Store, held.Ledger, held.Catalog, new DiskRoom(held.Folders, reserve, 1 << 20), held.Time, new IngestMetrics(meter),
            new OsinfoDatabase([], NullLogger<OsinfoDatabase>.Instance), Task.CompletedTask, NullLogger<Ingest>.Instance);
        using var queue = new IngestQueue(
            ingest, held.Time, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), NullLogger<IngestQueue>.Instance);
        var job = queue.Start(new OfNoKind());
        var refusal = Assert.IsType<Outcome<CatalogImage>.Refused>(await job.Work!.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)).Refusal;
        Assert.Equal(RefusalCode.Unexpected, refusal.Code);
        Assert.NotNull(job.Ended);
        Assert.Same(refusal, ((Outcome<CatalogImage>.Refused)job.Outcome!).Refusal);
        Assert.Empty(Directory.GetFiles(held.Folders.Staging));

        // And none holds a place: of those that are received, nor of the two that copy.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        for (var i = 0; i < 65; i++)
        {
            Assert.Equal(RefusalCode.Unexpected, Code(await queue.RunAsync(new IngestRequest.FromStream(new Defective(), null, "debian.iso", "test"), limit.Token)));
        }

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(RefusalCode.SourceMissing, Code(await queue.RunAsync(new IngestRequest.FromFile("/nonexistent/debian.iso", "debian.iso", "test"), limit.Token)));
        }
    }

    private static string Code(Outcome<CatalogImage> outcome) => Assert.IsType<Outcome<CatalogImage>.Refused>(outcome).Refusal.Code;

    private sealed class Defective : MemoryStream
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw new InvalidOperationException("A defect.");
    }

    private sealed record OfNoKind() : IngestRequest("debian.iso", "debian.iso", "test")
    {
        public override long? Length => null;
    }
}
