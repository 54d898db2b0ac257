using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Access;

/// <summary>Bearer tokens: 52 characters of base32 (RFC 4648, lower case), 260 bits of which 256 are random.</summary>
public static class Token
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";

    /// <summary>A new token: the text that its user gets, once, and the hash that the configuration keeps.</summary>
    public static (string Text, Sha256Digest Sha256) Generate()
    {
        Span<byte> random = stackalloc byte[32];
        RandomNumberGenerator.Fill(random);
        var text = Base32(random);
        return (text, HashOf(text));
    }

    /// <summary>SHA-256 of the token's characters as UTF-8.</summary>
    public static Sha256Digest HashOf(string text) => new(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Base32(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder();
        var (pending, bits) = (0, 0);
        foreach (var octet in bytes)
        {
            pending = ((pending & 0x1F) << 8) | octet;
            for (bits += 8; bits >= 5; bits -= 5)
            {
                text.Append(Alphabet[(pending >> (bits - 5)) & 0x1F]);
            }
        }

        return bits == 0 ? text.ToString() : text.Append(Alphabet[(pending << (5 - bits)) & 0x1F]).ToString();
    }
}
