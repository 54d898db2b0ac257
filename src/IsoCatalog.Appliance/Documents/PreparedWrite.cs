using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Documents;

/// <summary>A signed document that is not yet written.</summary>
/// <param name="View">The catalog once it is.</param>
/// <param name="Commit">Makes it durable, and only then lets it count. Else why it could not be, and then nothing was changed; where that cannot be said, it says so.</param>
internal sealed record PreparedWrite(CatalogView View, Func<Refusal?> Commit);
