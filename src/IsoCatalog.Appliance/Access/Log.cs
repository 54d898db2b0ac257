using System.Net;

namespace IsoCatalog.Appliance.Access;

/// <summary>Events 2100 to 2119. None ever holds a token or a part of one.</summary>
internal static partial class Log
{
    [LoggerMessage(2100, LogLevel.Warning, "Refused {Method} {Path} from {Client}: {Code}. {Reason}")]
    public static partial void Refused(ILogger logger, string method, string path, IPAddress? client, string code, string reason);

    [LoggerMessage(2101, LogLevel.Debug, "No token with {Method} {Path} from {Client}.")]
    public static partial void NoToken(ILogger logger, string method, string path, IPAddress? client);

    [LoggerMessage(2102, LogLevel.Information, "{Name} signed in with a browser from {Client}.")]
    public static partial void SignedIn(ILogger logger, string name, IPAddress? client);

    [LoggerMessage(2103, LogLevel.Warning, "Refused a connection of {Client} to the API: it has as many as one address may have. Look at what runs there, and let it use its connections again")]
    public static partial void TooManyConnections(ILogger logger, IPAddress client);
}
