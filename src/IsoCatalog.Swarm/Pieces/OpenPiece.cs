using System.Numerics;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Swarm.Pieces;

internal enum LeafState
{
    /// <summary>Nobody needs the leaf hashes: the hash of the whole piece decides.</summary>
    NotNeeded,

    /// <summary>They are to be asked for; no block of the piece is, until they are here.</summary>
    Wanted,

    /// <summary>They are here, and lead to the root.</summary>
    Known,
}

/// <summary>
/// A piece of which blocks are being fetched. Its bytes stay in memory until all are there and right. The board's lock guards
/// everything but the bytes of a block between its claim and its arrival, and the digests of a word while it is being hashed.
/// </summary>
internal sealed class OpenPiece
{
    public const int WordBlocks = 64;
    public const int WordLength = WordBlocks * PieceGeometry.BlockLength;

    private readonly byte[]?[] _bytes;
    private readonly byte[] _askedTimes;

    public OpenPiece(PieceGeometry geometry, int index)
    {
        (Index, Blocks, Length) = (index, geometry.BlocksOf(index), geometry.LengthOf(index));
        Words = (Blocks + WordBlocks - 1) / WordBlocks;
        (Free, Claimed, Received, Hashed) = (new ulong[Words], new ulong[Words], new ulong[Words], new ulong[Words]);
        _bytes = new byte[]?[Words];
        _askedTimes = new byte[Blocks];
        Origins = new string?[Blocks];
        Digests = new byte[Blocks * Sha256Digest.Length];
        for (var word = 0; word < Words; word++)
        {
            Free[word] = Full(word);
        }

        FreeBlocks = Blocks;
    }

    public int Index { get; }

    public int Blocks { get; }

    public int Length { get; }

    public int Words { get; }

    /// <summary>Blocks that nobody is asked for and that are not here.</summary>
    public ulong[] Free { get; }

    /// <summary>Blocks that are here or being copied to here.</summary>
    public ulong[] Claimed { get; }

    public ulong[] Received { get; }

    /// <summary>Blocks whose digest is computed, or about to be.</summary>
    public ulong[] Hashed { get; }

    public int FreeBlocks { get; set; }

    /// <summary>Words that are being hashed.</summary>
    public int Hashing { get; set; }

    /// <summary>Who sent each block.</summary>
    public string?[] Origins { get; }

    /// <summary>The SHA-256 of each block that was hashed.</summary>
    public byte[] Digests { get; }

    public LeafState LeafState { get; set; }

    /// <summary>The right digest of each block, padding included, once they are asked for.</summary>
    public byte[]? Leaves { get; set; }

    /// <summary>Runs of leaf hashes that have not come: the moment each was last asked for, 0 for never; -1 when it is here.</summary>
    public long[] LeafRuns { get; set; } = [];

    /// <summary>How often leaf hashes of it were asked for.</summary>
    public int LeafAsks { get; set; }

    /// <summary>Blocks of a damaged file may fill it once the leaf hashes say which are right.</summary>
    public bool FillFromDamaged { get; set; }

    /// <summary>Nobody else is asked for it, so that a wrong piece shows who is wrong.</summary>
    public string? OnlyFrom { get; set; }

    public bool IsFull
    {
        get
        {
            for (var word = 0; word < Words; word++)
            {
                if (Received[word] != Full(word))
                {
                    return false;
                }
            }

            return true;
        }
    }

    public static int Key(int piece, int word) => (piece << 4) | word;

    public static (int Piece, int Word) FromKey(int key) => (key >> 4, key & 15);

    public static ulong Bit(int block) => 1UL << (block % WordBlocks);

    /// <summary>Of the blocks of a word the first so many.</summary>
    public static ulong Lowest(ulong mask, int most)
    {
        if (BitOperations.PopCount(mask) <= most)
        {
            return mask;
        }

        var taken = 0UL;
        for (; most > 0 && mask != 0; most--, mask &= mask - 1)
        {
            taken |= mask & (~mask + 1);
        }

        return taken;
    }

    /// <summary>All blocks that a word has.</summary>
    public ulong Full(int word)
    {
        var blocks = Math.Min(WordBlocks, Blocks - word * WordBlocks);
        return blocks == WordBlocks ? ulong.MaxValue : (1UL << blocks) - 1;
    }

    public int LengthOf(int word) => Math.Min(WordLength, Length - word * WordLength);

    /// <summary>The bytes of a word; null before its first block.</summary>
    public byte[]? Bytes(int word) => _bytes[word];

    public byte[] Bytes(int word, BlockBuffers buffers) => _bytes[word] ??= buffers.Rent();

    public void GiveBack(BlockBuffers buffers)
    {
        for (var word = 0; word < Words; word++)
        {
            if (_bytes[word] is { } bytes)
            {
                _bytes[word] = null;
                buffers.Return(bytes);
            }
        }
    }

    public int AskedTimes(int block) => _askedTimes[block];

    public void Ask(int word, ulong mask)
    {
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            _askedTimes[word * WordBlocks + BitOperations.TrailingZeroCount(rest)]++;
        }

        FreeBlocks -= BitOperations.PopCount(Free[word] & mask);
        Free[word] &= ~mask;
    }

    /// <summary>Somebody is no longer asked; a block that nobody is asked for, and that is not here, is free again.</summary>
    public void Unask(int word, ulong mask)
    {
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            var bit = rest & (~rest + 1);
            var block = word * WordBlocks + BitOperations.TrailingZeroCount(rest);
            if (_askedTimes[block] > 0 && --_askedTimes[block] == 0 && (Claimed[word] & bit) == 0)
            {
                Free[word] |= bit;
                FreeBlocks++;
            }
        }
    }

    /// <summary>Blocks that are here are not what they should be: they are to be fetched again.</summary>
    public void Forget(int word, ulong mask)
    {
        Claimed[word] &= ~mask;
        Received[word] &= ~mask;
        Hashed[word] &= ~mask;
        for (var rest = mask; rest != 0; rest &= rest - 1)
        {
            var block = word * WordBlocks + BitOperations.TrailingZeroCount(rest);
            if (_askedTimes[block] == 0)
            {
                Free[word] |= rest & (~rest + 1);
                FreeBlocks++;
            }
        }
    }
}
