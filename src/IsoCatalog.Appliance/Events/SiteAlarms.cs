using System.Collections.Immutable;

namespace IsoCatalog.Appliance.Events;

/// <summary>What stands wrong with the site as a whole until somebody does something: shown as drift for as long as it stands. Thread-safe.</summary>
internal sealed class SiteAlarms(EventLog events, TimeProvider time)
{
    public const string RootKeyPresent = "root-key-present";
    public const string TrustFork = "trust-fork";
    public const string DocumentsForked = "documents-forked";
    public const string RolledBack = "rolled-back";
    public const string FalsePair = "false-pair";
    public const string NotTrusted = "site-not-trusted";
    public const string ManyChanges = "many-changes";
    public const string ProtectedRemoved = "protected-removed";
    public const string ConfigurationRefused = "configuration-refused";
    public const string CertificateRefused = "certificate-refused";
    public const string RestartNeeded = "restart-needed";

    private readonly Lock _gate = new();
    private ImmutableSortedDictionary<string, SiteAlarm> _standing = ImmutableSortedDictionary.Create<string, SiteAlarm>(StringComparer.Ordinal);

    /// <summary>What happened once and cannot be seen any more: it stands until somebody has acknowledged it, over restarts too.</summary>
    public static IReadOnlyList<string> Acknowledged { get; } = [DocumentsForked, RolledBack, ManyChanges, ProtectedRemoved];

    public IEnumerable<SiteAlarm> Standing => _standing.Values;

    /// <summary>Raises it, or takes it back with null. The same words again are no news.</summary>
    /// <param name="site">The site that it is about, where there may be one for each.</param>
    public void Set(string code, string? reason, string? site = null)
    {
        var key = SiteAlarm.KeyOf(code, site);
        lock (_gate)
        {
            var before = _standing.GetValueOrDefault(key);
            if (before?.Reason == reason)
            {
                return;
            }

            _standing = reason is null ? _standing.Remove(key) : _standing.SetItem(key, new SiteAlarm(code, reason, before?.Since ?? time.GetUtcNow(), site));
        }

        events.Add("drift", reason ?? $"{code}: no longer so", code: code, over: reason is null);
    }

    /// <summary>What stood when the site ended.</summary>
    public void Resume(SiteAlarm alarm)
    {
        lock (_gate)
        {
            _standing = _standing.SetItem(alarm.Key, alarm);
        }
    }
}

/// <param name="Code">Stable, for alerts.</param>
/// <param name="Reason">What, where, and what to do.</param>
/// <param name="Site">The site that it is about, where there may be one for each.</param>
internal sealed record SiteAlarm(string Code, string Reason, DateTimeOffset Since, string? Site = null)
{
    public string Key => KeyOf(Code, Site);

    public static string KeyOf(string code, string? site) => site is null ? code : $"{code}/{site}";
}
