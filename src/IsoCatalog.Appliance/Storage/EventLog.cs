using System.Collections.Immutable;
using System.Threading.Channels;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Storage;

/// <summary>What happened, newest last: the last 1,000 are kept, and whoever listens gets each new one. Thread-safe.</summary>
internal sealed class EventLog(TimeProvider time)
{
    private const int Kept = 1_000;
    private const int Backlog = 4_096;

    private readonly Lock _gate = new();
    private ImmutableQueue<SiteEvent> _recent = [];
    private ImmutableArray<Channel<SiteEvent>> _listeners = [];
    private ImmutableDictionary<(string Code, string Surface), long> _found = ImmutableDictionary<(string Code, string Surface), long>.Empty;
    private int _count;

    // Ids go on rising across restarts without being stored, so that a listener's Last-Event-ID never means another event.
    private long _next = time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000;

    public void Add(string type, string text, ImageId? image = null, string? surface = null, string? code = null)
    {
        lock (_gate)
        {
            var happened = new SiteEvent(_next++, time.GetUtcNow(), type, text, image, surface, code);
            _recent = _recent.Enqueue(happened);
            if (type == "drift")
            {
                var about = (code ?? "", surface ?? "");
                _found = _found.SetItem(about, _found.GetValueOrDefault(about) + 1);
            }

            if (++_count > Kept)
            {
                _recent = _recent.Dequeue();
                _count--;
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

    /// <summary>How often something was found not to be as it should be, since the start.</summary>
    public ImmutableDictionary<(string Code, string Surface), long> Found
    {
        get
        {
            lock (_gate)
            {
                return _found;
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
