using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Ledger;

/// <summary>Something that the database is to say from now on, whatever it said before. Two with the same key: the later one counts.</summary>
internal abstract record Row
{
    private Row()
    {
    }

    /// <summary>What it is about.</summary>
    public object Key => this switch
    {
        Fact fact => ("fact", fact.Name),
        File file => file.Root,
        AtSurface cell => cell.Place,
        Offered offered => offered.Image,
        Computed computed => ("computed", computed.Pair.Root),
        StoredRead read => ReadOf(read.Root),
        PublishedRead read => ReadOf(read.Place),
        Held held => ("lease", held.Id),
        Waits waits => ("alias", waits.Alias),
        Changed changed => ("change", changed.Change.Is.Hash),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The key of when it was read, of the key of a file or a cell: that goes with it.</summary>
    public static object ReadOf(object key) => ("read", key);

    /// <summary>The database is to say nothing about it.</summary>
    public bool IsNothing => this is File { Is: null } or AtSurface { Is: null } or Offered { Is: false } or Held { Is: null } or Waits { Is: null } or Changed { IsKept: false };

    /// <summary>A small fact.</summary>
    public sealed record Fact(string Name, string Value) : Row;

    /// <summary>The site's own file of these bytes; null: there is none.</summary>
    public sealed record File(Sha256Digest Root, StoreFile? Is) : Row;

    public sealed record AtSurface(CellKey Place, Cell? Is) : Row;

    public sealed record Offered(ImageId Image, bool Is) : Row;

    public sealed record Computed(ComputedPair Pair) : Row;

    /// <summary>The bytes of the site's own file were read back and were right.</summary>
    public sealed record StoredRead(Sha256Digest Root, DateTimeOffset At) : Row;

    /// <summary>The same of what is published there.</summary>
    public sealed record PublishedRead(CellKey Place, DateTimeOffset At) : Row;

    /// <summary>A lease; null: it ended.</summary>
    public sealed record Held(string Id, Lease? Is) : Row;

    /// <summary>The move of an alias that waits; null: none does.</summary>
    public sealed record Waits(string Alias, AliasMove? Is) : Row;

    /// <summary>A change of the catalog; false: it is not kept any more.</summary>
    public sealed record Changed(CatalogChange Change, bool IsKept) : Row;

    /// <summary>
    /// What the database has to follow of a change, of these images. A cell that is being staged is nothing to remember: after a restart it begins anew.
    /// </summary>
    public static IEnumerable<Row> Between(SiteView before, SiteView after, IEnumerable<ImageId> images)
    {
        foreach (var image in images.Distinct())
        {
            foreach (var key in after.Surfaces.Select(s => new CellKey(image, s.Name)))
            {
                var cell = after.Cells.GetValueOrDefault(key);
                if (cell != before.Cells.GetValueOrDefault(key) && cell is not { State: CellState.Verifying })
                {
                    yield return new AtSurface(key, cell);
                }
            }

            if (before.Offered.Contains(image) != after.Offered.Contains(image))
            {
                yield return new Offered(image, after.Offered.Contains(image));
            }
        }
    }
}
