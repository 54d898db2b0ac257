using System.Net;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Access;

/// <summary>The tokens of the configuration. Thread-safe.</summary>
public sealed class TokenTable
{
    /// <summary>Characters; no token of ours is near it.</summary>
    public const int MaxTokenLength = 512;

    private const string Scheme = "Bearer ";

    private volatile (TokenConfiguration Token, byte[] Sha256)[] _entries = [];

    public TokenTable(IEnumerable<TokenConfiguration> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        Replace(tokens);
    }

    /// <summary>Called after <see cref="Replace"/>; must not wait.</summary>
    internal Action? Replaced { get; set; }

    /// <summary>From now on these are the tokens, and no others.</summary>
    public void Replace(IEnumerable<TokenConfiguration> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        _entries = [.. tokens.Select(token => (token, token.Sha256.ToArray()))];
        Replaced?.Invoke();
    }

    /// <summary>Whether any token is limited to networks that this address is in.</summary>
    internal bool AreAllowedFrom(IPAddress address) => _entries.Any(entry => ClientAddress.IsIn(entry.Token.Allow, address));

    /// <summary>Who presents this <c>Authorization</c> header (RFC 6750)? Compares with every entry whatever the earlier ones gave, so that
    /// the time taken tells nothing.</summary>
    /// <param name="authorization">The header's value; null when there is none.</param>
    /// <param name="client">Null where the connection has no address; then only tokens for any address are taken.</param>
    public AccessDecision Authenticate(string? authorization, IPAddress? client) => Authenticate(authorization, client, out _);

    /// <param name="authorization">As above.</param>
    /// <param name="client">As above.</param>
    /// <param name="presented">The hash of the token that was presented; default when there was none.</param>
    internal AccessDecision Authenticate(string? authorization, IPAddress? client, out Sha256Digest presented)
    {
        presented = default;
        if (string.IsNullOrEmpty(authorization))
        {
            return new AccessDecision.Refused(AccessCode.Unauthorized, "A token is needed: send it as 'Authorization: Bearer <token>'.");
        }

        if (!authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || authorization.Length > Scheme.Length + MaxTokenLength)
        {
            return new AccessDecision.Refused(AccessCode.Unauthorized, "The Authorization header holds no bearer token: send"
                + " 'Authorization: Bearer <token>'.");
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes(authorization[Scheme.Length..].Trim()), hash);
        presented = new Sha256Digest(hash);
        return Find(presented, client);
    }

    /// <summary>Whose token has this hash? Takes the same time whatever the answer is.</summary>
    internal AccessDecision Find(Sha256Digest presented, IPAddress? client)
    {
        var hash = presented.ToArray();
        TokenConfiguration? found = null;
        foreach (var (token, sha256) in _entries)
        {
            if (CryptographicOperations.FixedTimeEquals(sha256, hash))
            {
                found = token;
            }
        }

        if (found is null)
        {
            return new AccessDecision.Refused(AccessCode.Unauthorized, "This token is not known here. Check it, or have its hash added"
                + " to tokens in site.yaml.");
        }

        return found.Allow.Count == 0 || (client is not null && ClientAddress.IsIn(found.Allow, client))
            ? new AccessDecision.Accepted(found.Name, found.Role)
            : new AccessDecision.Refused(
                AccessCode.AddressNotAllowed, $"Token '{found.Name}' may not be used from {client?.ToString() ?? "here"}. Its 'allow'"
                    + " in site.yaml says from where.");
    }
}
