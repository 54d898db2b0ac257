using System.Net;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm;

/// <summary>A known host that may have what we fetch. Nothing is discovered: these are all that we connect to.</summary>
/// <param name="Name">As <see cref="SwarmOptions.PeerName"/> names its key; any unique name for a standard client.</param>
/// <param name="EndPoint">An address, or a name that is resolved at each attempt.</param>
/// <param name="Spki">SHA-256 of its SubjectPublicKeyInfo; null for a standard client, which is spoken to in plain text.</param>
public sealed record SwarmPeer(string Name, EndPoint EndPoint, Sha256Digest? Spki);
