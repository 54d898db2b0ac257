using System.Numerics;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Wire;

namespace IsoCatalog.Swarm.Peers;

/// <summary>
/// Fetches the leaf hashes of pieces that failed, or of which a damaged file may have a part (BEP 52 hash requests), so that a wrong block is told
/// from right ones. A piece that is right as a whole needs none of this. Thread-safe.
/// </summary>
internal sealed class LeafHashes(Torrent torrent, BlockBoard board, TimeProvider clock)
{
    private const int RunLength = 512;
    private const int MostAsks = 4;
    private const int Node = Sha256Digest.Length;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>From now on the piece waits for its leaf hashes.</summary>
    public void Want(OpenPiece piece)
    {
        lock (board.Gate)
        {
            Want_NeedsLock(piece);
        }

        Ask();
    }

    /// <summary>Asks for what is missing and was not asked for lately. The pieces for which nobody who is connected can be asked.</summary>
    public IReadOnlyList<OpenPiece> Ask()
    {
        var hopeless = new List<OpenPiece>();
        lock (board.Gate)
        {
            foreach (var piece in board.Open)
            {
                if (piece.LeafState != LeafState.Wanted)
                {
                    continue;
                }

                Want_NeedsLock(piece);
                Source[] having = [.. board.Sources.Where(source => source.Has[piece.Index])];
                Source[] able = [.. having.Where(source => source.SpeaksV2)];
                if (able.Length > 0 && piece.LeafAsks <= MostAsks * piece.LeafRuns.Length)
                {
                    Ask_NeedsLock(piece, able);
                }
                else if (having.Length > 0)
                {
                    hopeless.Add(piece);
                }
            }
        }

        return hopeless;
    }

    /// <summary>
    /// Takes hashes that came. False when they break the rules: nobody asked, or they do not lead to the torrent's root.
    /// <paramref name="complete"/> is the piece of which now all leaf hashes are here.
    /// </summary>
    public bool TryTake(Source source, HashRequest request, ReadOnlySpan<byte> hashes, out OpenPiece? complete)
    {
        complete = null;
        lock (board.Gate)
        {
            if (source.HashesAsked-- <= 0)
            {
                return false;
            }
        }

        if (request.Root != torrent.Root || request.BaseLayer != 0 || request.Index < 0 || request.Count < 1
            || request.Index / torrent.Geometry.BlocksPerPiece is var index && index >= torrent.Geometry.Pieces
            || request != Request(index, request.Index % torrent.Geometry.BlocksPerPiece / RunLength)
            || hashes.Length != (request.Count + request.Uncles) * Node
            || HashTree.Prove(hashes[..(request.Count * Node)], request.Index % torrent.Geometry.BlocksPerPiece, hashes[(request.Count * Node)..]) != torrent.PieceHash(index))
        {
            return false;
        }

        lock (board.Gate)
        {
            var run = request.Index % torrent.Geometry.BlocksPerPiece / RunLength;
            if (board.Open.FirstOrDefault(open => open.Index == index) is not { LeafState: LeafState.Wanted, Leaves: not null } piece || piece.LeafRuns[run] < 0)
            {
                return true;
            }

            hashes[..(request.Count * Node)].CopyTo(piece.Leaves.AsSpan(run * RunLength * Node));
            piece.LeafRuns[run] = -1;
            complete = Array.TrueForAll(piece.LeafRuns, asked => asked < 0) ? piece : null;
            return true;
        }
    }

    /// <summary>A peer will not answer; it is not asked for hashes again.</summary>
    public void Rejected(Source source)
    {
        lock (board.Gate)
        {
            source.HashesAsked = Math.Max(0, source.HashesAsked - 1);
            source.SpeaksV2 = false;
        }
    }

    private void Want_NeedsLock(OpenPiece piece)
    {
        piece.LeafState = LeafState.Wanted;
        var leaves = torrent.Geometry.LeavesUnder(piece.Index);
        piece.Leaves ??= new byte[leaves * Node];
        if (piece.LeafRuns.Length == 0)
        {
            piece.LeafRuns = new long[(leaves + RunLength - 1) / RunLength];
        }
    }

    private void Ask_NeedsLock(OpenPiece piece, Source[] able)
    {
        for (var run = 0; run < piece.LeafRuns.Length; run++)
        {
            var asked = piece.LeafRuns[run];
            if (asked < 0 || (asked > 0 && clock.GetElapsedTime(asked) < Patience))
            {
                continue;
            }

            piece.LeafRuns[run] = Math.Max(1, clock.GetTimestamp());
            var source = able[Random.Shared.Next(able.Length)];
            source.HashesAsked++;
            piece.LeafAsks++;
            source.AskHashes(Request(piece.Index, run));
        }
    }

    private HashRequest Request(int piece, int run)
    {
        var leaves = torrent.Geometry.LeavesUnder(piece);
        return new HashRequest(
            torrent.Root,
            0,
            piece * torrent.Geometry.BlocksPerPiece + run * RunLength,
            Math.Min(leaves, RunLength),
            Math.Max(0, BitOperations.Log2((uint)leaves) - 1));
    }
}
