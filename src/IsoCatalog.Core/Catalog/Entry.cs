using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// A statement of a site about one register: the bytes of an image (<c>iso:sha256:...</c>, immutable but for put and delete) or what people call it
/// (<c>meta:sha256:...</c>). Apart, so that editing a title can never move the bytes.
/// </summary>
/// <param name="By">Who asked for it: a token's or a user's name.</param>
/// <param name="Why">Free text, for the audit.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "register", UnknownDerivedTypeHandling = JsonUnknownDerivedTypeHandling.FailSerialization)]
[JsonDerivedType(typeof(ImageEntry), "iso")]
[JsonDerivedType(typeof(MetaEntry), "meta")]
public abstract record Entry(ImageId Image, Stamp Stamp, string By, string? Why);

/// <param name="Deleted">A tombstone keeps the value, so that a restore needs nothing but the file.</param>
public sealed record ImageEntry(ImageId Image, Stamp Stamp, string By, string? Why, bool Deleted, ImageValue Value)
    : Entry(Image, Stamp, By, Why);

public sealed record MetaEntry(ImageId Image, Stamp Stamp, string By, string? Why, MetaValue Value) : Entry(Image, Stamp, By, Why);
