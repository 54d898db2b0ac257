using System.Collections.Immutable;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Events;

/// <summary>The folders of which the kernel tells no changes: one drift for all of them, for as long as there is one. Thread-safe.</summary>
internal sealed class UnwatchedFolders(SiteAlarms alarms)
{
    private readonly Lock _gate = new();
    private ImmutableSortedDictionary<string, string> _reasons = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
    private string? _said;

    public IEnumerable<string> Folders => _reasons.Keys;

    /// <param name="folder">Absolute path.</param>
    /// <param name="reason">What, why, and what to do; null when it is watched, or is nothing to watch.</param>
    public void Set(string folder, string? reason)
    {
        lock (_gate)
        {
            _reasons = reason is null ? _reasons.Remove(folder) : _reasons.SetItem(folder, reason);

            // The same words as long as they are true: there may be hundreds, and each is no news.
            _said = _said is not null && _reasons.ContainsKey(_said) ? _said : _reasons.Keys.FirstOrDefault();
            alarms.Set(
                ReasonCode.WatchIncomplete,
                _said is null ? null : $"{_reasons[_said]} What happens there, and perhaps elsewhere, is noticed at the next check instead of at once. It is tried again.");
        }
    }
}
