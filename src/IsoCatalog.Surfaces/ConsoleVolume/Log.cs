using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.ConsoleVolume;

internal static partial class Log
{
    [LoggerMessage(6102, LogLevel.Information, "{Surface}: {Folder} is now marked as this surface's volume {Id}.")]
    public static partial void Marked(ILogger logger, string surface, string folder, string id);
}
