using System.Net;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Peers;

/// <summary>Who is at the other end.</summary>
/// <param name="Name">The name of the pinned key, or the address of a standard client without its port.</param>
/// <param name="Address">Address and port.</param>
/// <param name="Spki">SHA-256 of the SubjectPublicKeyInfo of the key that it proved to have; null for a standard client.</param>
internal sealed record PeerIdentity(string Name, string Address, Sha256Digest? Spki)
{
    public bool IsPinned => Spki is not null;

    /// <summary>Of a standard client the address without its port: all that it is known by when it calls. Null for a pinned peer.</summary>
    public string? Host => !IsPinned && IPEndPoint.TryParse(Address, out var at) ? PeerSocket.AddressOf(at).ToString() : null;
}
