using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>
/// Says when one site changed more than is usual within an hour, or removed what was protected. Its word is obeyed all the same: this only makes somebody look. Called in the turn; not thread-safe.
/// </summary>
internal sealed class ChangeAlarms(SiteAlarms alarms, ChangeLimits limits)
{
    private const int Named = 5;

    private readonly Dictionary<(string Code, string Signer), (int Count, DateTimeOffset At, DateTimeOffset Since)> _said = [];
    private volatile ChangeLimits _limits = limits;

    public ChangeLimits Limits
    {
        set => _limits = value;
    }

    public void Look(SiteView before, SiteView after, DateTimeOffset now)
    {
        if (ReferenceEquals(before.History, after.History))
        {
            return;
        }

        foreach (var signer in after.History.Since(now - ChangeLimits.Window).Select(change => change.Signer).Distinct(StringComparer.Ordinal).ToList())
        {
            Say(
                SiteAlarms.ManyChanges, signer, now, seen => _limits.TooMany(after.History, after.Signed, signer, now, seen, image => after.FileOf(image) is StoreFile.Present),
                (changes, since) => $"{signer} changed at least {changes.Count} things of the catalog within an hour: {Kinds(changes)}. If that was not meant to be, take it back: "
                    + $"isocatalog restore --by {signer} --since {since}. Then find out who signs there; docs/operations says how.");
            Say(
                SiteAlarms.ProtectedRemoved, signer, now, seen => Protected(after.History, signer, now, seen),
                (changes, since) => $"{signer} removed what was protected: {Names(after, changes)}{Who(changes)}. It was obeyed. If that was not meant to be: "
                    + $"isocatalog restore --by {signer} --since {since}.");
        }
    }

    // Said again only when it has become much more: each time it is news to everybody who listens. What stands since before a restart was said.
    private void Say(
        string code, string signer, DateTimeOffset now, Func<DateTimeOffset, IReadOnlyList<CatalogChange>?> find, Func<IReadOnlyList<CatalogChange>, string, string> reason)
    {
        var key = (code, signer);
        var stands = alarms.Standing.Any(alarm => alarm.Code == code && alarm.Site == signer);
        var isSaid = _said.TryGetValue(key, out var said);
        if (find(stands ? default : said.At) is not { Count: > 0 } changes)
        {
            return;
        }

        var since = changes.Min(change => change.At) is var first && stands && isSaid && said.Since < first ? said.Since : first;
        if (stands && (!isSaid || changes.Count < 2 * said.Count))
        {
            _said.TryAdd(key, (changes.Count, now, since));
            return;
        }

        _said[key] = (changes.Count, now, since);
        alarms.Set(code, reason(changes, since.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture)), signer);
    }

    private static List<CatalogChange> Protected(CatalogHistory history, string signer, DateTimeOffset now, DateTimeOffset seen) =>
    [
        .. history.All.Where(change =>
            change.Kind is ChangeKind.ProtectedRemoved && change.Signer == signer && change.At > seen && change.At > now - ChangeLimits.Window),
    ];

    private static string Kinds(IReadOnlyList<CatalogChange> changes) => string.Join(", ", changes.GroupBy(change => change.Kind).OrderByDescending(group => group.Count())
        .Select(group => $"{group.Count()} {Word(group.Key)}"));

    private static string Word(ChangeKind kind) => kind switch
    {
        ChangeKind.AliasMoved => "aliases moved",
        ChangeKind.Described => "described anew",
        ChangeKind.Hidden => "hidden",
        ChangeKind.Claimed => "said to be other bytes",
        ChangeKind.ProtectedRemoved => "removed though protected",
        ChangeKind.Recalled => "recalled",
        ChangeKind.RecallEnded => "recalls taken back",
        ChangeKind.Removed => "removed",
        ChangeKind.Restored => "restored",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static string Names(SiteView view, IReadOnlyList<CatalogChange> changes) =>
        string.Join(", ", changes.Take(Named).Select(change => view.NameOf(change.Register.Image))) + (changes.Count > Named ? $" and {changes.Count - Named} more" : "");

    /// <summary>Who asked for it there, as that site says.</summary>
    private static string Who(IReadOnlyList<CatalogChange> changes) =>
        changes.Select(change => change.Is.Entry.By).Distinct(StringComparer.Ordinal).ToList() is [var one] ? $" (asked for by '{one}', as it says)" : "";
}
