namespace IsoCatalog.Appliance.Documents;

/// <summary>Event ids 1020 to 1039.</summary>
internal static partial class Log
{
    [LoggerMessage(1020, LogLevel.Warning, "{Path} is damaged or does not count any more; it was dropped and is fetched again")]
    public static partial void DocumentDropped(ILogger logger, string path);

    [LoggerMessage(1021, LogLevel.Error, "Site {Site} signed two histories ({Kind} at {Epoch}/{Seq}: {First} and {Second})")]
    public static partial void Forked(
        ILogger logger, string site, string kind, long epoch, long seq, Core.Hashing.Sha256Digest first, Core.Hashing.Sha256Digest second);
}
