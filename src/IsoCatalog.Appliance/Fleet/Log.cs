using System.Net;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>Event ids 1300 to 1399.</summary>
internal static partial class Log
{
    [LoggerMessage(1300, LogLevel.Information, "Other sites are answered on {EndPoint}")]
    public static partial void Listening(ILogger logger, IPEndPoint endPoint);

    [LoggerMessage(1301, LogLevel.Warning, "A trust document from {Address} was not taken: {Reason}")]
    public static partial void TrustRefused(ILogger logger, IPAddress? address, string reason);

    [LoggerMessage(1302, LogLevel.Information, "Site {Site} at {Address} answers")]
    public static partial void Reached(ILogger logger, string site, string address);

    [LoggerMessage(1303, LogLevel.Warning, "Site {Site}: {Problem}")]
    public static partial void Failed(ILogger logger, string site, string problem);

    [LoggerMessage(1304, LogLevel.Warning, "Something from site {Site} was refused: {Reason}")]
    public static partial void Refused(ILogger logger, string site, string reason);

    [LoggerMessage(1305, LogLevel.Error, "The exchange with site {Site} broke and goes on")]
    public static partial void Broke(ILogger logger, string site, Exception exception);

    [LoggerMessage(1306, LogLevel.Information, "The peers are now: {Peers}")]
    public static partial void Peers(ILogger logger, string peers);

    [LoggerMessage(1307, LogLevel.Error, "A root key lies on this machine at {Path}. Move it to a machine that is not on the network")]
    public static partial void RootKeyHere(ILogger logger, string path);

    [LoggerMessage(1308, LogLevel.Warning, "Refused a connection of {Peer} to the fleet listener: it has as many as one address may have. Look at what runs there")]
    public static partial void TooManyConnections(ILogger logger, IPAddress peer);
}
