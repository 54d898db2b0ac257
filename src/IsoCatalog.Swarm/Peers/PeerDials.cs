using System.Collections.Concurrent;

namespace IsoCatalog.Swarm.Peers;

/// <summary>How it goes with connecting to each peer for one image: how many there are, when to try again. Thread-safe.</summary>
internal sealed class PeerDials
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(15);

    private readonly ConcurrentDictionary<string, State> _states = new(StringComparer.Ordinal);

    /// <summary>Why no peer could be reached, in words; null when there was no failure.</summary>
    public string? Trouble
    {
        get
        {
            var troubles = _states.Where(state => state.Value.Trouble is not null).Select(state => $"{state.Key}: {state.Value.Trouble}").ToArray();
            return troubles.Length == 0 ? null : $"No peer can be used. {string.Join(" ", troubles)}";
        }
    }

    /// <summary>How many connections to open to a peer now; they are taken as begun.</summary>
    public int Begin(string peer, int streams, DateTimeOffset now)
    {
        var state = _states.GetOrAdd(peer, _ => new State());
        lock (state)
        {
            // The first connection shows whether it makes sense to open more.
            var wanted = state.Promising ? streams : 1;
            // A pause that is longer than any is from before the clock was set back.
            var begin = state.Next > now && state.Next - now <= LongestPause * 2 ? 0 : Math.Max(0, wanted - state.Live);
            state.Live += begin;
            return begin;
        }
    }

    /// <summary>The way to the peer is long, and what speaks there may still turn out to be another: the rest is begun all the same. True for the first time.</summary>
    public bool Answered(string peer)
    {
        var state = _states.GetOrAdd(peer, _ => new State());
        lock (state)
        {
            var first = !state.Promising;
            state.Promising = true;
            return first;
        }
    }

    /// <summary>The peer has accepted. True for the first time.</summary>
    public bool Established(string peer)
    {
        var first = Answered(peer);
        var state = _states[peer];
        lock (state)
        {
            (state.Pause, state.Trouble) = (TimeSpan.Zero, null);
        }

        return first;
    }

    /// <summary>A connection ended, or was never made.</summary>
    public void Ended(string peer, string? trouble, DateTimeOffset now)
    {
        var state = _states.GetOrAdd(peer, _ => new State());
        lock (state)
        {
            state.Live--;
            state.Promising = state.Promising && state.Live > 0;

            // Several that were begun together and end together are one failure.
            if (now >= state.Next || state.Next - now > LongestPause * 2)
            {
                state.Pause = state.Pause == TimeSpan.Zero ? FirstPause : state.Pause * 2 < LongestPause ? state.Pause * 2 : LongestPause;
                state.Next = now + state.Pause * (0.75 + Random.Shared.NextDouble() / 2);
            }

            state.Trouble = trouble ?? state.Trouble;
        }
    }

    public void Banned(string peer, string trouble)
    {
        var state = _states.GetOrAdd(peer, _ => new State());
        lock (state)
        {
            state.Trouble = trouble;
        }
    }

    private sealed class State
    {
        public int Live { get; set; }

        public bool Promising { get; set; }

        public TimeSpan Pause { get; set; }

        public DateTimeOffset Next { get; set; }

        public string? Trouble { get; set; }
    }
}
