using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Documents;

/// <summary>What came of a document of another site.</summary>
/// <param name="Changed">This site knows more than before.</param>
/// <param name="Pending">It is kept until its time comes, or the trust document that it names.</param>
/// <param name="Violation">Why it was refused; null when it was not.</param>
internal sealed record AdmitReport(bool Changed = false, bool Pending = false, RuleViolation? Violation = null)
{
    /// <summary>Chunks that are to be fetched and offered together with the document; then nothing was kept.</summary>
    public IReadOnlyList<ChunkRef> MissingChunks { get; init; } = [];
}
