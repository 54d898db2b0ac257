using System.Collections.Immutable;
using System.Threading.Channels;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Events;

/// <summary>What happened, newest last: the last 1,000 are kept, and whoever listens gets each new one. Thread-safe.</summary>
internal sealed class EventLog(TimeProvider time)
{
    /// <summary>The type of an event that says that something is not as it should be.</summary>
    public const string Drift = "drift";

    private const int Kept = 1_000;
    private const int Backlog = 4_096;

    private readonly Lock _gate = new();
    private ImmutableQueue<SiteEvent> _recent = [];
    private ImmutableArray<Channel<SiteEvent>> _listeners = [];
    private ImmutableDictionary<(string Code, string Surface), long> _found = ImmutableDictionary<(string, string), long>.Empty;
    private int _count;

    // Ids go on rising across restarts without being stored, so that a listener's Last-Event-ID never means another event.
    private long _next = time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000;

    /// <summary>How often drift was found since the start, by code and surface ("" for none).</summary>
    public IReadOnlyDictionary<(string Code, string Surface), long> DriftFound => _found;

    /// <param name="over">It says that something is no more.</param>
    public void Add(string type, string text, ImageId? image = null, string? surface = null, string? code = null, bool over = false)
    {
        lock (_gate)
        {
            var happened = new SiteEvent(_next++, time.GetUtcNow(), type, text, image, surface, code);
            _recent = _recent.Enqueue(happened);
            if (++_count > Kept)
            {
                _recent = _recent.Dequeue();
                _count--;
            }

            if (type == Drift && code is not null && !over)
            {
                var key = (code, surface ?? "");
                _found = _found.SetItem(key, _found.GetValueOrDefault(key) + 1);
            }

            foreach (var listener in _listeners)
            {
                // A listener that is 4,096 events behind has gone away or never will catch up: it is told by the end of its stream.
                if (!listener.Writer.TryWrite(happened))
                {
                    listener.Writer.TryComplete();
                }
            }
        }
    }

    public IReadOnlyList<SiteEvent> Recent()
    {
        lock (_gate)
        {
            return [.. _recent];
        }
    }

    /// <summary>Everything after the given id that is still kept, then each new event, without a gap between the two.</summary>
    public Subscription Listen(long after)
    {
        lock (_gate)
        {
            var channel = Channel.CreateBounded<SiteEvent>(Backlog);
            foreach (var past in _recent.Where(e => e.Id > after))
            {
                channel.Writer.TryWrite(past);
            }

            _listeners = _listeners.Add(channel);
            return new Subscription(this, channel);
        }
    }

    internal sealed class Subscription(EventLog log, Channel<SiteEvent> channel) : IDisposable
    {
        public ChannelReader<SiteEvent> Events => channel.Reader;

        public void Dispose()
        {
            lock (log._gate)
            {
                log._listeners = log._listeners.Remove(channel);
            }
        }
    }
}
