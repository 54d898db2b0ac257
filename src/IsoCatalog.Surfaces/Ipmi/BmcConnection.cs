using System.Net;
using IsoCatalog.Core.Connections;
using Microsoft.AspNetCore.Connections;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>One open connection: what it is being sent, and since when its client has taken nothing of it. Requests on it follow each other.</summary>
internal sealed class BmcConnection(ConnectionContext connection, IPAddress client, Place place, TimeProvider time)
{
    private Route? _serving;
    private long _waitingSince;

    public IPAddress Client { get; } = client;

    /// <summary>A whole request has come: the connection is no longer one that only holds a place.</summary>
    public void Asked() => place.Settle(known: false);

    public bool IsClosed => connection.ConnectionClosed.IsCancellationRequested;

    /// <summary>Announces what will be sent. Only after this may <see cref="Route.IsWithdrawn"/> and <see cref="ServedFile.Doubt"/> be asked, so
    /// that whoever withdraws or doubts either sees this connection or is seen by it.</summary>
    public void Serve(Route route)
    {
        Volatile.Write(ref _serving, route);
        Interlocked.MemoryBarrier();
    }

    public void Rest() => Volatile.Write(ref _serving, null);

    public bool Serves(Func<Route, bool> which) => Volatile.Read(ref _serving) is { } route && which(route);

    public void BeginWait() => Volatile.Write(ref _waitingSince, time.GetTimestamp() | 1);

    public void EndWait() => Volatile.Write(ref _waitingSince, 0);

    public bool HasWaited(TimeSpan limit) =>
        Volatile.Read(ref _waitingSince) is not 0 and var since && time.GetElapsedTime(since) >= limit;

    public void Cut(string reason) => connection.Abort(new ConnectionAbortedException(reason));
}
