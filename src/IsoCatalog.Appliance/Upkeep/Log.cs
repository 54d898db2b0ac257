namespace IsoCatalog.Appliance.Upkeep;

/// <summary>Event ids 1070 to 1079.</summary>
internal static partial class Log
{
    [LoggerMessage(1070, LogLevel.Warning, "{What} failed and will be tried again: {Reason}")]
    public static partial void WillRetry(ILogger logger, string what, string reason);

    [LoggerMessage(1071, LogLevel.Error, "{What} failed unexpectedly")]
    public static partial void Unexpected(ILogger logger, string what, Exception exception);

    [LoggerMessage(1073, LogLevel.Error, "{What} failed unexpectedly; it begins anew soon")]
    public static partial void BeginsAnew(ILogger logger, string what, Exception exception);

    [LoggerMessage(1072, LogLevel.Error, "What follows the ledger failed unexpectedly; it goes on soon")]
    public static partial void RoundFailed(ILogger logger, Exception exception);
}
