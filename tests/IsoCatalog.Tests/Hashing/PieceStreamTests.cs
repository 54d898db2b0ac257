using System.Security.Cryptography;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Hashing;

public sealed class PieceStreamTests
{
    private const int KiB = 1024;

    [Fact]
    public void Pieces_hashed_together_are_those_hashed_alone()
    {
        Assert.SkipUnless(Sha1x8.IsSupported, "This processor hashes no pieces together.");
        var property = Prop.ForAll(
            Gen.Elements(16 * KiB, 32 * KiB, 128 * KiB).SelectMany(length => Gen.Choose(0, Math.Max(20 * length, 20 << 20)).Select(size => (length, size))).ToArbitrary(),
            Gen.Choose(1, 8).ToArbitrary(),
            Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
            (image, lanes, seed) => AssertAsPlatform(image.size, image.length, lanes, seed));
        property.Check(Config.QuickThrowOnFailure.WithMaxTest(30));
    }

    // 6 MiB pieces in 3 lanes: more than is set aside for bytes that arrive before the hashing keeps up.
    [Theory]
    [InlineData(48, 6, 3)]
    [InlineData(49, 6, 3)]
    [InlineData(53, 6, 8)]
    public void Pieces_wait_no_longer_than_there_is_room(int mebibytes, int pieceMebibytes, int lanes)
    {
        Assert.SkipUnless(Sha1x8.IsSupported, "This processor hashes no pieces together.");
        AssertAsPlatform(mebibytes * KiB * KiB, pieceMebibytes * KiB * KiB, lanes, seed: 0);
    }

    [Fact]
    public void The_largest_pieces_wait_in_fewer_lanes_so_that_memory_stays_small()
    {
        Assert.Equal(8, LanePieceStream.LanesFor(PieceLength.Min));
        Assert.Equal(8, LanePieceStream.LanesFor(8 * KiB * KiB));
        Assert.Equal(4, LanePieceStream.LanesFor(PieceLength.Max));
    }

    [Fact]
    public void What_goes_wrong_on_the_second_core_reaches_the_caller()
    {
        using (var taking = new BlockThread(_ => throw new InvalidDataException("take"), () => { }))
        {
            Lend(taking);
            Assert.Equal("take", Assert.Throws<InvalidDataException>(taking.TakeBack).Message);
        }

        using var givenBack = new ManualResetEventSlim();
        using var after = new BlockThread(_ => { }, () =>
        {
            givenBack.Wait();
            throw new InvalidDataException("then");
        });
        Lend(after);
        after.TakeBack();
        givenBack.Set();
        Assert.Equal("then", Assert.Throws<InvalidDataException>(after.Finish).Message);
    }

    private static unsafe void Lend(BlockThread thread) => thread.Lend(null, 0);

    private static void AssertAsPlatform(int size, int pieceLength, int lanes, int seed)
    {
        var image = ImageHasherTests.Bytes(size, seed);
        byte[] expected = [.. image.Chunk(pieceLength).SelectMany(SHA1.HashData)];
        var pieces = new byte[expected.Length];
        var random = new Random(seed);
        using var stream = new LanePieceStream(pieceLength, pieces, lanes);
        for (var rest = image.AsSpan(); rest.Length > 0;)
        {
            var taken = Math.Min(rest.Length, random.Next(4 * pieceLength));
            stream.Append(rest[..taken]);
            rest = rest[taken..];
            if (random.Next(3) == 0)
            {
                stream.CatchUp();
            }
        }

        stream.Complete();
        Assert.Equal(expected, pieces);
    }
}
