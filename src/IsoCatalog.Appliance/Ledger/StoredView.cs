using System.Collections.Immutable;
using System.Globalization;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>What the site knew when it ended, read back from its signed documents and its database.</summary>
internal static class StoredView
{
    public const string EpochFact = "epoch";
    public const string ClockFact = "clock";

    /// <exception cref="SiteStartException">An own document, the trust documents or the database cannot be used.</exception>
    public static SiteView Load(
        SiteDatabase database,
        FleetDocuments documents,
        IReadOnlyDictionary<string, string> facts,
        IEnumerable<SurfaceStatus> surfaces,
        DateTimeOffset now,
        ILogger log)
    {
        var catalog = documents.Load(Number(facts, EpochFact), Number(facts, ClockFact), written: facts.ContainsKey(SiteDatabase.CatalogSigned));
        var statuses = surfaces
            .Select(s => facts.TryGetValue(AnswerFact(s.Name), out var ms) ? s with { AnswerChanged = Time(ms) } : s)
            .ToList();
        var names = statuses.Select(s => s.Name).ToHashSet(StringComparer.Ordinal);
        var view = SiteView.Of(
            // A receipt without an entry is an add that was never acknowledged; its file is an orphan of the store. An entry that a newer lie stands before counts.
            database.Tables.LoadStore().Where(s => catalog.IsNamed(s.Key)),
            // What is still visible of an image that nobody knows any more has to be taken out of sight.
            database.Tables.LoadCells().Where(c => names.Contains(c.Key.Surface) && (catalog.Images.ContainsKey(c.Key.Image) || c.Value.FileName is not null)),
            database.Tables.LoadOffered(),
            database.Tables.LoadComputed(),
            database.Tables.LoadLeases(),
            statuses) with
        {
            ReadTimes = database.Tables.LoadReadTimes(),
            History = CatalogHistory.Of(database.Tables.LoadChanges()),
            LeasesForgottenSince = LeasesForgottenSince(database, facts, catalog, now, log),
            AliasMoves = ImmutableDictionary.CreateRange(StringComparer.Ordinal, database.Tables.LoadAliasMoves().Select(m => KeyValuePair.Create(m.Alias, m))),
        };
        view = view.WithCatalog(catalog, now, out _) with { Others = OtherSites.Of(documents.Snapshot, documents.Clocks, catalog, view.Others, now) };
        foreach (var key in view.Cells.Keys.Where(k => !catalog.Images.ContainsKey(k.Image)).ToList())
        {
            view = view.WithdrawnEverywhere(
                key.Image, CellState.Withdrawn, ReasonCode.Removed, "The site that added the image does not count any more.", now);
        }

        var missed = view.Cells.Where(c => c.Value.State is CellState.Withdrawn or CellState.Quarantined && view.IsWanted(c.Key.Image));
        return view with { Missed = missed.ToImmutableDictionary(c => c.Key, c => new Missing(c.Value.Since, c.Value.Code, c.Value.Reason)) };
    }

    public static string AnswerFact(string surface) => "answer:" + surface;

    public static string Ms(DateTimeOffset time) => Text(time.ToUnixTimeMilliseconds());

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(IReadOnlyDictionary<string, string> facts, string name) =>
        long.Parse(facts.GetValueOrDefault(name, "0"), CultureInfo.InvariantCulture);

    private static DateTimeOffset Time(string ms) => DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(ms, CultureInfo.InvariantCulture));

    /// <summary>A database that is new while there is a signed catalog was lost; one that is new with an empty catalog is a new site.</summary>
    private static DateTimeOffset? LeasesForgottenSince(
        SiteDatabase database, IReadOnlyDictionary<string, string> facts, CatalogView catalog, DateTimeOffset now, ILogger log)
    {
        switch (facts.GetValueOrDefault(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing))
        {
            case SiteDatabase.ForgottenNothing:
                return null;
            case SiteDatabase.ForgottenNew when catalog.Images.IsEmpty:
                database.Write([new Row.Fact(SiteDatabase.LeasesForgotten, SiteDatabase.ForgottenNothing)]);
                return null;
            case SiteDatabase.ForgottenNew:
                database.Write([new Row.Fact(SiteDatabase.LeasesForgotten, Ms(now))]);
                Log.DatabaseLost(log);
                return Time(Ms(now));
            case var since:
                return Time(since);
        }
    }
}
