using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Sync;

/// <summary>Event ids 1400 to 1499.</summary>
internal static partial class Log
{
    [LoggerMessage(1400, LogLevel.Information, "{Name} is being fetched ({Size} bytes)")]
    public static partial void Fetching(ILogger logger, string name, long size);

    [LoggerMessage(1401, LogLevel.Information, "{Name} fetched and verified in {Seconds:F1} s")]
    public static partial void Fetched(ILogger logger, string name, double seconds);

    [LoggerMessage(1402, LogLevel.Warning, "{Name} could not be fetched ({Code}): {Reason} It is tried again")]
    public static partial void NotFetched(ILogger logger, string name, string code, string reason);

    [LoggerMessage(1403, LogLevel.Error, "{Image}: the pair of SHA-256 and root that {Site} signed is false; the bytes have the SHA-256 {Sha256}")]
    public static partial void FalsePair(ILogger logger, ImageId image, string site, Sha256Digest sha256);

    [LoggerMessage(1404, LogLevel.Error, "{What} failed and will be tried again")]
    public static partial void WillRetry(ILogger logger, string what, Exception exception);

    [LoggerMessage(1406, LogLevel.Warning, "{Site} gave a torrent that is not the one of {Name}; another site is asked")]
    public static partial void FalseTorrent(ILogger logger, string site, string name);

    [LoggerMessage(EventId = 1407, Message = "Swarm: {Message}")]
    public static partial void Swarm(ILogger logger, LogLevel level, string message);
}
