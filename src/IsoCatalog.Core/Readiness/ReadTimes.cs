using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>When the bytes of each file were last read back and were right: of the site's own files by their root, of published ones by their cell.</summary>
public sealed record ReadTimes(ImmutableDictionary<Sha256Digest, DateTimeOffset> Stored, ImmutableDictionary<CellKey, DateTimeOffset> Published)
{
    public static readonly ReadTimes None = new(ImmutableDictionary<Sha256Digest, DateTimeOffset>.Empty, ImmutableDictionary<CellKey, DateTimeOffset>.Empty);

    public ReadTimes With(Sha256Digest root, DateTimeOffset at) => this with { Stored = Stored.SetItem(root, at) };

    public ReadTimes With(CellKey cell, DateTimeOffset at) => this with { Published = Published.SetItem(cell, at) };
}
