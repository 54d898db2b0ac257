using System.Collections.Immutable;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// Gives each image its name on surfaces. A name that one visible image asks for is its own. When several ask for it, each gets its hash into the name, so that
/// a published name never means other bytes, whatever the order in which sites learn of it.
/// </summary>
internal sealed class NameTable(
    ImmutableDictionary<ImageId, CatalogImage>.Builder images,
    ImmutableDictionary<string, ImageId>.Builder names,
    ImmutableDictionary<string, ImmutableArray<ImageId>>.Builder wishes)
{
    private readonly HashSet<string> _unsettled = new(ImageFileName.Comparer);

    public ImmutableDictionary<string, ImageId> Names => names.ToImmutable();

    public ImmutableDictionary<string, ImmutableArray<ImageId>> Wishes => wishes.ToImmutable();

    /// <summary>Puts the image into the table; names follow with <see cref="Settle"/>.</summary>
    public void Set(CatalogImage image)
    {
        var before = images.GetValueOrDefault(image.Id);
        images[image.Id] = image.IsVisible && before is not null ? image with { FileName = before.FileName } : image;
        var had = before is { IsVisible: true } ? before.Value.FileName : null;
        var wants = image.IsVisible ? image.Value.FileName : null;
        if (had == wants)
        {
            return;
        }

        if (had is not null)
        {
            var left = wishes[had].Remove(image.Id);
            Free(before!);
            _unsettled.Add(had);
            if (left.IsEmpty)
            {
                wishes.Remove(had);
            }
            else
            {
                wishes[had] = left;
            }
        }

        if (wants is null)
        {
            return;
        }

        _unsettled.Add(wants);
        var others = wishes.GetValueOrDefault(wants);
        wishes[wants] = others.IsDefault ? [image.Id] : others.Add(image.Id);
    }

    public void Settle()
    {
        foreach (var name in _unsettled.ToList())
        {
            // Somebody who asks for a.12345678.iso changes what those who collide on a.iso may be called.
            if (ImageFileName.WithoutHash(name) is { } other)
            {
                _unsettled.Add(other);
            }
        }

        var settled = new List<CatalogImage>();
        foreach (var name in _unsettled)
        {
            var group = wishes.GetValueOrDefault(name);
            if (group.IsDefault)
            {
                continue;
            }

            foreach (var id in group)
            {
                Free(images[id]);
                settled.Add(images[id] with { FileName = NameOf(images[id], group) });
            }
        }

        foreach (var image in settled)
        {
            images[image.Id] = image;
            names[image.FileName] = image.Id;
        }
    }

    private string NameOf(CatalogImage image, ImmutableArray<ImageId> group)
    {
        var wish = image.Value.FileName;
        if (group.Length == 1)
        {
            return wish;
        }

        var name = ImageFileName.WithHash(wish, image.Id);
        var ambiguous = wish.Length > ImageFileName.WithHashLimit || wishes.ContainsKey(name)
            || group.Any(id => id != image.Id && ImageFileName.Comparer.Equals(ImageFileName.WithHash(wish, id), name));
        return ambiguous ? ImageFileName.WithWholeHash(wish, image.Id) : name;
    }

    private void Free(CatalogImage image)
    {
        if (names.TryGetValue(image.FileName, out var owner) && owner == image.Id)
        {
            names.Remove(image.FileName);
        }
    }
}
