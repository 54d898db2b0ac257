namespace IsoCatalog.Appliance.Store;

/// <summary>Event ids 1040 to 1049.</summary>
internal static partial class Log
{
    [LoggerMessage(1040, LogLevel.Warning, "Staging held {Count} files of unfinished adds; they were deleted")]
    public static partial void StagingCleaned(ILogger logger, int count);

    [LoggerMessage(1041, LogLevel.Warning, "{Path} had the mode {Was} and was open to others than the site's user and group; it has {Now} now")]
    public static partial void Tightened(ILogger logger, string path, string was, string now);
}
