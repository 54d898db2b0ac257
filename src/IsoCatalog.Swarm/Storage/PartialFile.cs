using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Pieces;

namespace IsoCatalog.Swarm.Storage;

/// <summary>The file that a transfer fills, with the record of what is durable in it, and the damaged file that it may take blocks from.</summary>
internal sealed class PartialFile(Torrent torrent, string path, string? progressPath, string? damagedPath, TimeProvider clock) : IDisposable
{
    private const int Node = Sha256Digest.Length;

    private readonly ProgressFile? _progress = progressPath is null ? null : new ProgressFile(progressPath, torrent);
    private readonly Lock _committing = new();
    private ImageFile? _damaged;
    private bool _disposed;
    private bool _finished;
    private int _uncommitted;
    private long _committedAt = clock.GetTimestamp();

    public ImageFile? File { get; private set; }

    /// <summary>Opens or makes the file, and finds out what is in it.</summary>
    /// <param name="stop">Asked between pieces.</param>
    public void Open(BlockBoard board, Func<bool> stop)
    {
        File = ImageFile.OpenPartial(path, torrent.Size);
        if (damagedPath is not null)
        {
            _damaged = ImageFile.OpenDamaged(damagedPath);
        }

        if (!File.IsNew && _progress?.TryLoad(board.Have) != true)
        {
            Check(File, board, stop);
        }

        if (_damaged is not null)
        {
            CopyFromDamaged(File, _damaged, board, stop);
        }

        if (_disposed)
        {
            Dispose();
        }
    }

    /// <summary>Writes a verified piece. In a new file, what is all zeros stays a hole.</summary>
    public void Write(PieceGeometry geometry, OpenPiece piece)
    {
        var file = File ?? throw new ObjectDisposedException(path);
        var offset = geometry.OffsetOf(piece.Index);
        for (var word = 0; word < piece.Words; word++)
        {
            var bytes = piece.Bytes(word).AsSpan(0, piece.LengthOf(word));
            if (!file.IsNew || bytes.ContainsAnyExcept((byte)0))
            {
                file.Write(bytes, offset + (long)word * OpenPiece.WordLength);
            }
        }

        if (_progress is not null)
        {
            file.BeginWriteback(offset, piece.Length);
        }

        Interlocked.Increment(ref _uncommitted);
    }

    public bool CommitIsDue(TimeSpan interval) =>
        _progress is not null && Volatile.Read(ref _uncommitted) > 0 && clock.GetElapsedTime(Volatile.Read(ref _committedAt)) >= interval;

    /// <summary>Makes durable what is written, and then records it.</summary>
    public void Commit(Bitfield have)
    {
        lock (_committing)
        {
            if (_progress is null || File is null || _disposed || _finished)
            {
                return;
            }

            Volatile.Write(ref _committedAt, clock.GetTimestamp());
            Volatile.Write(ref _uncommitted, 0);
            var written = new byte[have.ByteLength];
            have.CopyTo(written);
            File.SyncData();
            _progress.Save(written);
        }
    }

    public void Finish()
    {
        lock (_committing)
        {
            File?.Sync();
            _progress?.Delete();

            // A commit that was on its way would leave a record of a file that is whole.
            _finished = true;
        }
    }

    /// <summary>Copies the blocks of the damaged file that match the leaf hashes into the piece. True when nothing is left to fetch.</summary>
    public bool FillFromDamaged(BlockBoard board, OpenPiece piece)
    {
        var full = false;
        var block = new byte[PieceGeometry.BlockLength];
        Span<byte> digest = stackalloc byte[Node];
        for (var i = 0; i < piece.Blocks; i++)
        {
            var bytes = block.AsSpan(0, torrent.Geometry.LengthOf(piece.Index, i));
            if (_damaged?.TryRead(bytes, torrent.Geometry.OffsetOf(piece.Index) + (long)i * PieceGeometry.BlockLength) != true)
            {
                break;
            }

            PieceCheck.HashBlocks(bytes, digest);
            if (!digest.SequenceEqual(piece.Leaves.AsSpan(i * Node, Node)))
            {
                continue;
            }

            var word = i / OpenPiece.WordBlocks;
            bytes.CopyTo(piece.Bytes(word, board.Buffers).AsSpan(i % OpenPiece.WordBlocks * PieceGeometry.BlockLength));
            digest.CopyTo(piece.Digests.AsSpan(i * Node));
            full = board.Fill(piece, word, OpenPiece.Bit(i));
        }

        return full;
    }

    public void Dispose()
    {
        _disposed = true;
        File?.Dispose();
        _damaged?.Dispose();
    }

    private void CopyFromDamaged(ImageFile file, ImageFile damaged, BlockBoard board, Func<bool> stop)
    {
        var geometry = torrent.Geometry;
        var buffer = new byte[geometry.PieceLength];
        for (var piece = 0; piece < geometry.Pieces && !stop(); piece++)
        {
            if (board.Have[piece])
            {
                continue;
            }

            var bytes = buffer.AsSpan(0, geometry.LengthOf(piece));
            bytes.Clear();
            var whole = damaged.TryRead(bytes, geometry.OffsetOf(piece));
            if (whole && IsRight(piece, bytes))
            {
                file.Write(bytes, geometry.OffsetOf(piece));
                board.Have.Set(piece);
            }
            else if (geometry.LeavesUnder(piece) > 1)
            {
                board.Damaged.Add(piece);
            }
        }

        _uncommitted++;
    }

    private void Check(ImageFile file, BlockBoard board, Func<bool> stop)
    {
        var geometry = torrent.Geometry;
        Parallel.For(
            0,
            geometry.Pieces,
            new ParallelOptions { MaxDegreeOfParallelism = Math.Clamp(Environment.ProcessorCount, 1, 4) },
            () => new byte[geometry.PieceLength],
            (piece, loop, buffer) =>
            {
                if (stop())
                {
                    loop.Stop();
                    return buffer;
                }

                var bytes = buffer.AsSpan(0, geometry.LengthOf(piece));
                if (file.TryRead(bytes, geometry.OffsetOf(piece)) && IsRight(piece, bytes))
                {
                    lock (board.Gate)
                    {
                        board.Have.Set(piece);
                    }
                }

                return buffer;
            },
            _ => { });
    }

    private bool IsRight(int piece, ReadOnlySpan<byte> bytes)
    {
        var digests = new byte[torrent.Geometry.BlocksOf(piece) * Node];
        PieceCheck.HashBlocks(bytes, digests);
        return PieceCheck.Root(torrent.Geometry, piece, digests) == torrent.PieceHash(piece);
    }
}
