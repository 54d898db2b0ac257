using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Folders;

internal static partial class Log
{
    [LoggerMessage(6101, LogLevel.Warning,
        "The file at {Name} was not the one published there. It was moved to {Kept}; delete it there, or take it away, when nobody needs it.")]
    public static partial void ForeignKept(ILogger logger, string name, string kept);

    [LoggerMessage(6103, LogLevel.Warning, "{Message}")]
    public static partial void OwnerKept(ILogger logger, string message);
}
