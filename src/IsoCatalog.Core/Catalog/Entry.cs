using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// A statement of a site about one register: the bytes of an image (immutable but for put and delete), what people call it, whether it is recalled, or where an
/// alias points. Apart, so that editing a title can never move the bytes.
/// </summary>
/// <param name="By">Who asked for it: a token's or a user's name.</param>
/// <param name="Why">Free text, for the audit.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "register", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ImageEntry), "iso")]
[JsonDerivedType(typeof(MetaEntry), "meta")]
[JsonDerivedType(typeof(BlockEntry), "block")]
[JsonDerivedType(typeof(AliasEntry), "alias")]
public abstract record Entry(Stamp Stamp, string By, string? Why)
{
    [JsonIgnore]
    public abstract RegisterKey Key { get; }

    /// <summary>A tombstone; of a recall: that it was taken back.</summary>
    public abstract bool Deleted { get; init; }

    /// <summary>The entry that the writer saw in this register and superseded; null if there was none.</summary>
    [JsonIgnore]
    public Sha256Digest? Obs { get; init; }

    /// <summary><c>ext</c>, and members of later versions.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, JsonElement>? Unknown { get; init; }
}

/// <param name="Deleted">A tombstone keeps the value, so that a restore needs nothing but the file.</param>
public sealed record ImageEntry(ImageId Image, Stamp Stamp, string By, string? Why, bool Deleted, ImageValue Value) : Entry(Stamp, By, Why)
{
    [JsonIgnore]
    public override RegisterKey Key => RegisterKey.OfImage(Image);

    public override bool Deleted { get; init; } = Deleted;
}

public sealed record MetaEntry(ImageId Image, Stamp Stamp, string By, string? Why, MetaValue Value) : Entry(Stamp, By, Why)
{
    [JsonIgnore]
    public override RegisterKey Key => RegisterKey.OfMeta(Image);

    [JsonIgnore]
    public override bool Deleted { get; init; }
}

/// <summary>A recall of an image by its hash: stronger than any put of it, until it is taken back.</summary>
/// <param name="Deleted">The recall is taken back.</param>
public sealed record BlockEntry(ImageId Image, Stamp Stamp, string By, string? Why, bool Deleted) : Entry(Stamp, By, Why)
{
    [JsonIgnore]
    public override RegisterKey Key => RegisterKey.OfBlock(Image);

    public override bool Deleted { get; init; } = Deleted;
}

/// <param name="Name">See <see cref="RegisterKey.IsAliasName"/>.</param>
/// <param name="Target">The image that it points to; a tombstone keeps the last one.</param>
public sealed record AliasEntry(string Name, ImageId Target, Stamp Stamp, string By, string? Why, bool Deleted) : Entry(Stamp, By, Why)
{
    /// <summary>So many former targets are remembered.</summary>
    public const int MaxFormer = 32;

    /// <summary>Which images it pointed to before, the newest first.</summary>
    public IReadOnlyList<ImageId> Former { get; init; } = [];

    /// <summary>When somebody asked for it, in milliseconds as in stamps: the move may have waited since. Null when it was done at once.</summary>
    public long? Asked { get; init; }

    /// <summary>By which the later of two words about the alias is known, whichever was carried out first.</summary>
    [JsonIgnore]
    public long Said => Asked ?? Stamp.Ms;

    [JsonIgnore]
    public override RegisterKey Key => RegisterKey.OfAlias(Name);

    public override bool Deleted { get; init; } = Deleted;
}
