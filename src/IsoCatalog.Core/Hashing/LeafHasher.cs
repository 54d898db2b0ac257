using System.Security.Cryptography;

namespace IsoCatalog.Core.Hashing;

/// <summary>What one way of hashing leaves reached when it was measured on this machine, on one core.</summary>
public readonly record struct LeafHashingSpeed(LeafHashing Way, double MegabytesPerSecond);

/// <summary>
/// The way in which this process hashes leaves and inner nodes. Chosen once, lazily by <see cref="LeafHashing.Auto"/> or before that by
/// <see cref="Select"/>; a hasher keeps the way it started with. Thread-safe.
/// </summary>
public sealed class LeafHasher
{
    private static readonly Lock Choice = new();
    private static LeafHasher? _current;

    private readonly int _leafLanes;
    private readonly int _pairLanes;

    // From this many leaves on, a run of all lanes takes less time than one leaf after the other.
    private readonly int _fewestLeaves;

    private LeafHasher(LeafHashing way, bool forced, IReadOnlyList<LeafHashingSpeed> measured)
    {
        Way = way;
        Measured = measured;
        _leafLanes = Lanes(way);
        _pairLanes = way != LeafHashing.Platform || forced ? _leafLanes : Lanes(Widest);
        _fewestLeaves = measured.Count == 0 ? 1 : (int)Math.Ceiling(_leafLanes * Speed(LeafHashing.Platform) / Speed(way));
    }

    /// <summary>Never <see cref="LeafHashing.Auto"/>.</summary>
    public LeafHashing Way { get; }

    /// <summary>What each supported way reached, fastest first.</summary>
    public IReadOnlyList<LeafHashingSpeed> Measured { get; }

    /// <summary>The one that new hashers use.</summary>
    public static LeafHasher Current
    {
        get
        {
            if (_current is null)
            {
                lock (Choice)
                {
                    _current ??= Make(LeafHashing.Auto, TimeProvider.System);
                }
            }

            return _current;
        }
    }

    private static LeafHashing Widest =>
        Sha256x16.IsSupported ? LeafHashing.Avx512 : Sha256x8.IsSupported ? LeafHashing.Avx2 : LeafHashing.Platform;

    /// <summary>Whether this processor, as the runtime lets it be used, can do it.</summary>
    public static bool IsSupported(LeafHashing way) => way switch
    {
        LeafHashing.Avx512 => Sha256x16.IsSupported,
        LeafHashing.Avx2 => Sha256x8.IsSupported,
        LeafHashing.Auto or LeafHashing.Platform => true,
        _ => false,
    };

    /// <summary>
    /// Measures every supported way for a few milliseconds, and sets the one that hashers created from now on use: the one
    /// asked for, or the fastest.
    /// </summary>
    /// <exception cref="PlatformNotSupportedException">This processor, or the runtime's configuration, lacks what is asked for.</exception>
    public static LeafHasher Select(LeafHashing wanted, TimeProvider clock)
    {
        lock (Choice)
        {
            return _current = Make(wanted, clock);
        }
    }

    /// <summary>The SHA-256 of each of some whole leaves that lie one after the other.</summary>
    /// <param name="leaves">A multiple of 16 KiB.</param>
    /// <param name="digests">Receives 32 bytes for each.</param>
    public void HashLeaves(ReadOnlySpan<byte> leaves, Span<byte> digests) =>
        HashEach(leaves, MerkleTree.LeafLength, digests, _leafLanes, _fewestLeaves);

    /// <summary>The parent of each pair of nodes that lie one after the other.</summary>
    /// <param name="nodes">A multiple of 64 bytes.</param>
    /// <param name="parents">Receives 32 bytes for each pair; may start where <paramref name="nodes"/> starts.</param>
    public void HashPairs(ReadOnlySpan<byte> nodes, Span<byte> parents) =>
        HashEach(nodes, 2 * Sha256Digest.Length, parents, _pairLanes, fewest: 3);

