using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Documents;

/// <summary>A signed document that is not yet written.</summary>
/// <param name="View">The catalog once it is.</param>
/// <param name="Commit">Makes it durable, and only then lets it count.</param>
/// <exception cref="IOException">Of <paramref name="Commit"/>: nothing was changed.</exception>
internal sealed record PreparedWrite(CatalogView View, Action Commit);
