using System.Globalization;
using IsoCatalog.Appliance.Events;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>The alarms that stand until somebody has acknowledged them, as small facts of the database. Called in the turn; not thread-safe.</summary>
internal sealed class StandingAlarms
{
    private const string Prefix = "alarm:";

    private readonly SiteAlarms _alarms;
    private Dictionary<string, string> _kept;

    /// <param name="facts">As they were when the site ended.</param>
    public StandingAlarms(SiteAlarms alarms, IReadOnlyDictionary<string, string> facts)
    {
        _alarms = alarms;
        _kept = facts.Where(f => f.Key.StartsWith(Prefix, StringComparison.Ordinal) && f.Value.Length > 0).ToDictionary();
        foreach (var (name, text) in _kept)
        {
            alarms.Resume(Read(name, text));
        }
    }

    /// <summary>What the database has to follow; empty when it says all that.</summary>
    public IReadOnlyList<Row> Rows()
    {
        var now = _alarms.Standing.Where(a => SiteAlarms.Acknowledged.Contains(a.Code)).ToDictionary(a => Prefix + a.Key, Text);
        List<Row> rows =
        [
            .. now.Where(a => _kept.GetValueOrDefault(a.Key) != a.Value).Select(a => new Row.Fact(a.Key, a.Value)),
            .. Gone(_kept.Keys.Except(now.Keys)),
        ];
        _kept = now;
        return rows;
    }

    /// <summary>What the database says once the alarms of that code are acknowledged; empty when none stands.</summary>
    public IReadOnlyList<Row> RowsWithout(string code) => [.. Gone(_alarms.Standing.Where(a => a.Code == code).Select(a => Prefix + a.Key))];

    private static IEnumerable<Row> Gone(IEnumerable<string> names) => names.Select(n => new Row.Fact(n, ""));

    private static string Text(SiteAlarm alarm) => $"{StoredView.Ms(alarm.Since)} {alarm.Reason}";

    private static SiteAlarm Read(string name, string text)
    {
        var (key, space) = (name[Prefix.Length..].Split('/'), text.IndexOf(' ', StringComparison.Ordinal));
        var since = DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(text.AsSpan(0, space), CultureInfo.InvariantCulture));
        return new SiteAlarm(key[0], text[(space + 1)..], since, key.ElementAtOrDefault(1));
    }
}
