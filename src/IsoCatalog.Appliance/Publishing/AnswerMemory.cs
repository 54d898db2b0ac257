using System.Collections.Concurrent;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>An answer as it goes out; made once for each state of the site.</summary>
/// <param name="Basis">The newest state that it was found to be true for.</param>
internal sealed record AvailableBytes(AnswerBasis Basis, byte[] ImagesHash, string ETag, byte[] Body, byte[] Gzip)
{
    public long Size => ImagesHash.Length + Body.Length + Gzip.Length;
}

/// <summary>
/// All of a view that an answer is made of. It holds none of it: what the ledger has let go of can never be met again, and an answer that nobody asks for any more
/// must not keep whole views of the past in memory.
/// </summary>
internal sealed class AnswerBasis(SiteView view)
{
    private readonly WeakReference _catalog = new(view.Catalog);
    private readonly WeakReference _cells = new(view.Cells);
    private readonly WeakReference _store = new(view.Store);
    private readonly WeakReference _computed = new(view.Computed);
    private readonly System.Collections.Immutable.ImmutableArray<SurfaceStatus> _surfaces = view.Surfaces;

    public long Version { get; } = view.Version;

    /// <summary>All of it is the same object, as after a change of a lease.</summary>
    public bool SaysTheSame(SiteView other) =>
        ReferenceEquals(_catalog.Target, other.Catalog) && ReferenceEquals(_cells.Target, other.Cells)
        && ReferenceEquals(_store.Target, other.Store) && ReferenceEquals(_computed.Target, other.Computed) && _surfaces == other.Surfaces;
}

/// <summary>Answers that are remembered, bounded by their number and their bytes; beyond that the memory starts anew. Thread-safe.</summary>
internal sealed class AnswerMemory<TQuestion>
    where TQuestion : notnull
{
    public const int MostAnswers = 512;
    public const long MostBytes = 64L << 20;

    private readonly ConcurrentDictionary<TQuestion, AvailableBytes> _answers = new();

    public int Count => _answers.Count;

    public void Clear() => _answers.Clear();

    public AvailableBytes? Find(TQuestion question) => _answers.GetValueOrDefault(question);

    public AvailableBytes Keep(TQuestion question, AvailableBytes answer)
    {
        var (before, all) = (_answers.GetValueOrDefault(question)?.Size ?? 0, _answers.Values.Sum(kept => kept.Size));
        if (all - before + answer.Size > MostBytes || (before == 0 && _answers.Count >= MostAnswers))
        {
            _answers.Clear();
        }

        return _answers[question] = answer;
    }
}
