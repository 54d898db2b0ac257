namespace IsoCatalog.Swarm.Pieces;

/// <summary>
/// Which piece a source is asked for next: the one that fewest sources have; among equals the next in order, from a start that is random for each
/// source, so that sites that begin together fetch different ones, and each still reads its disk in order. The board's lock guards it.
/// </summary>
internal sealed class PiecePicker(PieceGeometry geometry)
{
    private readonly ushort[] _sources = new ushort[geometry.Pieces];

    public void Add(Source source, int piece) => _sources[piece] += (ushort)(source.Has.Set(piece) ? 1 : 0);

    public void AddAll(Source source)
    {
        for (var piece = 0; piece < geometry.Pieces; piece++)
        {
            Add(source, piece);
        }
    }

    /// <summary>False, and nothing is changed, when the bits are none for this torrent.</summary>
    public bool TryAdd(Source source, ReadOnlySpan<byte> bits)
    {
        if (!source.Has.TryCopyFrom(bits))
        {
            return false;
        }

        for (var piece = 0; piece < geometry.Pieces; piece++)
        {
            _sources[piece] += (ushort)(source.Has[piece] ? 1 : 0);
        }

        return true;
    }

    public void Remove(Source source)
    {
        for (var piece = 0; piece < geometry.Pieces; piece++)
        {
            _sources[piece] -= (ushort)(source.Has[piece] ? 1 : 0);
        }
    }

    /// <summary>
    /// A source has just got what others are being asked for here. Its site and this one would go on side by side to the end, each fetching what the other
    /// does, and neither have anything for the other: so the order starts anew elsewhere.
    /// </summary>
    public void PartWays(Source source, IEnumerable<Source> others, OpenPiece piece)
    {
        foreach (var other in others)
        {
            if (other.Identity != source.Identity && Enumerable.Range(0, piece.Words).Any(word => other.Asked.ContainsKey(OpenPiece.Key(piece.Index, word))))
            {
                other.NextPiece = Random.Shared.Next(geometry.Pieces);
            }
        }
    }

    /// <summary>-1 when the source has none that is neither here nor open.</summary>
    public int Next(Source source, Bitfield have, Dictionary<int, OpenPiece> open)
    {
        var next = Rarest(source, have, open);
        if (next >= 0 && next != source.NextPiece)
        {
            // Where others were faster the order starts anew elsewhere; else two sites would go on side by side, each fetching what the other does.
            source.NextPiece = Random.Shared.Next(geometry.Pieces);
            next = Rarest(source, have, open);
        }

        return next;
    }

    private int Rarest(Source source, Bitfield have, Dictionary<int, OpenPiece> open)
    {
        var (best, rarest) = (-1, int.MaxValue);
        for (var i = 0; i < geometry.Pieces && rarest > 1; i++)
        {
            var piece = source.NextPiece + i;
            piece -= piece >= geometry.Pieces ? geometry.Pieces : 0;
            if (_sources[piece] < rarest && source.Has[piece] && !have[piece] && !open.ContainsKey(piece))
            {
                (best, rarest) = (piece, _sources[piece]);
            }
        }

        return best;
    }
}
