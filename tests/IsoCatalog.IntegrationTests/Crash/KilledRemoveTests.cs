using Xunit;

namespace IsoCatalog.IntegrationTests.Crash;

/// <summary>kill -9 at each fsync, rename, unlink and commit of a remove.</summary>
public sealed class KilledRemoveTests(ITestOutputHelper output)
{
    private static readonly string[] RemoveSteps =
    [
        "fsync catalog/chunks/.ROOT.json.tmp",
        "rename catalog/chunks/.ROOT.json.tmp -> catalog/chunks/ROOT.json",
        "fsync catalog/chunks",
        "fsync catalog/documents/ams/.ROOT.json.tmp",
        "rename catalog/documents/ams/.ROOT.json.tmp -> catalog/documents/ams/ROOT.json",
        "fsync catalog/documents/ams",
        "fsync isocatalog.db-journal",
        "fsync data",
        "fsync isocatalog.db-journal",
        "fsync isocatalog.db",
        "unlink isocatalog.db-journal",
        "fsync data",
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
    public async Task A_remove_survives_a_kill_at_every_step()
    {
        var seen = await StepKill.AtEachAsync(async (crash, step) =>
        {
            var name = crash.NewImage();
            await crash.AddAsync(name);
            var acknowledged = false;
            var (steps, done) = await StepKill.AtAsync(
                crash,
                step,
                async cancel =>
                {
                    await crash.RemoveAsync(name, cancel);
                    acknowledged = true;
                },
                async () => (await crash.Site.Client.GetImageAsync(crash.IdOf(name), Cancellation)).Store.State == "retired",
                output);
            StepKill.AssertPrefix(RemoveSteps, steps);
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
            return (steps, done);
        });
        Assert.Empty(RemoveSteps.Concat(WithdrawSteps).Except(seen));
    }
}
