using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Client;

/// <param name="Image">The image that it shall point to: its id, its file name, or an alias that points to it now.</param>
/// <param name="KeepVersions">So many former targets of this alias stay in the catalog once it has moved, older ones are removed; 0 to 32. Left out, all stay.</param>
public sealed record AliasRequest(string Image, int? KeepVersions = null);

public sealed record AliasList(IReadOnlyList<AliasView> Aliases);

/// <summary>A signed name that points to an image, and moves.</summary>
/// <param name="Image">What it points to; left out while it waits for its first image.</param>
/// <param name="ImageName">That image's file name.</param>
/// <param name="Code">Why it offers nothing at the site asked: removed, blocked, hidden or disputed. Left out when it does.</param>
/// <param name="Reason">The same in words.</param>
/// <param name="Former">What it pointed to before, the newest first; images that were removed meanwhile too.</param>
/// <param name="By">Who moved it, and <paramref name="Site"/> where.</param>
/// <param name="Since">When it moved there.</param>
/// <param name="Waiting">A move that was asked for at the site asked, and waits. Other sites do not see it.</param>
public sealed record AliasView(
    string Name,
    ImageId? Image,
    string? ImageName,
    string? Code,
    string? Reason,
    IReadOnlyList<FormerTarget> Former,
    string? By,
    string? Site,
    DateTimeOffset? Since,
    AliasWait? Waiting);

/// <param name="InCatalog">It is not removed or recalled.</param>
public sealed record FormerTarget(ImageId Image, string? Name, bool InCatalog);

/// <summary>A move that is carried out as soon as its image is available everywhere.</summary>
/// <param name="Job">Under which GET /api/v1/jobs/{id} tells how far it is.</param>
/// <param name="WaitsFor">Where the image is not available yet.</param>
public sealed record AliasWait(
    ImageId Image, string? ImageName, int? KeepVersions, string By, DateTimeOffset Since, string Job, IReadOnlyList<AliasWaitsFor> WaitsFor);

/// <param name="Surface">Left out while nothing is known of the site.</param>
public sealed record AliasWaitsFor(string Site, string? Surface, string Code, string Reason);

/// <summary>What came of a word about an alias: one of both.</summary>
/// <param name="Moved">It points to the image now.</param>
/// <param name="Waiting">It moves as soon as the image is available everywhere.</param>
public sealed record AliasMoved(AliasView? Moved, JobView? Waiting);
