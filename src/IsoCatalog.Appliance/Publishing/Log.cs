using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Event ids 1100 to 1199.</summary>
internal static partial class Log
{
    [LoggerMessage(1100, LogLevel.Warning, "{Image} could not be published on {Surface} ({Code}): {Reason}")]
    public static partial void NotPublished(ILogger logger, ImageId image, string surface, string code, string reason);

    [LoggerMessage(1101, LogLevel.Error, "{Step} of {Image} on {Surface} failed unexpectedly and will be tried again")]
    public static partial void StepFailed(ILogger logger, CellStep step, ImageId image, string surface, Exception exception);

    [LoggerMessage(1103, LogLevel.Information, "{Surface}: {Available} images available again after the start")]
    public static partial void Resumed(ILogger logger, string surface, int available);

    [LoggerMessage(1104, LogLevel.Debug, "The store's file {Root} read again: {Result}")]
    public static partial void Scrubbed(ILogger logger, Sha256Digest root, string result);

    [LoggerMessage(1105, LogLevel.Warning, "The store's file {Root} is doubted: {Reason} It is read again")]
    public static partial void StoreDoubted(ILogger logger, Sha256Digest root, string reason);

    [LoggerMessage(1106, LogLevel.Error, "Reading {Root} again (surface {Surface}; none: the store) failed unexpectedly and will be tried again")]
    public static partial void NotScrubbed(ILogger logger, Sha256Digest root, string? surface, Exception exception);

    [LoggerMessage(1107, LogLevel.Error, "{What} failed and will be tried again")]
    public static partial void WillRetry(ILogger logger, string what, Exception exception);
}
