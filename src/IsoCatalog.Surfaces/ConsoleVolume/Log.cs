using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.ConsoleVolume;

internal static partial class Log
{
    [LoggerMessage(6101, LogLevel.Warning,
        "The file at {Name} was not the one published there. It was moved to {Kept}; delete it there, or take it away, when nobody needs it.")]
    public static partial void ForeignKept(ILogger logger, string name, string kept);

    [LoggerMessage(6102, LogLevel.Information, "{Surface}: {Folder} is now marked as this surface's volume {Id}.")]
    public static partial void Marked(ILogger logger, string surface, string folder, string id);
}
