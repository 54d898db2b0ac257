namespace IsoCatalog.Core.Images;

/// <summary>How the images of a product are told by what their volume descriptor says: a <c>media</c> of osinfo-db. Patterns that are null say nothing; all others must match.</summary>
public sealed record ImageRule
{
    public required KnownProduct Product { get; init; }

    public RulePattern? VolumeId { get; init; }

    public RulePattern? SystemId { get; init; }

    public RulePattern? PublisherId { get; init; }

    public RulePattern? ApplicationId { get; init; }

    /// <summary>Bytes that the volume must have exactly; 0 for any.</summary>
    public long VolumeSize { get; init; }

    /// <summary>Finds the language in the volume id.</summary>
    public RulePattern? Language { get; init; }

    /// <summary>What the language is called otherwise.</summary>
    public IReadOnlyDictionary<string, string>? LanguageNames { get; init; }

    /// <summary>Null for all.</summary>
    public string? Arch { get; init; }

    public string? Edition { get; init; }

    /// <summary>As <see cref="Catalog.MetaValue.Kind"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>It is for all architectures, or for a product without settled releases: what another rule says is better.</summary>
    public bool IsVague { get; init; }

    public bool SaysSomething => VolumeId is not null || SystemId is not null || PublisherId is not null || ApplicationId is not null || VolumeSize > 0;
}

/// <param name="Id">Where it comes from: a URI of osinfo-db.</param>
/// <param name="Name">With its version, as people say it.</param>
/// <param name="Family">In the words of <see cref="Catalog.OsName"/>.</param>
/// <param name="Distro">In the words of <see cref="Catalog.OsName"/>.</param>
/// <param name="Version">Of the release; null where there are none.</param>
public sealed record KnownProduct(string Id, string Name, string? Family, string? Distro, string? Version);
