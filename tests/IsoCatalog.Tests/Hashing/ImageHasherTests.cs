using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Hashing;

public sealed class ImageHasherTests
{
    private const int KiB = 1024;
    private const int MiB = 1024 * KiB;

    public static readonly TheoryData<int> Sizes =
    [
        0, 1, 64, 16 * KiB - 1, 16 * KiB, 16 * KiB + 1, 32 * KiB, 48 * KiB + 5, 256 * KiB, 256 * KiB + 1, MiB - 1,
        16 * MiB - 1, 16 * MiB, 16 * MiB + 1, 17 * MiB + 3, 32 * MiB - 1, 32 * MiB, 33 * MiB + 7, 64 * MiB + 1, 80 * MiB + 12345,
    ];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void One_read_gives_what_the_specifications_say_for_each_size(int size)
    {
        var image = Bytes(size, seed: size);
        AssertSame(NaiveImage.Digests(image), Hash(image, MiB));
        using var root = new RootHasher();
        root.Append(image);
        Assert.Equal(NaiveImage.Root(image), root.Complete());
    }

    [Fact]
    public void Portions_of_any_length_give_the_same_digests()
    {
        var property = Prop.ForAll(
            Gen.Choose(0, 3 * MiB).ToArbitrary(),
            Gen.Choose(1, 400 * KiB).Or(Gen.Choose(1, 200)).ToArbitrary(),
            Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
            (size, portion, seed) =>
            {
                var image = Bytes(size, seed);
                var expected = NaiveImage.Digests(image);
                var random = new Random(seed);
                using var hasher = new ImageHasher(size);
                using var root = new RootHasher();
                for (var rest = image.AsSpan(); rest.Length > 0;)
                {
                    var taken = Math.Min(rest.Length, random.Next(portion + 1));
                    hasher.Append(rest[..taken]);
                    root.Append(rest[..taken]);
                    rest = rest[taken..];
                }

                AssertSame(expected, hasher.Complete());
                Assert.Equal(expected.Root, root.Complete());
            });
        property.QuickCheckThrowOnFailure();
    }

    [Fact]
    public void More_or_fewer_bytes_than_the_size_are_refused()
    {
        using var hasher = new ImageHasher(10);
        hasher.Append(new byte[9]);
        Assert.Contains("only 9 arrived", Assert.Throws<InvalidOperationException>(hasher.Complete).Message);
        Assert.Throws<InvalidOperationException>(() => hasher.Append(new byte[2]));
        hasher.Append(new byte[1]);
        hasher.Complete();
        Assert.Throws<InvalidOperationException>(hasher.Complete);
        Assert.Throws<InvalidOperationException>(() => hasher.Append([]));
    }

    [Fact]
    public void Memory_does_not_grow_with_the_image()
    {
        var block = new byte[MiB];
        Assert.InRange(Allocated(48) - Allocated(16), 0, 16 * KiB);
        Assert.InRange(Allocated(48), 0, 512 * KiB);

        // Piece layer and v1 list of 4,096 pieces; what waits for v1 is bounded elsewhere.
        var before = GC.GetAllocatedBytesForCurrentThread();
        using (new ImageHasher(64L << 30))
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 4096 * 52, MiB);
        }

        long Allocated(int mebibytes)
        {
            var start = GC.GetAllocatedBytesForCurrentThread();
            using var root = new RootHasher();
            for (var i = 0; i < mebibytes; i++)
            {
                root.Append(block);
            }

            root.Complete();
            return GC.GetAllocatedBytesForCurrentThread() - start;
        }
    }

    internal static byte[] Bytes(int size, int seed)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static ImageDigests Hash(ReadOnlySpan<byte> image, int portion)
    {
        using var hasher = new ImageHasher(image.Length);
        for (; image.Length > portion; image = image[portion..])
        {
            hasher.Append(image[..portion]);
        }

        hasher.Append(image);
        return hasher.Complete();
    }

    internal static void AssertSame(ImageDigests expected, ImageDigests actual)
    {
        Assert.Equal((expected.Size, expected.Sha256, expected.Root, expected.PieceLength), (actual.Size, actual.Sha256, actual.Root, actual.PieceLength));
        Assert.True(expected.PieceLayer.Span.SequenceEqual(actual.PieceLayer.Span), "piece layer");
        Assert.True(expected.V1Pieces.Span.SequenceEqual(actual.V1Pieces.Span), "v1 pieces");
    }
}
