using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm;

/// <summary>One connection as it is at this moment.</summary>
/// <param name="Name">The pinned peer's name, or the address of a standard client.</param>
/// <param name="Address">Its address and port.</param>
/// <param name="Root">The image that the connection is about.</param>
/// <param name="Outgoing">Whether we connected.</param>
/// <param name="SpeaksV2">Whether it speaks BEP 52.</param>
/// <param name="DownloadRate">Bytes a second received over the last seconds.</param>
/// <param name="UploadRate">Bytes a second sent over the last seconds.</param>
/// <param name="Received">Bytes of payload received.</param>
/// <param name="Sent">Bytes of payload sent.</param>
/// <param name="RequestsInFlight">Blocks of 16 KiB asked for and not arrived.</param>
/// <param name="Window">Bytes that may be asked for ahead.</param>
/// <param name="RoundTrip">The shortest time from a request to its block; zero until one was measured.</param>
/// <param name="Progress">The share of the image that the peer has, 0 to 1.</param>
public sealed record PeerSnapshot(
    string Name,
    string Address,
    Sha256Digest Root,
    bool Outgoing,
    bool SpeaksV2,
    double DownloadRate,
    double UploadRate,
    long Received,
    long Sent,
    int RequestsInFlight,
    int Window,
    TimeSpan RoundTrip,
    double Progress);
