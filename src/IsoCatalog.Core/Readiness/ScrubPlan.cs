using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Readiness;

/// <summary>A file whose bytes are to be read again.</summary>
/// <param name="Root">What they should hash to.</param>
/// <param name="Cell">Where it is published; null for the site's own file.</param>
public readonly record struct ScrubStep(Sha256Digest Root, CellKey? Cell);

/// <summary>Which files are to be read again: bytes rot without anybody touching them. Pure.</summary>
public static class ScrubPlan
{
    /// <summary>
    /// What was not read for so long, what was not read longest first. What was never read as far as anybody remembers is due, and so is what was read in a future that
    /// a wrong clock knew. A published name of the store's own inode has no bytes of its own.
    /// </summary>
    public static IEnumerable<ScrubStep> Due(SiteView view, TimeSpan every, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(view);
        var stored = view.Store.Where(s => s.Value is StoreFile.Present)
            .Select(s => (Step: new ScrubStep(s.Key, null), At: view.ReadTimes.Stored.GetValueOrDefault(s.Key)));
        var surfaces = view.Surfaces.ToDictionary(s => s.Name, StringComparer.Ordinal);
        var published = view.Cells
            .Where(c => c.Value is { State: CellState.Advertised, Evidence: not null } && surfaces.TryGetValue(c.Key.Surface, out var surface) && !view.SharesStore(c.Key.Image, surface))
            .Select(c => (Step: new ScrubStep(c.Value.Evidence!.Root, c.Key), At: view.ReadTimes.Published.GetValueOrDefault(c.Key)));
        return stored.Concat(published).Where(r => r.At > now || now - r.At >= every).OrderBy(r => r.At).ThenBy(r => r.Step.Root).Select(r => r.Step);
    }
}
