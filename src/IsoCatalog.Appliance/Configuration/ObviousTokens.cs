using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Hashes that no token may have: those of nothing, of placeholders and of the words that stand in everybody's examples.</summary>
internal static class ObviousTokens
{
    private static readonly string[] Words =
    [
        "", "test", "secret", "password", "passw0rd", "token", "changeme", "change-me", "change_me", "admin", "operator", "panel", "root",
        "user", "isocatalog", "letmein", "example", "default", "demo", "hello", "foo", "bar", "abc", "abc123", "123", "1234", "12345",
        "123456", "12345678", "123456789", "1234567890", "qwerty", "null", "none", "x", "xxx", "todo", "mytoken", "mysecret",
    ];

    private static readonly FrozenSet<Sha256Digest> Known = Words.SelectMany(Hashes).ToFrozenSet();

    /// <summary>Also true for the token's own name and the site's id, and for a hash of one digit repeated.</summary>
    public static bool Holds(Sha256Digest hash, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Hashes(name).Contains(hash))
            {
                return true;
            }
        }

        return Known.Contains(hash) || (hash != default && hash.ToString().Distinct().Count() == 1);
    }

    // `echo word | sha256sum` hashes a line end too; such an entry would never match, and its word is as easy to guess.
    private static IEnumerable<Sha256Digest> Hashes(string word) =>
        new[] { word, word.ToUpperInvariant(), word + "\n" }.Select(text => new Sha256Digest(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
}
