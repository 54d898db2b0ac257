using System.Net;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Ipmi;

internal static partial class Log
{
    [LoggerMessage(3000, LogLevel.Information, "The ISO listener serves on {Addresses}")]
    public static partial void Listening(this ILogger logger, string addresses);

    [LoggerMessage(3001, LogLevel.Information, "{Client} read all of {FileName} ({Bytes} bytes, {Milliseconds} ms) on {Surface} by its {Kind} URL")]
    public static partial void ServedWhole(
        this ILogger logger, IPAddress client, string fileName, long bytes, long milliseconds, string surface, RouteKind kind);

    [LoggerMessage(3002, LogLevel.Information, "{Client} reads {FileName} in ranges on {Surface} by its {Kind} URL: request {Requests}, {Bytes} bytes so far")]
    public static partial void ServedRange(
        this ILogger logger, IPAddress client, string fileName, string surface, RouteKind kind, long requests, long bytes);

    [LoggerMessage(3003, LogLevel.Information, "{Client} went away after {Sent} of {Length} bytes of {FileName} on {Surface}")]
    public static partial void ClientLeft(this ILogger logger, IPAddress client, long sent, long length, string fileName, string surface);

    [LoggerMessage(3004, LogLevel.Warning, "Stopped a response of {FileName} to {Client} after {Sent} of {Length} bytes: the file is in doubt or was withdrawn")]
    public static partial void ResponseCut(this ILogger logger, string fileName, IPAddress client, long sent, long length);

    [LoggerMessage(3005, LogLevel.Warning, "Cut {Client}: it took nothing of its response for {Limit}")]
    public static partial void StalledClientCut(this ILogger logger, IPAddress client, TimeSpan limit);

    [LoggerMessage(3006, LogLevel.Warning, "Refused a connection of {Client}: it has {Cap} already. Look at what runs on that address; the limit is per client address")]
    public static partial void TooManyConnections(this ILogger logger, IPAddress client, int cap);

    [LoggerMessage(3010, LogLevel.Information, "{FileName} is offered on {Surface}")]
    public static partial void Advertised(this ILogger logger, string fileName, string surface);

    [LoggerMessage(3011, LogLevel.Information, "{FileName} is no longer offered on {Surface}")]
    public static partial void Withdrawn(this ILogger logger, string fileName, string surface);

    [LoggerMessage(3012, LogLevel.Warning, "{FileName} is not offered on {Surface}: {Reason}")]
    public static partial void NotOffered(this ILogger logger, string fileName, string surface, string reason);
}
