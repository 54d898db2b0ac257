using System.Net;

namespace IsoCatalog.Core.Connections;

/// <summary>
/// Where those came from who proved who they are, or where they were found: the last few addresses of each, so what is kept is bounded by how many are
/// known by name. Thread-safe.
/// </summary>
public sealed class SeenAddresses
{
    private const int OfName = 8;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<IPAddress>> _byName = new(StringComparer.Ordinal);
    private volatile HashSet<IPAddress> _all = [];

    public void Add(string name, IPAddress address)
    {
        var plain = HostAddress.Plain(address);
        lock (_gate)
        {
            var seen = _byName.GetValueOrDefault(name) ?? [];
            if (seen is [.., var last] && last.Equals(plain))
            {
                return;
            }

            seen.Remove(plain);
            seen.Add(plain);
            if (seen.Count > OfName)
            {
                seen.RemoveAt(0);
            }

            _byName[name] = seen;
            _all = [.. _byName.Values.SelectMany(addresses => addresses)];
        }
    }

    public bool Contains(IPAddress address) => _all.Contains(HostAddress.Plain(address));
}
