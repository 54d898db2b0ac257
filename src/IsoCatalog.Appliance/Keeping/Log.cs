using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Keeping;

/// <summary>Event ids 1060 to 1069.</summary>
internal static partial class Log
{
    [LoggerMessage(1060, LogLevel.Information, "{Name} moved to retired: restore with 'isocatalog restore {Image}'")]
    public static partial void Retired(ILogger logger, string name, ImageId image);

    [LoggerMessage(1061, LogLevel.Information, "{Name} moved back from retired")]
    public static partial void Restored(ILogger logger, string name);

    [LoggerMessage(1062, LogLevel.Warning, "{Name} evicted from retired: {Why}")]
    public static partial void Evicted(ILogger logger, string name, string why);

    [LoggerMessage(1063, LogLevel.Error, "{Path} is damaged and was moved to {Quarantine}: {Reason}")]
    public static partial void Quarantined(ILogger logger, string path, string quarantine, string reason);

    [LoggerMessage(1064, LogLevel.Information, "{Path} was touched, read again, and is whole")]
    public static partial void StillWhole(ILogger logger, string path);
}
