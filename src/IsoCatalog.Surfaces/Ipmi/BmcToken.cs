using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// The secret directory of a URL: 80 bits, 16 characters of base32 (RFC 4648, lower case, no padding). BMCs can send no credentials, so
/// knowing the URL is the right to read. Pure, except <see cref="New"/>.
/// </summary>
public static class BmcToken
{
    public const int Length = 16;

    /// <summary>Bytes of the secret that standing tokens are derived from.</summary>
    public const int SecretLength = 32;

    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz234567";
    private const int RawLength = Length * 5 / 8;

    private static readonly SearchValues<char> Characters = SearchValues.Create(Alphabet);

    public static bool IsValid([NotNullWhen(true)] string? token) =>
        token is { Length: Length } && !token.AsSpan().ContainsAnyExcept(Characters);

    /// <summary>A token for a lease: random, so that it says nothing about the image and dies with the lease.</summary>
    public static string New()
    {
        Span<byte> raw = stackalloc byte[RawLength];
        RandomNumberGenerator.Fill(raw);
        return Base32(raw);
    }

    /// <summary>The standing token of an image on a surface: the same after every restart as long as the secret is.</summary>
    /// <exception cref="ArgumentException">The secret is not <see cref="SecretLength"/> bytes long.</exception>
    public static string Standing(ReadOnlySpan<byte> secret, string surface, ImageId image)
    {
        if (secret.Length != SecretLength)
        {
            throw new ArgumentException($"The URL secret has {SecretLength} bytes, not {secret.Length}.", nameof(secret));
        }

        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(secret, Encoding.UTF8.GetBytes($"{surface}\n{image}"), mac);
        return Base32(mac[..RawLength]);
    }

    private static string Base32(ReadOnlySpan<byte> raw)
    {
        Span<char> text = stackalloc char[Length];
        var bits = 0;
        var held = 0;
        var next = 0;
        foreach (var value in raw)
        {
            bits = (bits << 8) | value;
            for (held += 8; held >= 5; held -= 5)
            {
                text[next++] = Alphabet[(bits >> (held - 5)) & 31];
            }
        }

        return text.ToString();
    }
}
