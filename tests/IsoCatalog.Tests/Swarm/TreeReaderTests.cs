using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Wire;
using IsoCatalog.Tests.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Swarm;

public sealed class TreeReaderTests
{
    [Theory]
    [InlineData(3 * 1024 * 1024 + 1, 16)]
    [InlineData(40 * 1024 * 1024 + 5, 2)]
    [InlineData(200 * 1024 * 1024 + 5, 4)]
    public void What_is_answered_proves_the_root(int size, int count)
    {
        var bytes = ImageHasherTests.Bytes(size, seed: 3);
        var torrent = Torrent.From(ImageHasherTests.Hash(bytes, 1024 * 1024));
        var geometry = torrent.Geometry;
        var reader = new TreeReader(torrent);
        var leaves = (geometry.Pieces - 1) * geometry.BlocksPerPiece + geometry.BlocksOf(geometry.Pieces - 1);
        var layers = System.Numerics.BitOperations.Log2(System.Numerics.BitOperations.RoundUpToPowerOf2((uint)leaves));
        for (var index = 0; index + count <= leaves; index += count * 97)
        {
            var request = new HashRequest(torrent.Root, 0, index, count, layers - 1);
            Assert.True(reader.IsValid(request));
            var answer = reader.Answer(request, piece => Leaves(bytes, geometry, piece));
            Assert.Equal((count + request.Uncles) * Sha256Digest.Length, answer.Length);
            Assert.Equal(torrent.Root, HashTree.Prove(answer.AsSpan(0, count * 32), index, answer.AsSpan(count * 32)));
        }
    }

    [Fact]
    public void A_request_beyond_the_tree_or_too_large_is_none()
    {
        var torrent = Torrent.From(ImageHasherTests.Hash(ImageHasherTests.Bytes(1024 * 1024, seed: 3), 1024 * 1024));
        var reader = new TreeReader(torrent);
        var good = new HashRequest(torrent.Root, 0, 0, 64, 5);
        Assert.True(reader.IsValid(good));
        Assert.False(reader.IsValid(good with { Root = default }));
        Assert.False(reader.IsValid(good with { Index = 64 }));
        Assert.False(reader.IsValid(good with { Index = 1 }));
        Assert.False(reader.IsValid(good with { Index = -64 }));
        Assert.False(reader.IsValid(good with { Count = 63 }));
        Assert.False(reader.IsValid(good with { Count = int.MinValue }));
        Assert.False(reader.IsValid(good with { BaseLayer = 6 }));
        Assert.False(reader.IsValid(good with { BaseLayer = -1 }));
        Assert.False(reader.IsValid(good with { ProofLayers = 6 }));
        Assert.False(reader.IsValid(good with { ProofLayers = -1 }));
    }

    private static byte[] Leaves(byte[] bytes, PieceGeometry geometry, int piece)
    {
        var leaves = new byte[geometry.BlocksOf(piece) * Sha256Digest.Length];
        PieceCheck.HashBlocks(bytes.AsSpan((int)geometry.OffsetOf(piece), geometry.LengthOf(piece)), leaves);
        return leaves;
    }
}
