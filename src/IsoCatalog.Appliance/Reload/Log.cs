namespace IsoCatalog.Appliance.Reload;

/// <summary>Events 2160 to 2179.</summary>
internal static partial class Log
{
    [LoggerMessage(2160, LogLevel.Information, "Read {File} again. Taken: {Keys}")]
    public static partial void Reloaded(ILogger logger, string file, string keys);

    [LoggerMessage(2161, LogLevel.Warning, "Needs a restart of the site: {Change}")]
    public static partial void NeedsRestart(ILogger logger, string change);

    [LoggerMessage(2162, LogLevel.Error, "The changed configuration is not taken, and nothing was changed: {Problem}")]
    public static partial void NotReloaded(ILogger logger, string problem);

    [LoggerMessage(2163, LogLevel.Information, "Changed certificates of the listeners were taken.")]
    public static partial void CertificatesTaken(ILogger logger);

    [LoggerMessage(2164, LogLevel.Error, "A changed certificate is not taken, and the one before is shown on: {Why}")]
    public static partial void CertificateRefused(ILogger logger, string why);
}
