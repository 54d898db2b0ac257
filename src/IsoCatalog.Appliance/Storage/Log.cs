using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Storage;

/// <summary>Event ids 1000 to 1099.</summary>
internal static partial class Log
{
    [LoggerMessage(1000, LogLevel.Warning, "{Image} withdrawn from {Surface} ({Code}): {Reason}")]
    public static partial void Doubted(ILogger logger, ImageId image, string surface, string code, string reason);

    [LoggerMessage(1001, LogLevel.Error, "Surface {Surface} is unusable: {Problem}")]
    public static partial void SurfaceUnusable(ILogger logger, string surface, string problem);

    [LoggerMessage(1002, LogLevel.Error, "A withdrawal could not be recorded; it holds all the same. After a restart stat decides again")]
    public static partial void NotRecorded(ILogger logger, Exception exception);

    [LoggerMessage(1003, LogLevel.Information, "{Name} is in the catalog as {Image} ({Size} bytes, {Seconds:F1} s)")]
    public static partial void Added(ILogger logger, string name, ImageId image, long size, double seconds);

    [LoggerMessage(1004, LogLevel.Warning, "{Source} was not added ({Code}): {Message}")]
    public static partial void NotAdded(ILogger logger, string source, string code, string message);

    [LoggerMessage(1005, LogLevel.Information, "{Name} moved to retired: restore with 'isocatalog restore {Image}'")]
    public static partial void Retired(ILogger logger, string name, ImageId image);

    [LoggerMessage(1006, LogLevel.Information, "{Name} moved back from retired")]
    public static partial void Restored(ILogger logger, string name);

    [LoggerMessage(1007, LogLevel.Warning, "{Name} evicted from retired: {Why}")]
    public static partial void Evicted(ILogger logger, string name, string why);

    [LoggerMessage(1008, LogLevel.Error, "{Path} is damaged and was moved to {Quarantine}: {Reason}")]
    public static partial void Quarantined(ILogger logger, string path, string quarantine, string reason);

    [LoggerMessage(1009, LogLevel.Information, "{Path} was touched, read again, and is whole")]
    public static partial void StillWhole(ILogger logger, string path);

    [LoggerMessage(1010, LogLevel.Error, "{What} failed and will be tried again")]
    public static partial void WillRetry(ILogger logger, string what, Exception exception);

    [LoggerMessage(1012, LogLevel.Warning, "{Path} is damaged or does not count any more; it was dropped and is fetched again")]
    public static partial void DocumentDropped(ILogger logger, string path);

    [LoggerMessage(1013, LogLevel.Error, "Site {Site} signed two histories ({Kind} at {Epoch}/{Seq}: {First} and {Second})")]
    public static partial void Forked(
        ILogger logger, string site, string kind, long epoch, long seq, Core.Hashing.Sha256Digest first, Core.Hashing.Sha256Digest second);

    [LoggerMessage(1011, LogLevel.Warning, "Staging held {Count} files of unfinished adds; they were deleted")]
    public static partial void StagingCleaned(ILogger logger, int count);

    [LoggerMessage(1012, LogLevel.Error, "The database is new although there is a signed catalog: it was lost. Every image is read again; nothing is "
        + "retired or evicted until an operator runs 'isocatalog confirm database-lost'")]
    public static partial void DatabaseLost(ILogger logger);
}
