using System.Collections.Immutable;

namespace IsoCatalog.Core.Catalog;

/// <summary>What all sites say about one key: the newest entry of each. Immutable.</summary>
public sealed class Register
{
    private Register(ImmutableArray<StatedEntry> bySite)
    {
        BySite = bySite;
        Winner = bySite.Max(StatedEntry.Order)!;
    }

    /// <summary>One entry per site, by site id.</summary>
    public ImmutableArray<StatedEntry> BySite { get; }

    /// <summary>The highest in the total order: what counts.</summary>
    public StatedEntry Winner { get; }

    public StatedEntry? Of(string site)
    {
        foreach (var entry in BySite)
        {
            if (entry.Stamp.Site == site)
            {
                return entry;
            }
        }

        return null;
    }

    /// <summary>The same object when the entry changes nothing.</summary>
    internal static Register With(Register? register, StatedEntry entry)
    {
        if (register is null)
        {
            return new Register([entry]);
        }

        var at = 0;
        for (; at < register.BySite.Length; at++)
        {
            var known = register.BySite[at];
            var order = string.CompareOrdinal(known.Stamp.Site, entry.Stamp.Site);
            if (order == 0)
            {
                return entry.Exceeds(known) ? new Register(register.BySite.SetItem(at, entry)) : register;
            }

            if (order > 0)
            {
                break;
            }
        }

        return new Register(register.BySite.Insert(at, entry));
    }
}
