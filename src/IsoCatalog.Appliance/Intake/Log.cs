using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Intake;

/// <summary>Event ids 1050 to 1059.</summary>
internal static partial class Log
{
    [LoggerMessage(1050, LogLevel.Information, "{Name} is in the catalog as {Image} ({Size} bytes, {Seconds:F1} s)")]
    public static partial void Added(ILogger logger, string name, ImageId image, long size, double seconds);

    [LoggerMessage(1051, LogLevel.Warning, "{Source} was not added ({Code}): {Message}")]
    public static partial void NotAdded(ILogger logger, string source, string code, string message);

    [LoggerMessage(1052, LogLevel.Error, "{What} failed and will be tried again")]
    public static partial void WillRetry(ILogger logger, string what, Exception exception);

    [LoggerMessage(1053, LogLevel.Error, "Adding {Source} ended in a defect")]
    public static partial void Unexpected(ILogger logger, string source, Exception exception);
}
