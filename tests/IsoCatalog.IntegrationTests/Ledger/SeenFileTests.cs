using System.Diagnostics.Metrics;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>What lies under a name that somebody looked at before may be something else when it is opened.</summary>
public sealed class SeenFileTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("another file")]
    [InlineData("a link to it")]
    [InlineData("a link elsewhere")]
    [InlineData("a pipe")]
    [InlineData("a folder")]
    public async Task A_file_that_is_not_the_one_that_was_looked_at_is_not_read(string instead)
    {
        await using var held = await HeldSite.OpenAsync();
        using var meter = new Meter("test");
        using var folder = new TempFolder();
        var ingest = new Ingest(
            held.Folders,
            held.Store,
            held.Ledger,
            held.Catalog,
            new DiskRoom(held.Folders, new Reserve(held.Folders, 1 << 20, held.Alarms), 1 << 20),
            held.Time,
            new IngestMetrics(meter),
            new OsinfoDatabase([], NullLogger<OsinfoDatabase>.Instance),
            Task.CompletedTask,
            NullLogger<Ingest>.Instance);
        using var queue = new IngestQueue(ingest, held.Time, new ApplicationLifetime(NullLogger<ApplicationLifetime>.Instance), NullLogger<IngestQueue>.Instance);
        var bytes = IsoBuilder.InMemory("SEEN", 100_000, 7);
        var path = folder.Write("x.iso", bytes);
        var request = new IngestRequest.FromFile(path, "x.iso", "inbox") { Seen = FileIdentity.Of(path, default) };
        var other = folder.Write("other", IsoBuilder.InMemory("OTHER", 100_000, 8));
        File.Move(path, folder.Combine("away"));
        switch (instead)
        {
            case "another file":
                File.Move(other, path);
                break;
            case "a link to it":
                File.CreateSymbolicLink(path, folder.Combine("away"));
                break;
            case "a link elsewhere":
                File.CreateSymbolicLink(path, other);
                break;
            case "a pipe":
                (await Counterpart.RunAsync("mkfifo", [path], Cancel)).Succeeded();
                break;
            default:
                Directory.CreateDirectory(path);
                break;
        }

        var refusal = Assert.IsType<Outcome<CatalogImage>.Refused>(await queue.RunAsync(request, Cancel)).Refusal;
        Assert.Contains(refusal.Code, (string[])[RefusalCode.SourceChanged, RefusalCode.SourceUnreadable]);
        Assert.Single(held.Ledger.View.Catalog.Images);
        Assert.Empty(Directory.GetFiles(held.Folders.Staging));
    }
}
