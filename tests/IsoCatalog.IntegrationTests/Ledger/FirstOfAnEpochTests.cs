using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ledger;

/// <summary>The first document after a start begins an epoch, which the database is to know first.</summary>
public sealed class FirstOfAnEpochTests
{
    private const string Fault =
        "CREATE TRIGGER fault BEFORE INSERT ON fact WHEN NEW.name = 'epoch' BEGIN SELECT RAISE(ABORT, 'a fault'); END";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_removal_and_a_recall_wait_for_no_database_and_it_follows_once_it_can(bool recall)
    {
        await using var held = await HeldSite.OpenAsync();
        held.Execute(Fault);

        if (recall)
        {
            Assert.IsType<Outcome<BlockEntry>.Done>(held.Catalog.Block(held.Id, "tests", "hole"));
        }
        else
        {
            Assert.IsType<Outcome<CatalogImage>.Done>(held.Catalog.Delete(held.Id, "tests", null));
        }

        Assert.False(held.Ledger.View.IsWanted(held.Id));
        Assert.Contains(held.Alarms.Standing, a => a.Code == ReasonCode.DatabaseFailed);
        held.Execute("DROP TRIGGER fault");
        await TestSite.EventuallyAsync(() => Task.FromResult(held.Alarms.Standing.All(a => a.Code != ReasonCode.DatabaseFailed)), Cancel);
        Assert.Equal(held.Ledger.Fleet.Epoch.ToString(System.Globalization.CultureInfo.InvariantCulture), await EpochAsync(held));
    }

    private static async Task<string> EpochAsync(HeldSite held) =>
        (await Counterpart.RunAsync("sqlite3", [held.Folders.Database, "SELECT value FROM fact WHERE name = 'epoch'"], Cancel)).Succeeded().Trim();
}
