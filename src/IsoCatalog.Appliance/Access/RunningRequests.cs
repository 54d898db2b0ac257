using System.Collections.Concurrent;
using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Access;

/// <summary>
/// The requests that run by a token: streams of events last for days. When the tokens change each is decided on anew, and who would not be let in any more is cut. Thread-safe.
/// </summary>
internal sealed class RunningRequests
{
    private readonly ConcurrentDictionary<Entry, bool> _all = new();
    private readonly AccessPolicy _policy;

    public RunningRequests(AccessOptions options, AccessPolicy policy)
    {
        _policy = policy;
        options.Tokens.Replaced = DecideAnew;
    }

    /// <returns>To be disposed of when the request has ended; null for one that needs no token.</returns>
    public Entry? Enter(HttpContext http, in AccessRequest request, Role needed)
    {
        if (request is { Authorization: null, Session: null })
        {
            return null;
        }

        var entry = new Entry(this, http, request, needed);
        _all.TryAdd(entry, true);
        return entry;
    }

    private void DecideAnew()
    {
        foreach (var (entry, _) in _all)
        {
            if (!(_policy.Decide(entry.Request, isAttempt: false).Decision is AccessDecision.Accepted { Role: var role } && role >= entry.Needed))
            {
                entry.Cut();
            }
        }
    }

    internal sealed class Entry(RunningRequests all, HttpContext http, AccessRequest request, Role needed) : IDisposable
    {
        private readonly Lock _gate = new();
        private bool _ended;

        public AccessRequest Request => request;

        public Role Needed => needed;

        public void Cut()
        {
            lock (_gate)
            {
                // A context that has ended may be another request's by now.
                if (!_ended)
                {
                    http.Abort();
                }
            }
        }

        public void Dispose()
        {
            all._all.TryRemove(this, out _);
            lock (_gate)
            {
                _ended = true;
            }
        }
    }
}
