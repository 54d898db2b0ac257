using System.Net;

namespace IsoCatalog.Core.Connections;

/// <summary>
/// Who may have a connection to a listener, so that a few addresses never take the places of those that are known. Where new connections have no room left,
/// the oldest of them goes, of the address that has the most: one that is honest is new for a moment, one that holds a place is new for long. Thread-safe.
/// </summary>
public sealed class ListenerPlaces(PlaceLimits limits)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, Holder> _holders = [];
    private PlaceLimits _limits = limits;
    private long _entered;
    private int _known;
    private int _strangers;
    private int _newStrangers;

    /// <summary>Who has a place keeps it; the next connection is asked by these.</summary>
    public void Change(PlaceLimits limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        lock (_gate)
        {
            _limits = limits;
        }
    }

    /// <param name="address">Where the connection comes from.</param>
    /// <param name="known">Whether that address is one that the listener is for.</param>
    /// <param name="cut">Ends the connection, when another takes its place. Called from any thread; must not wait.</param>
    /// <param name="firstRefusal">True for the first connection of an address that is refused since one of it was let in.</param>
    /// <returns>Null when there is no place. Otherwise to be disposed when the connection has ended.</returns>
    public Place? TryEnter(IPAddress address, bool known, Action cut, out bool firstRefusal)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(cut);
        Place? goes;
        Place? place = null;
        lock (_gate)
        {
            var key = known ? HostAddress.Plain(address) : HostAddress.HolderOf(address);
            if (!_holders.TryGetValue(key, out var holder))
            {
                holder = new Holder();
                _holders.Add(key, holder);
            }

            var hasPlace = TryMakeRoom_NeedsLock(holder, known, out goes);
            firstRefusal = !hasPlace && !holder.WasRefused;
            holder.WasRefused = !hasPlace;
            if (goes is not null)
            {
                goes.IsLost = true;
                Leave_NeedsLock(goes);
            }

            if (hasPlace)
            {
                _holders[key] = holder;
                place = new Place(this, key, known, _entered++, cut);
                holder.Places.Add(place);
                Count_NeedsLock(place, 1);
            }
            else if (holder.Places.Count == 0)
            {
                _holders.Remove(key);
            }
        }

        goes?.Cut();
        return place;
    }

    internal void Settle(Place place, bool known)
    {
        lock (_gate)
        {
            if (place.HasLeft)
            {
                return;
            }

            Count_NeedsLock(place, -1);
            place.IsNew = false;
            place.IsKnown |= known;
            Count_NeedsLock(place, 1);
        }
    }

    internal void Leave(Place place)
    {
        lock (_gate)
        {
            Leave_NeedsLock(place);
        }
    }

    private bool TryMakeRoom_NeedsLock(Holder holder, bool known, out Place? goes)
    {
        goes = null;
        if (holder.Places.Count >= (known ? _limits.OfAddress : _limits.OfStranger) || holder.New >= (known ? _limits.NewOfKnownAddress : _limits.NewOfStranger))
        {
            goes = holder.OldestNew;
            return goes is not null;
        }

        if (known ? _known < _limits.OfKnown : _newStrangers < _limits.NewOfStrangers && _strangers < _limits.OfStrangers)
        {
            return true;
        }

        goes = _holders.Values.Where(other => other.OldestNew?.IsKnown == known).MaxBy(other => other.New)?.OldestNew;
        if (goes is null && !known)
        {
            // Whoever once asked for something must not keep a place for ever either.
            goes = _holders.Values.Where(other => other.Places.Count > holder.Places.Count && other.Oldest is { IsKnown: false }).MaxBy(other => other.Places.Count)?.Oldest;
        }

        return goes is not null;
    }

    private void Count_NeedsLock(Place place, int one)
    {
        _known += place.IsKnown ? one : 0;
        _strangers += place.IsKnown ? 0 : one;
        _newStrangers += place is { IsKnown: false, IsNew: true } ? one : 0;
    }

    private void Leave_NeedsLock(Place place)
    {
        if (place.HasLeft)
        {
            return;
        }

        place.HasLeft = true;
        Count_NeedsLock(place, -1);
        var holder = _holders[place.Address];
        holder.Places.Remove(place);
        if (holder.Places.Count == 0)
        {
            _holders.Remove(place.Address);
        }
    }

    private sealed class Holder
    {
        public HashSet<Place> Places { get; } = [];

        public bool WasRefused { get; set; }

        public int New => Places.Count(place => place.IsNew);

        public Place? Oldest => Places.MinBy(place => place.Number);

        public Place? OldestNew => Places.Where(place => place.IsNew).MinBy(place => place.Number);
    }
}
