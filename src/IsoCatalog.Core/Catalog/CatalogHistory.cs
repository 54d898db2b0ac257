using System.Collections.Immutable;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// The last changes of each register that this site has seen, with what was said before: so that somebody can take them back, and is told when they are many. It is this site's own memory,
/// signed by nobody. Immutable, thread-safe.
/// </summary>
public sealed class CatalogHistory
{
    /// <summary>Changes of one register.</summary>
    public const int OfRegister = 20;

    /// <summary>Bytes of all that was said before; beyond, the oldest goes.</summary>
    public const long MostBytes = 32L << 20;

    public static readonly CatalogHistory Empty = new([], 0);

    public static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    // The oldest first.
    private readonly ImmutableList<CatalogChange> _changes;
    private readonly long _bytes;

    private CatalogHistory(ImmutableList<CatalogChange> changes, long bytes) => (_changes, _bytes) = (changes, bytes);

    public int Count => _changes.Count;

    /// <summary>In the order in which they were seen.</summary>
    public IEnumerable<CatalogChange> All => _changes;

    public static CatalogHistory Of(IEnumerable<CatalogChange> changes)
    {
        ImmutableList<CatalogChange> all = [.. changes.OrderBy(change => change.At)];
        return new CatalogHistory(all, all.Sum(SizeOf));
    }

    /// <param name="changes">Those that were seen now.</param>
    /// <param name="dropped">Those that are not kept any more.</param>
    public CatalogHistory With(IReadOnlyCollection<CatalogChange> changes, DateTimeOffset now, out IReadOnlyList<CatalogChange> dropped)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var all = _changes.AddRange(changes);
        var (touched, said) = (changes.Select(change => change.Register).ToHashSet(), changes.Select(change => change.Is.Hash).ToHashSet());
        var gone = new HashSet<CatalogChange>(ReferenceEqualityComparer.Instance);

        // A word that was set aside and is in force again is remembered once.
        gone.UnionWith(_changes.Where(change => change.At < now - Kept || said.Contains(change.Is.Hash)));
        foreach (var register in all.Where(change => touched.Contains(change.Register) && !gone.Contains(change)).GroupBy(change => change.Register).ToList())
        {
            var own = register.ToList();
            gone.UnionWith(LeastNeeded(own).Take(Math.Max(0, own.Count - OfRegister)));
        }

        var bytes = _bytes + changes.Sum(SizeOf) - gone.Sum(SizeOf);
        if (bytes > MostBytes)
        {
            // Whoever takes the most room loses what he did last needed: nobody pushes out what another one's words were, nor his own first ones.
            foreach (var change in all.Where(change => !gone.Contains(change)).GroupBy(change => change.Signer).OrderByDescending(group => group.Sum(SizeOf))
                .SelectMany(group => LeastNeeded([.. group])).ToList())
            {
                if (bytes <= MostBytes)
                {
                    break;
                }

                gone.Add(change);
                bytes -= SizeOf(change);
            }
        }

        dropped = [.. gone];
        return new CatalogHistory(gone.Count == 0 ? all : all.RemoveAll(gone.Contains), bytes);
    }

    /// <summary>The newest changes.</summary>
    public IEnumerable<CatalogChange> Since(DateTimeOffset time) => _changes.Where(change => change.At > time);

    /// <summary>
    /// What somebody signed from then on, and is still in force: of each register his first change since somebody else's last one, because what stood before that is what is wanted back.
    /// </summary>
    public IEnumerable<CatalogChange> InForce(CatalogView view, string signer, DateTimeOffset since) => _changes
        .GroupBy(change => change.Register)
        .Where(group => view.Registers.GetValueOrDefault(group.Key)?.Winner.Stamp.Site == signer)
        .Select(group => group.Reverse().TakeWhile(change => change.Signer == signer && change.At >= since).LastOrDefault())
        .OfType<CatalogChange>();

    /// <summary>
    /// What goes first: a change of what its signer had said himself, the oldest first, and then the oldest of all. What stood before somebody's first change is what is wanted back; he must not
    /// push it out by going on.
    /// </summary>
    private static IEnumerable<CatalogChange> LeastNeeded(IReadOnlyList<CatalogChange> changes) =>
        changes.Where(IsOfHisOwn).Concat(changes.Where(change => !IsOfHisOwn(change)));

    private static bool IsOfHisOwn(CatalogChange change) => change.Was?.Stamp.Site == change.Signer;

    private static long SizeOf(CatalogChange change) => (change.Was?.Json.Length ?? 0) + 200;
}
