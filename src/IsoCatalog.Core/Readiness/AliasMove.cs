using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>A word that an alias shall point to an image as soon as that one is ready everywhere. One for each alias; kept across restarts.</summary>
/// <param name="Job">Under which it can be followed.</param>
/// <param name="KeepVersions">So many former targets stay in the catalog when it has moved; null keeps all.</param>
/// <param name="Since">When it was said, by this site's clock.</param>
/// <param name="Asked">The same as in stamps, in milliseconds: not before anything that was known then.</param>
public sealed record AliasMove(string Job, string Alias, ImageId Image, int? KeepVersions, string By, DateTimeOffset Since, long Asked);

/// <summary>Where an image cannot be picked yet.</summary>
/// <param name="Surface">Null while nothing is known of the site.</param>
public sealed record AliasHindrance(string Site, string? Surface, string Code, string Reason);

/// <summary>What is to become of a move that waits.</summary>
public enum AliasStep
{
    Wait,

    /// <summary>The image is ready everywhere.</summary>
    Move,

    /// <summary>The image is not in the catalog any more, or was recalled.</summary>
    GiveUp,

    /// <summary>Somebody said something else about the alias later, at another site.</summary>
    Overtaken,
}
