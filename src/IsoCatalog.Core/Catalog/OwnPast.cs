using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>What a site knows of its own past at a start, to tell what it finds of itself at others: a past that this machine has forgotten, or another machine that
/// goes by its name. Immutable and pure.</summary>
/// <param name="Epoch">The highest that this machine knows to have been begun.</param>
/// <param name="Newest">The newest document that it has; null for none.</param>
/// <param name="Started">By this machine's clock.</param>
public sealed record OwnPast(long Epoch, DocumentRef? Newest, DateTimeOffset Started)
{
    /// <summary>The past of a site whose documents are those of the catalog.</summary>
    /// <param name="storedEpoch">The highest epoch that this machine remembers; 0 if none.</param>
    public static OwnPast Of(FleetCatalog catalog, string site, long storedEpoch, DateTimeOffset started)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        var record = catalog.Sites.GetValueOrDefault(site) ?? new SiteRecord();
        var newest = record.Retained.Concat(record.SetAside).Select(d => d.Ref)
            .Concat(catalog.Pending.Where(p => p.Site == site).Select(p => p.Ref)).Max();
        return new OwnPast(Math.Max(storedEpoch, newest?.Epoch ?? 0), newest, started);
    }

    /// <summary>What it means that somebody has this, signed with the site's present key and not by this process.</summary>
    /// <param name="document">It is a document: then one is missing here if it is newer than the newest, in whatever epoch.</param>
    /// <param name="ownBoot">What this process signs as; null before it has signed anything.</param>
    public OwnFinding Weigh(OwnWord found, bool document, RandomId? ownBoot)
    {
        ArgumentNullException.ThrowIfNull(found);
        var known = found.Epoch <= Epoch && (!document || (Newest is not null && (found.Epoch, found.Seq).CompareTo((Newest.Epoch, Newest.Seq)) <= 0));
        return known ? OwnFinding.Known
            : found.Issued > Started && (ownBoot is null || found.BootId != ownBoot) ? OwnFinding.Cloned
            : OwnFinding.RolledBack;
    }
}

/// <summary>A document or statement of the site itself that another site has.</summary>
/// <param name="BootId">Null where it does not say.</param>
public sealed record OwnWord(long Epoch, long Seq, RandomId? BootId, DateTimeOffset Issued);

public enum OwnFinding
{
    /// <summary>Of the past that this machine knows.</summary>
    Known,

    /// <summary>This machine signed it and has forgotten it: it was set back, or its folder was restored from a copy.</summary>
    RolledBack,

    /// <summary>It was signed while this process ran: another machine has the site's key.</summary>
    Cloned,
}
