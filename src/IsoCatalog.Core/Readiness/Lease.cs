using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Readiness;

/// <summary>A promise that a mounted image stays.</summary>
/// <param name="Client">Who holds it; for a BMC its IP address, to which the URL is bound.</param>
/// <param name="Token">The secret part of the lease's own URL; null where the surface has none.</param>
public sealed record Lease(
    string Id, ImageId Image, string Surface, string Client, string? Token, DateTimeOffset Created, DateTimeOffset Expires);
