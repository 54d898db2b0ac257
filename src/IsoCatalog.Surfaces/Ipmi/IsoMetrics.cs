using System.Diagnostics.Metrics;

namespace IsoCatalog.Surfaces.Ipmi;

internal sealed class IsoMetrics
{
    private const string NoSurface = "none";

    private readonly Counter<long>? _requests;
    private readonly Counter<long>? _bytes;
    private readonly UpDownCounter<long>? _connections;

    // A boxed status each, so that counting allocates nothing.
    private readonly Dictionary<int, object> _statuses =
        new[] { 200, 206, 304, 400, 404, 405, 412, 416, 503 }.ToDictionary(status => status, status => (object)status);

    public IsoMetrics(Meter? meter)
    {
        _requests = meter?.CreateCounter<long>("isocatalog.iso.requests", description: "Requests to the ISO listener, by surface and status.");
        _bytes = meter?.CreateCounter<long>("isocatalog.iso.bytes", "By", "Bytes of images handed to the network.");
        _connections = meter?.CreateUpDownCounter<long>("isocatalog.iso.connections", description: "Open connections of BMCs.");
    }

    public void Request(string? surface, int status) =>
        _requests?.Add(1, new("surface", surface ?? NoSurface), new("status", _statuses[status]));

    public void Bytes(string surface, int count) => _bytes?.Add(count, new KeyValuePair<string, object?>("surface", surface));

    public void ConnectionOpened() => _connections?.Add(1);

    public void ConnectionClosed() => _connections?.Add(-1);
}
