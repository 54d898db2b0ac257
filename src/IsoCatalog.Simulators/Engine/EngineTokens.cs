using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace IsoCatalog.Simulators.Engine;

/// <summary>Who may come in: tokens that were given and have not ended, and the one user's password.</summary>
internal sealed class EngineTokens(EngineOptions options)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> _ends = new(StringComparer.Ordinal);

    public (string Token, DateTimeOffset Ends) Give()
    {
        var token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64)).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        var ends = options.Time.GetUtcNow() + options.TokenLifetime;
        _ends[token] = ends;
        return (token, ends);
    }

    public bool IsGood(string token) => _ends.TryGetValue(token, out var ends) && options.Time.GetUtcNow() < ends;

    public void End(string token) => _ends.TryRemove(token, out _);

    public void EndAll() => _ends.Clear();

    public bool IsPassword(string user, string password) =>
        user == options.User
        && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(password), Encoding.UTF8.GetBytes(options.Password));
}