    private static LeafHasher Make(LeafHashing wanted, TimeProvider clock)
    {
        if (!IsSupported(wanted))
        {
            var supported = string.Join(", ", Enum.GetValues<LeafHashing>().Where(IsSupported));
            throw new PlatformNotSupportedException(
                $"Leaf hashing '{wanted}' needs instructions that this processor lacks or that the runtime does not use. Choose one of: {supported}.");
        }

        LeafHashing[] ways = [.. Enum.GetValues<LeafHashing>().Where(way => way != LeafHashing.Auto && IsSupported(way))];
        LeafHashingSpeed[] measured = [.. ways
            .Select(way => new LeafHashingSpeed(way, Measure(new LeafHasher(way, forced: true, []), clock)))
            .OrderByDescending(speed => speed.MegabytesPerSecond)];
        return new LeafHasher(wanted == LeafHashing.Auto ? measured[0].Way : wanted, forced: wanted != LeafHashing.Auto, measured);
    }

    // The best of a few short runs: what disturbs a measurement only makes it slower.
    private static double Measure(LeafHasher hasher, TimeProvider clock)
    {
        const int leaves = 32;
        var data = new byte[leaves * MerkleTree.LeafLength];
        Span<byte> digests = stackalloc byte[leaves * Sha256Digest.Length];
        var best = TimeSpan.MaxValue;
        for (var run = 0; run < 4; run++)
        {
            var start = clock.GetTimestamp();
            hasher.HashLeaves(data, digests);
            var elapsed = clock.GetElapsedTime(start);
            best = elapsed < best ? elapsed : best;
        }

        return data.Length / Math.Max(best.TotalMicroseconds, 0.1);
    }

    private static int Lanes(LeafHashing way) => way switch
    {
        LeafHashing.Avx512 => Sha256x16.Lanes,
        LeafHashing.Avx2 => Sha256x8.Lanes,
        _ => 1,
    };

    private static void HashEach(ReadOnlySpan<byte> messages, int length, Span<byte> digests, int lanes, int fewest)
    {
        var count = messages.Length / length;
        if (count * length != messages.Length || digests.Length < count * Sha256Digest.Length)
        {
            throw new ArgumentException($"Expected whole messages of {length} bytes, and room for 32 bytes for each.", nameof(messages));
        }

        var next = 0;
        while (lanes > 1 && count - next >= fewest)
        {
            var taken = Math.Min(lanes, count - next);
            HashTogether(messages.Slice(next * length, taken * length), length, digests[(next * Sha256Digest.Length)..], lanes);
            next += taken;
        }

        for (; next < count; next++)
        {
            SHA256.HashData(messages.Slice(next * length, length), digests[(next * Sha256Digest.Length)..]);
        }
    }

    private static unsafe void HashTogether(ReadOnlySpan<byte> messages, int length, Span<byte> digests, int lanes)
    {
        var taken = messages.Length / length;
        var ending = stackalloc byte[64];
        var results = stackalloc byte[Sha256x16.Lanes * Sha256Digest.Length];
        var pointers = stackalloc byte*[Sha256x16.Lanes];
        Sha256Constants.WriteEnding(new Span<byte>(ending, 64), length);
        fixed (byte* first = messages)
        {
            // Lanes that have no message of their own repeat the first one.
            for (var lane = 0; lane < lanes; lane++)
            {
                pointers[lane] = first + (lane < taken ? lane * length : 0);
            }

            if (lanes == Sha256x16.Lanes)
            {
                Sha256x16.Hash(pointers, length / 64, ending, results);
            }
            else
            {
                Sha256x8.Hash(pointers, length / 64, ending, results);
            }
        }

        new ReadOnlySpan<byte>(results, taken * Sha256Digest.Length).CopyTo(digests);
    }

    private double Speed(LeafHashing way) => Measured.First(speed => speed.Way == way).MegabytesPerSecond;
}
