namespace IsoCatalog.Core.Readiness;

/// <summary>What a panel hands to whoever mounts; members that a surface does not have are null and left out of the JSON.</summary>
/// <param name="Url">For a BMC: the URL to give it. Prefer the scheme that the BMC takes from <paramref name="Urls"/>.</param>
/// <param name="Urls">The same image by each scheme the surface speaks.</param>
/// <param name="Path">For a volume: the file as the client sees it.</param>
/// <param name="ClientPath">For a volume: the folder as the client sees it.</param>
/// <param name="DomainId">oVirt: the ISO storage domain.</param>
/// <param name="FileId">oVirt: the file's id in that domain.</param>
public sealed record SurfaceMount(
    string? Url = null, SurfaceUrls? Urls = null, string? Path = null, string? ClientPath = null, string? DomainId = null, string? FileId = null);

public sealed record SurfaceUrls(string? Http = null, string? Https = null, string? Smb = null, string? Nfs = null);
