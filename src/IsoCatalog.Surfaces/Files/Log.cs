using Microsoft.Extensions.Logging;

namespace IsoCatalog.Surfaces.Files;

internal static partial class Log
{
    [LoggerMessage(6002, LogLevel.Warning,
        "The kernel lost file events: more than fs.inotify.max_queued_events were waiting. Every watched folder will be looked at.")]
    public static partial void EventsLost(ILogger logger);
}
