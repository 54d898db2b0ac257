using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// Folds entries into a view. First the registers, then what follows from those that changed: images, disputes, names. What a register, an image or a name
/// becomes is a function of all registers, never of the order in which they came.
/// </summary>
internal sealed class CatalogJoin
{
    private static readonly MetaValue NoMeta = new();

    private readonly ImmutableDictionary<RegisterKey, Register>.Builder _registers;
    private readonly ImmutableDictionary<ImageId, CatalogImage>.Builder _images;
    private readonly ImmutableDictionary<string, ImageId>.Builder _aliases;
    private readonly ImmutableDictionary<Sha256Digest, ImmutableArray<ImageId>>.Builder _roots;
    private readonly ImmutableDictionary<Sha256Digest, ImmutableArray<ImageId>>.Builder _named;
    private readonly NameTable _names;
    private readonly HashSet<ImageId> _touched = [];
    private ImmutableDictionary<ImageId, ImmutableArray<string>>? _pointing;
    private Stamp? _last;
    private bool _changed;

    private CatalogJoin(CatalogView view)
    {
        _registers = view.Registers.ToBuilder();
        _images = view.Images.ToBuilder();
        _aliases = view.Aliases.ToBuilder();
        _pointing = view.AliasesOf;
        _roots = view.Roots.ToBuilder();
        _named = view.Named.ToBuilder();
        _names = new NameTable(_images, view.Names.ToBuilder(), view.Wishes.ToBuilder());
        _last = view.LastStamp;
    }

    public static CatalogView Of(CatalogView view, IEnumerable<StatedEntry> entries)
    {
        var join = new CatalogJoin(view);
        foreach (var entry in entries)
        {
            join.Add(entry);
        }

        return join._changed ? join.Finish() : view;
    }

    private void Add(StatedEntry entry)
    {
        var before = _registers.GetValueOrDefault(entry.Key);
        var after = Register.With(before, entry);
        if (ReferenceEquals(before, after))
        {
            return;
        }

        _changed = true;
        _registers[entry.Key] = after;
        _last = entry.Stamp > _last ? entry.Stamp : _last;
        switch (after.Winner.Entry)
        {
            case AliasEntry { Deleted: false } alias:
                _aliases[alias.Name] = alias.Target;
                _pointing = null;
                break;
            case AliasEntry alias:
                _aliases.Remove(alias.Name);
                _pointing = null;
                break;
            default:
                _touched.Add(entry.Key.Image);
                MoveRoots(entry.Key, before?.Of(entry.Stamp.Site), after);
                break;
        }
    }

    /// <summary>Keeps the index of roots; whoever shares a root with the image is looked at again.</summary>
    private void MoveRoots(RegisterKey key, StatedEntry? replaced, Register after)
    {
        if (key.Kind != RegisterKind.Image)
        {
            return;
        }

        foreach (var root in after.BySite.Select(e => e.Entry).OfType<ImageEntry>().Select(e => e.Value.Root))
        {
            var named = _named.GetValueOrDefault(root, []);
            _named[root] = named.Contains(key.Image) ? named : named.Add(key.Image);
        }

        var roots = after.BySite.Select(Claim).OfType<Sha256Digest>().ToHashSet();
        if (replaced is not null && Claim(replaced) is { } old && !roots.Contains(old))
        {
            Touch(old);
            var left = _roots[old].Remove(key.Image);
            if (left.IsEmpty)
            {
                _roots.Remove(old);
            }
            else
            {
                _roots[old] = left;
            }
        }

        foreach (var root in roots)
        {
            var images = _roots.GetValueOrDefault(root);
            if (images.IsDefault)
            {
                _roots[root] = [key.Image];
            }
            else if (!images.Contains(key.Image))
            {
                Touch(root);
                _roots[root] = images.Add(key.Image);
            }
        }
    }

    private void Touch(Sha256Digest root) => _touched.UnionWith(_roots[root]);

    private static Sha256Digest? Claim(StatedEntry entry) => entry.Entry is ImageEntry { Deleted: false } image ? image.Value.Root : null;

    private CatalogView Finish()
    {
        foreach (var id in _touched)
        {
            if (_registers.GetValueOrDefault(RegisterKey.OfImage(id)) is { } register)
            {
                _names.Set(Joined(id, register));
            }
        }

        _names.Settle();
        return new CatalogView
        {
            Registers = _registers.ToImmutable(),
            Images = _images.ToImmutable(),
            Names = _names.Names,
            Wishes = _names.Wishes,
            Aliases = _aliases.ToImmutable(),
            AliasesOf = _pointing ?? _aliases.GroupBy(a => a.Value, a => a.Key).ToImmutableDictionary(g => g.Key, g => g.Order(NaturalOrder.Comparer).ToImmutableArray()),
            Roots = _roots.ToImmutable(),
            Named = _named.ToImmutable(),
            LastStamp = _last,
        };
    }

    private CatalogImage Joined(ImageId id, Register register)
    {
        var entry = (ImageEntry)register.Winner.Entry;
        var meta = _registers.GetValueOrDefault(RegisterKey.OfMeta(id))?.Winner.Entry is MetaEntry { Deleted: false } m ? m.Value : NoMeta;
        var block = _registers.GetValueOrDefault(RegisterKey.OfBlock(id))?.Winner.Entry is BlockEntry { Deleted: false } b ? b : null;
        return new CatalogImage(id, entry.Value, meta, entry.Deleted, entry.Stamp, entry.By)
        {
            Blocked = block is not null,
            BlockedWhy = block?.Why,
            Disputed = IsDisputed(register),
        };
    }

    /// <summary>Every site's own live word is asked, not only the one that counts: the newest is not the truest.</summary>
    private bool IsDisputed(Register register)
    {
        ImageValue? first = null;
        foreach (var stated in register.BySite)
        {
            if (stated.Entry is not ImageEntry { Deleted: false, Value: var value })
            {
                continue;
            }

            if (_roots[value.Root].Length > 1 || (first is not null && (first.Size != value.Size || first.Root != value.Root)))
            {
                return true;
            }

            first = value;
        }

        return false;
    }
}
