using System.Collections.Immutable;

namespace IsoCatalog.Appliance.Events;

/// <summary>What stands wrong with the site as a whole until somebody does something: shown as drift for as long as it stands. Thread-safe.</summary>
internal sealed class SiteAlarms(EventLog events, TimeProvider time)
{
    public const string RootKeyPresent = "root-key-present";
    public const string TrustFork = "trust-fork";
    public const string DocumentsForked = "documents-forked";
    public const string FalsePair = "false-pair";
    public const string NotTrusted = "site-not-trusted";

    private readonly Lock _gate = new();
    private ImmutableSortedDictionary<string, SiteAlarm> _standing = ImmutableSortedDictionary<string, SiteAlarm>.Empty;

    public IEnumerable<SiteAlarm> Standing => _standing.Values;

    /// <summary>Raises it, or takes it back with null. The same words again are no news.</summary>
    public void Set(string code, string? reason)
    {
        lock (_gate)
        {
            var before = _standing.GetValueOrDefault(code);
            if (before?.Reason == reason)
            {
                return;
            }

            _standing = reason is null ? _standing.Remove(code) : _standing.SetItem(code, new SiteAlarm(code, reason, before?.Since ?? time.GetUtcNow()));
        }

        events.Add("drift", reason ?? $"{code}: no longer so", code: code, over: reason is null);
    }
}

/// <param name="Code">Stable, for alerts.</param>
/// <param name="Reason">What, where, and what to do.</param>
internal sealed record SiteAlarm(string Code, string Reason, DateTimeOffset Since);
