using IsoCatalog.Client;
using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>kill -9 at each fsync, rename, link, unlink and commit of an add, a publish and a remove.</summary>
public sealed class KillAtEachStepTests(ITestOutputHelper output)
{
    private const int HoldMs = 50;

    /// <summary>From the upload's last byte to its acknowledgement; one thread, so the order is fixed.</summary>
    private static readonly string[] AddSteps =
    [
        "fsync staging/*",
        "fsync store/aa/.ROOT.torrent.tmp",
        "rename store/aa/.ROOT.torrent.tmp -> store/aa/ROOT.torrent",
        "fsync store/aa",
        "rename staging/* -> store/aa/ROOT",
        "fsync store/aa",
        "fsync staging",
        "fdatasync isocatalog.db-journal",
        "fdatasync data",
        "fdatasync isocatalog.db-journal",
        "fdatasync isocatalog.db",
        "unlink isocatalog.db-journal",
        "fsync catalog/chunks/.ROOT.json.tmp",
        "rename catalog/chunks/.ROOT.json.tmp -> catalog/chunks/ROOT.json",
        "fsync catalog/chunks",
        "fsync catalog/documents/ams/.ROOT.json.tmp",
        "rename catalog/documents/ams/.ROOT.json.tmp -> catalog/documents/ams/ROOT.json",
        "fsync catalog/documents/ams",
    ];

    private static readonly string[] PublishSteps =
    [
        "fsync console/.isocatalog/ROOT.part",
        "fsync console/.isocatalog",
        "fsync console/.isocatalog/own/.NAME.tmp",
        "rename console/.isocatalog/own/.NAME.tmp -> console/.isocatalog/own/NAME",
        "fsync console/.isocatalog/own",
        "renameat2 console/.isocatalog/ROOT.part -> console/NAME",
        "fsync console",
    ];

    private static readonly string[] RemoveSteps =
    [
        "fsync catalog/chunks/.ROOT.json.tmp",
        "rename catalog/chunks/.ROOT.json.tmp -> catalog/chunks/ROOT.json",
        "fsync catalog/chunks",
        "fsync catalog/documents/ams/.ROOT.json.tmp",
        "rename catalog/documents/ams/.ROOT.json.tmp -> catalog/documents/ams/ROOT.json",
        "fsync catalog/documents/ams",
        "fdatasync isocatalog.db-journal",
        "fdatasync data",
        "fdatasync isocatalog.db-journal",
        "fdatasync isocatalog.db",
        "unlink isocatalog.db-journal",
    ];

    private static readonly string[] WithdrawSteps =
    [
        "renameat2 console/NAME -> console/.isocatalog/NAME.going",
        "unlink console/.isocatalog/NAME.going",
        "unlink console/.isocatalog/own/NAME",
        "rename store/aa/ROOT -> retired/ROOT",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_add_and_its_publication_survive_a_kill_at_every_step()
    {
        await using var crash = await SiteUnderCrash.StartAsync(Cancellation);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var step = 1; ; step++)
        {
            var name = crash.NewImage();
            var (steps, done) = await KillAtAsync(crash, step, cancel => crash.UploadAsync(name, cancel), () => crash.IsAdvertisedAsync(name));
            AssertPrefix(AddSteps, steps);
            seen.UnionWith(steps);
            await crash.Site.StartAgainAsync(Cancellation);
            await crash.CheckAsync();
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
            if (done)
            {
                break;
            }
        }

        Assert.Empty(AddSteps.Concat(PublishSteps).Except(seen));
    }

    [Fact]
    public async Task A_remove_survives_a_kill_at_every_step()
    {
        await using var crash = await SiteUnderCrash.StartAsync(Cancellation);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var step = 1; ; step++)
        {
            var name = crash.NewImage();
            await crash.AddAsync(name);
            var acknowledged = false;
            var (steps, done) = await KillAtAsync(
                crash,
                step,
                async cancel =>
                {
                    await crash.RemoveAsync(name, cancel);
                    acknowledged = true;
                },
                async () => (await crash.Site.Client.GetImageAsync(crash.IdOf(name), Cancellation)).Store.State == "retired");
            AssertPrefix(RemoveSteps, steps);
            seen.UnionWith(steps);
            await crash.Site.StartAgainAsync(Cancellation);
            var offered = await crash.IsOfferedAsync(name);
            Assert.False(acknowledged && offered, $"{name} was removed, and is back after a kill at step {step}.");
            await crash.CheckAsync();
            if (offered)
            {
                await crash.RemoveAsync(name, Cancellation);
            }

            await crash.CheckNoDriftAsync();
            await crash.CheckRestorableAsync(name);
            if (done)
            {
                break;
            }
        }

        Assert.Empty(RemoveSteps.Concat(WithdrawSteps).Except(seen));
    }

    /// <summary>Runs the work and kills the site as the n-th step begins, or once it is all done.</summary>
    private async Task<(IReadOnlyList<string> Steps, bool Done)> KillAtAsync(
        SiteUnderCrash crash, int step, Func<CancellationToken, Task> work, Func<Task<bool>> isDone)
    {
        await crash.QuietAsync();
        await using var traced = await TracedSteps.AttachAsync(crash.Site, HoldMs, Cancellation);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var working = work(cut.Token);
        var done = false;
        while (traced.Steps().Count < step && !done)
        {
            await Task.Delay(2, Cancellation);
            done = working.IsCompletedSuccessfully && await isDone();
        }

        await crash.KillAsync();
        await cut.CancelAsync();
        try
        {
            await working;
        }
        catch (Exception e) when (e is ApplianceUnreachableException or ApplianceException or OperationCanceledException or IOException)
        {
            // Cut off: not acknowledged.
        }

        var steps = traced.Steps();
        output.WriteLine($"{step}: killed at {(steps.Count > 0 ? steps[^1] : "the start")} ({steps.Count})");
        return (steps, done);
    }

    private static void AssertPrefix(string[] expected, IReadOnlyList<string> steps)
    {
        var length = Math.Min(expected.Length, steps.Count);
        Assert.Equal(expected[..length], steps.Take(length));
    }
}
