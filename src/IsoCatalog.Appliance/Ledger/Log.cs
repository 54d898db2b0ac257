using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>Event ids 1000 to 1019.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Warning, "{Image} withdrawn from {Surface} ({Code}): {Reason}")]
    public static partial void Doubted(ILogger logger, ImageId image, string surface, string code, string reason);

    [LoggerMessage(1001, LogLevel.Error, "Surface {Surface} is unusable: {Problem}")]
    public static partial void SurfaceUnusable(ILogger logger, string surface, string problem);

    [LoggerMessage(1002, LogLevel.Error, "A withdrawal could not be recorded; it holds all the same. After a restart stat decides again")]
    public static partial void NotRecorded(ILogger logger, Exception exception);

    [LoggerMessage(1003, LogLevel.Error, "The database is new although there is a signed catalog: it was lost. Every image is read again; nothing is "
        + "retired or evicted until an operator runs 'isocatalog confirm database-lost'")]
    public static partial void DatabaseLost(ILogger logger);

    [LoggerMessage(1004, LogLevel.Error, "The database is not trusted any more; a new one is written in its place")]
    public static partial void DatabaseDistrusted(ILogger logger, Exception exception);

    [LoggerMessage(1005, LogLevel.Warning, "{Path} was written anew from memory")]
    public static partial void DatabaseAnew(ILogger logger, string path);
}
