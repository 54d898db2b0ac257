using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>kill -9 at each fsync, rename, link, unlink and commit of an add and of its publication.</summary>
public sealed class KilledAddTests(ITestOutputHelper output)
{
    /// <summary>From the upload's last byte to its acknowledgement; one thread, so the order is fixed.</summary>
    private static readonly string[] AddSteps =
    [
        "fsync staging/*",
        "fsync staging",
        "fsync store/aa/.ROOT.torrent.tmp",
        "rename store/aa/.ROOT.torrent.tmp -> store/aa/ROOT.torrent",
        "fsync store/aa",
        "rename staging/* -> store/aa/ROOT",
        "fsync store/aa",
        "fsync staging",
        "fsync isocatalog.db-journal",
        "fsync data",
        "fsync isocatalog.db-journal",
        "fsync isocatalog.db",
        "unlink isocatalog.db-journal",
        "fsync data",
        "fsync catalog/chunks/.ROOT.json.tmp",
        "rename catalog/chunks/.ROOT.json.tmp -> catalog/chunks/ROOT.json",
        "fsync catalog/chunks",
        "fsync catalog/documents/ams/.ROOT.json.tmp",
        "rename catalog/documents/ams/.ROOT.json.tmp -> catalog/documents/ams/ROOT.json",
        "fsync catalog/documents/ams",
    ];

    /// <summary>What follows, beside what surfaces and keepers do meanwhile.</summary>
    private static readonly string[] PublishSteps =
    [
        "unlink staging/*.ROOT",
        "fsync console/.isocatalog/ROOT.part",
        "fsync console/.isocatalog",
        "fsync console/.isocatalog/own/.NAME.tmp",
        "rename console/.isocatalog/own/.NAME.tmp -> console/.isocatalog/own/NAME",
        "fsync console/.isocatalog/own",
        "renameat2 console/.isocatalog/ROOT.part -> console/NAME",
        "fsync console",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_add_and_its_publication_survive_a_kill_at_every_step()
    {
        var seen = await StepKill.AtEachAsync(async (crash, step) =>
        {
            var name = crash.NewImage();
            var (steps, done) = await StepKill.AtAsync(crash, step, cancel => crash.UploadAsync(name, cancel), () => crash.IsAdvertisedAsync(name), output);
            StepKill.AssertPrefix(AddSteps, steps);
            await crash.Site.StartAgainAsync(Cancellation);
            await crash.CheckAsync();
            await crash.CheckNoOrphansAsync();
            try
            {
                await crash.AddAsync(name);
            }
            catch (ApplianceException e) when (e.Problem.Code == "already-in-catalog")
            {
                // It is in the catalog already: then it must come up by itself.
                await crash.AdvertisedAsync(name);
            }

            await crash.CheckNoDriftAsync();
            await crash.RemoveAsync(name, Cancellation);
            await crash.CheckRestorableAsync(name);
            return (steps, done);
        });
        Assert.Empty(AddSteps.Concat(PublishSteps).Except(seen));
    }
}
