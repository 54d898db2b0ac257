using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace IsoCatalog.Core.Catalog;

/// <summary>In the order of their written names, so that keys sort as their texts do.</summary>
public enum RegisterKind
{
    /// <summary>A name that points to an image and may move.</summary>
    Alias,

    /// <summary>A recall: put means blocked.</summary>
    Block,

    /// <summary>The bytes of an image: put or deleted.</summary>
    Image,

    /// <summary>What people call it.</summary>
    Meta,
}

/// <summary>What an entry is about; the unit in which the catalog is joined. Written <c>iso:sha256:…</c>, <c>meta:sha256:…</c>,
/// <c>block:sha256:…</c>, <c>alias:NAME</c>.</summary>
/// <param name="Alias">Only of an alias; else null.</param>
public readonly partial record struct RegisterKey(RegisterKind Kind, ImageId Image, string? Alias) : IComparable<RegisterKey>
{
    /// <summary>Number of buckets that the keys of a site are spread over.</summary>
    public const int Buckets = 256;

    public static RegisterKey OfImage(ImageId image) => new(RegisterKind.Image, image, null);

    public static RegisterKey OfMeta(ImageId image) => new(RegisterKind.Meta, image, null);

    public static RegisterKey OfBlock(ImageId image) => new(RegisterKind.Block, image, null);

    public static RegisterKey OfAlias(string name) => new(RegisterKind.Alias, default, name);

    /// <summary>The first byte of the SHA-256 of the written key.</summary>
    public int Bucket
    {
        get
        {
            Span<byte> hash = stackalloc byte[32];
            SHA256.HashData(Encoding.UTF8.GetBytes(ToString()), hash);
            return hash[0];
        }
    }

    public static bool IsAliasName([NotNullWhen(true)] string? name) => name is not null && AliasName().IsMatch(name);

    /// <summary>Accepts the one written form: lowercase digits, a valid alias name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out RegisterKey key)
    {
        key = default;
        var colon = text?.IndexOf(':', StringComparison.Ordinal) ?? -1;
        if (colon < 0)
        {
            return false;
        }

        var rest = text![(colon + 1)..];
        if (text.StartsWith("alias:", StringComparison.Ordinal))
        {
            key = OfAlias(rest);
            return IsAliasName(rest);
        }

        RegisterKind? kind = text.AsSpan(0, colon) switch { "iso" => RegisterKind.Image, "meta" => RegisterKind.Meta, "block" => RegisterKind.Block, _ => null };
        if (kind is null || !ImageId.TryParse(rest, out var image) || rest.AsSpan().ContainsAnyInRange('A', 'F'))
        {
            return false;
        }

        key = new RegisterKey(kind.Value, image, null);
        return true;
    }

    public int CompareTo(RegisterKey other) =>
        Kind.CompareTo(other.Kind) is not 0 and var kind ? kind
        : Image.CompareTo(other.Image) is not 0 and var image ? image
        : string.CompareOrdinal(Alias, other.Alias);

    public static bool operator <(RegisterKey left, RegisterKey right) => left.CompareTo(right) < 0;

    public static bool operator >(RegisterKey left, RegisterKey right) => left.CompareTo(right) > 0;

    public static bool operator <=(RegisterKey left, RegisterKey right) => left.CompareTo(right) <= 0;

    public static bool operator >=(RegisterKey left, RegisterKey right) => left.CompareTo(right) >= 0;

    public override string ToString() => Kind switch
    {
        RegisterKind.Image => $"iso:{Image}",
        RegisterKind.Meta => $"meta:{Image}",
        RegisterKind.Block => $"block:{Image}",
        _ => $"alias:{Alias}",
    };

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9._-]{0,63}\z", RegexOptions.None, 1000)]
    private static partial Regex AliasName();
}
