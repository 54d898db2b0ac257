using System.Collections.Concurrent;
using System.Collections.Immutable;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces.Files;

/// <summary>
/// Which changes of ctime of the store's inodes are the appliance's own doing: a surface that makes, renames or removes a hard link moves the ctime
/// under everybody who holds an earlier receipt. Whoever finds another ctime asks here before it is a doubt. Thread-safe.
/// </summary>
public sealed class OwnLinks
{
    /// <summary>More than can overlap: changes may end in another order than they looked.</summary>
    private const int Remembered = 16;

    private readonly ConcurrentDictionary<Sha256Digest, State> _states = new();

    /// <summary>To be held while links are changed: until it is disposed any ctime is explained, and afterwards the one that <paramref name="look"/> finds.</summary>
    /// <param name="root">Which file of the store.</param>
    /// <param name="look">Asked at the end: the file as it is then, or null when it is not there or not the same.</param>
    public IDisposable Expect(Sha256Digest root, Func<Receipt?> look)
    {
        ArgumentNullException.ThrowIfNull(look);
        _states.AddOrUpdate(root, _ => new State(1, []), (_, state) => state with { UnderWay = state.UnderWay + 1 });
        return new Change(this, root, look);
    }

    /// <summary>To be taken before stat: a change that begins or ends between the two explains what stat says too.</summary>
    public Look Before(Sha256Digest root) => new(this, root, _states.GetValueOrDefault(root));

    private void End(Sha256Digest root, Receipt? found) => _states.AddOrUpdate(
        root,
        _ => throw new InvalidOperationException($"No change of links of {root} was begun."),
        (_, state) => new State(state.UnderWay - 1, found is { } now ? [now.ChangedNs, .. state.ChangedNs.Take(Remembered - 1)] : state.ChangedNs));

    /// <summary>A look at one store file.</summary>
    public readonly struct Look
    {
        private readonly OwnLinks _links;
        private readonly Sha256Digest _root;
        private readonly State? _before;

        internal Look(OwnLinks links, Sha256Digest root, State? before) => (_links, _root, _before) = (links, root, before);

        /// <summary>Whether the file is as it was verified, but for links that the appliance changed itself.</summary>
        /// <param name="found">What stat said.</param>
        /// <param name="verified">Any receipt of the file's verified bytes, however old.</param>
        public bool Explains(Receipt found, Receipt verified) =>
            found == verified
            || (FileIdentity.SameContent(found, verified)
                && _links._states.TryGetValue(_root, out var after)
                && (after.UnderWay > 0 || !ReferenceEquals(after, _before) || after.ChangedNs.Contains(found.ChangedNs)));
    }

    /// <summary>A new object at each change.</summary>
    internal sealed record State(int UnderWay, ImmutableArray<long> ChangedNs);

    private sealed class Change(OwnLinks links, Sha256Digest root, Func<Receipt?> look) : IDisposable
    {
        private int _ended;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0)
            {
                Receipt? found = null;
                try
                {
                    found = look();
                }
                finally
                {
                    links.End(root, found);
                }
            }
        }
    }
}
