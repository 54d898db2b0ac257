namespace IsoCatalog.Core.Trust;

/// <summary>What a key of the trust document is for; never both.</summary>
public static class KeyUse
{
    /// <summary>Signs documents: a site's, or the trust document when the key is a root key.</summary>
    public const string Sign = "sign";

    /// <summary>Is presented in TLS between sites, pinned by its SubjectPublicKeyInfo.</summary>
    public const string Tls = "tls";
}

/// <summary>A public key as the trust document lists it, under its key id.</summary>
public sealed record TrustKey
{
    public const string P256 = "ecdsa-sha2-nistp256";

    /// <summary>The one scheme there is: <see cref="P256"/>. Taken from here, never from an envelope.</summary>
    public string Scheme { get; init; } = P256;

    /// <summary>See <see cref="KeyUse"/>.</summary>
    public required string Use { get; init; }

    /// <summary>SubjectPublicKeyInfo, PEM.</summary>
    public required string Public { get; init; }

    public static TrustKey Of(VerifyingKey key, string use)
    {
        ArgumentNullException.ThrowIfNull(key);
        return new TrustKey { Use = use, Public = key.Pem };
    }
}
