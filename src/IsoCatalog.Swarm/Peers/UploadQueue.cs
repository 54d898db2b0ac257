namespace IsoCatalog.Swarm.Peers;

/// <summary>A block that the other side asked for.</summary>
internal readonly record struct UploadRequest(int Piece, int Begin, int Length);

/// <summary>What one peer asked for and was not sent, in its order. Bounded. Thread-safe.</summary>
internal sealed class UploadQueue(int max)
{
    private readonly Lock _gate = new();
    private readonly Ring _ring = new();

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _ring.Count;
            }
        }
    }

    /// <summary>False when the queue is full.</summary>
    public bool TryAdd(UploadRequest request)
    {
        lock (_gate)
        {
            if (_ring.Count >= max)
            {
                return false;
            }

            _ring.Add(request);
            return true;
        }
    }

    /// <summary>False when it is not in the queue: never was, or is being sent.</summary>
    public bool Cancel(UploadRequest request)
    {
        lock (_gate)
        {
            return _ring.Remove(request);
        }
    }

    /// <summary>Takes from the front while it fits: at least one, if there is one.</summary>
    public void Take(List<UploadRequest> into, int maxBlocks, int maxBytes)
    {
        lock (_gate)
        {
            var bytes = 0;
            while (_ring.Count > 0 && into.Count < maxBlocks && (into.Count == 0 || bytes + _ring.First.Length <= maxBytes))
            {
                bytes += _ring.First.Length;
                into.Add(_ring.RemoveFirst());
            }
        }
    }

    public UploadRequest[] Clear()
    {
        lock (_gate)
        {
            var all = new UploadRequest[_ring.Count];
            for (var i = 0; i < all.Length; i++)
            {
                all[i] = _ring.RemoveFirst();
            }

            return all;
        }
    }

    private sealed class Ring
    {
        private UploadRequest[] _items = new UploadRequest[64];
        private int _first;

        public int Count { get; private set; }

        public UploadRequest First => _items[_first];

        public void Add(UploadRequest request)
        {
            if (Count == _items.Length)
            {
                var grown = new UploadRequest[Count * 2];
                for (var i = 0; i < Count; i++)
                {
                    grown[i] = _items[(_first + i) % Count];
                }

                (_items, _first) = (grown, 0);
            }

            _items[(_first + Count++) % _items.Length] = request;
        }

        public UploadRequest RemoveFirst()
        {
            var first = _items[_first];
            _first = (_first + 1) % _items.Length;
            Count--;
            return first;
        }

        public bool Remove(UploadRequest request)
        {
            var found = false;
            for (var i = 0; i < Count; i++)
            {
                var item = _items[(_first + i) % _items.Length];
                if (found)
                {
                    _items[(_first + i - 1) % _items.Length] = item;
                }

                found |= item == request;
            }

            Count -= found ? 1 : 0;
            return found;
        }
    }
}
