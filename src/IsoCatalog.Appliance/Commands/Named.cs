using System.CommandLine;

namespace IsoCatalog.Appliance.Commands;

/// <summary>Names that only a running site knows.</summary>
internal enum SiteNames
{
    /// <summary>Of the catalog, and aliases that stand for them.</summary>
    Images,

    /// <summary>Of the catalog, to be changed: an alias does not stand for them.</summary>
    ImagesThemselves,

    /// <summary>Those that were removed and can be restored.</summary>
    RemovedImages,

    Aliases,

    /// <summary>Surfaces, and their groups and kinds.</summary>
    Surfaces,

    Sites,
}

/// <summary>What takes such a name, so that a shell can complete it.</summary>
internal interface INamedAtSite
{
    SiteNames Names { get; }
}

internal sealed class NamedArgument<T>(string name, SiteNames names) : Argument<T>(name), INamedAtSite
{
    public SiteNames Names => names;
}

internal sealed class NamedOption<T>(string name, SiteNames names) : Option<T>(name), INamedAtSite
{
    public SiteNames Names => names;
}
