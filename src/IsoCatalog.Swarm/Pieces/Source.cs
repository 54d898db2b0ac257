using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Pieces;

/// <summary>A run of blocks of one word of a piece: bit n is block 64 × word + n.</summary>
internal readonly record struct BlockRun(int Piece, int Word, ulong Mask);

/// <summary>
/// One connection as a place to fetch from. The board's lock guards what is settable here, but for the window, which belongs to the
/// thread that receives.
/// </summary>
internal sealed class Source(string identity, int pieces, RequestWindow window, Action<int, int> cancel, Action<HashRequest> askHashes)
{
    /// <summary>Who is to blame for a wrong block.</summary>
    public string Identity => identity;

    public Bitfield Has { get; } = new(pieces);

    public RequestWindow Window => window;

    /// <summary>Takes back the request for a block; called under the board's lock.</summary>
    public Action<int, int> Cancel => cancel;

    /// <summary>Asks for hashes of the tree; may be called under the board's lock.</summary>
    public Action<HashRequest> AskHashes => askHashes;

    public bool SpeaksV2 { get; set; }

    /// <summary>Hash requests that are not answered.</summary>
    public int HashesAsked { get; set; }

    /// <summary>It may be asked: the other side has unchoked us.</summary>
    public bool Open { get; set; }

    /// <summary>It did not answer in time, and others do its work.</summary>
    public bool Stalled { get; set; }

    /// <summary>It had room for more, but no more pieces may be opened now.</summary>
    public bool Starved { get; set; }

    /// <summary>Blocks asked for, by <see cref="OpenPiece.Key"/>.</summary>
    public Dictionary<int, ulong> Asked { get; } = [];

    /// <summary>
    /// How many times a block, by <see cref="OpenPiece.Key"/> and bit, was asked for here and given to others since: each of these may still come. Counted,
    /// because a source that stalls twice may answer every one of its requests in the end.
    /// </summary>
    private readonly Dictionary<(int Key, ulong Bit), int> _late = [];

    public int InFlight { get; set; }

    /// <summary>Where the search for a new piece starts; ties are broken by it, so it is random at first.</summary>
    public int NextPiece { get; set; } = pieces == 0 ? 0 : Random.Shared.Next(pieces);

    /// <summary>When it will have delivered what it was asked for, in seconds from now.</summary>
    public double Backlog => Stalled
        ? double.MaxValue
        : (InFlight * (double)PieceGeometry.BlockLength / Math.Max(window.Rate, 16 * 1024)) + window.RoundTrip.TotalSeconds;

    /// <summary>It is no longer asked for a block; false when it was not.</summary>
    public bool TakeAsked(int key, ulong bit) => Take(Asked, key, bit);

    /// <summary>A block that was given to others comes, or will never come; false when there is none such.</summary>
    public bool TakeLate(int key, ulong bit)
    {
        var times = _late.GetValueOrDefault((key, bit));
        if (times > 1)
        {
            _late[(key, bit)] = times - 1;
        }
        else
        {
            _late.Remove((key, bit));
        }

        return times > 0;
    }

    /// <summary>What was asked for goes to others, and may come all the same.</summary>
    public void AddLate(int key, ulong mask)
    {
        for (; mask != 0; mask &= mask - 1)
        {
            var bit = mask & (~mask + 1);
            _late[(key, bit)] = _late.GetValueOrDefault((key, bit)) + 1;
        }
    }

    private static bool Take(Dictionary<int, ulong> masks, int key, ulong bit)
    {
        if (!masks.TryGetValue(key, out var mask) || (mask & bit) == 0)
        {
            return false;
        }

        if (mask == bit)
        {
            masks.Remove(key);
        }
        else
        {
            masks[key] = mask & ~bit;
        }

        return true;
    }
}
