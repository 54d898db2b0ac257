using System.Net;
using IsoCatalog.Core.Connections;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>
/// What callers whose key no site has may ask for, each address by itself (an IPv6 /64 counts as one). One that asks for nothing for a while is forgotten, because then
/// it is as if it were new. Thread-safe.
/// </summary>
internal sealed class StrangerBudgets(TimeProvider time)
{
    /// <summary>Addresses that are told apart; more at once share one budget.</summary>
    public const int MaxAddresses = 1024;

    private const int Burst = 20;

    private static readonly TimeSpan Refill = TimeSpan.FromSeconds(0.5);

    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, RequestBudget> _byAddress = [];
    private readonly RequestBudget _rest = new(Burst, Refill, time);
    private long _swept = time.GetTimestamp();

    public int Remembered
    {
        get
        {
            lock (_gate)
            {
                return _byAddress.Count;
            }
        }
    }

    public bool TryTake(IPAddress address)
    {
        RequestBudget budget;
        lock (_gate)
        {
            Sweep_NeedsLock();
            var holder = HostAddress.HolderOf(address);
            if (!_byAddress.TryGetValue(holder, out budget!))
            {
                budget = _byAddress.Count < MaxAddresses ? _byAddress[holder] = new RequestBudget(Burst, Refill, time) : _rest;
            }
        }

        return budget.TryTake();
    }

    private void Sweep_NeedsLock()
    {
        if (time.GetElapsedTime(_swept) < Burst * Refill)
        {
            return;
        }

        _swept = time.GetTimestamp();
        foreach (var (address, budget) in _byAddress)
        {
            if (budget.IsFull)
            {
                _byAddress.Remove(address);
            }
        }
    }
}
