using System.Security.Cryptography.X509Certificates;

namespace IsoCatalog.Client;

/// <summary>How a client asks. The defaults suit a person or a panel that waits for the answer.</summary>
public sealed record ApplianceClientOptions
{
    /// <summary>Bearer token (RFC 6750); null where the site asks for none, as on its Unix socket. Visible ASCII.</summary>
    public string? Token { get; init; }

    /// <summary>What the site's certificate must lead to, instead of the system's certificate authorities.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>For one try of one call; uploads and events have no such limit.</summary>
    public TimeSpan TryTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Tries after the first, for calls that may be repeated; 0 for none, at most 10.</summary>
    public int Retries { get; init; } = 3;

    /// <summary>Before the first repetition; doubled each time.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>A site that asks to be left alone for longer (Retry-After) is not asked again: the caller learns of it at once.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Events: a connection that is silent for so long is taken for broken and made anew.</summary>
    public TimeSpan EventSilence { get; init; } = TimeSpan.FromSeconds(90);

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
