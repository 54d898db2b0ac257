using System.Numerics;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Hashing;

public sealed class PieceLengthTests
{
    private const long MiB = 1 << 20;
    private const long GiB = 1 << 30;

    // A changed line here changes the info hashes of images that are already published.
    [Theory]
    [InlineData(0, 16)]
    [InlineData(1, 16)]
    [InlineData(32 * MiB - 1, 16)]
    [InlineData(32 * MiB, 32)]
    [InlineData(64 * MiB - 1, 32)]
    [InlineData(700 * MiB, 512)]
    [InlineData(GiB, 1024)]
    [InlineData(4 * GiB - 1, 2048)]
    [InlineData(4 * GiB, 4096)]
    [InlineData(5 * GiB, 4096)]
    [InlineData(8 * GiB, 8192)]
    [InlineData(16 * GiB - 1, 8192)]
    [InlineData(16 * GiB, 16384)]
    [InlineData(64 * GiB, 16384)]
    [InlineData(long.MaxValue, 16384)]
    public void The_table_is_fixed(long size, int kibibytes) => Assert.Equal(kibibytes * 1024, PieceLength.For(size));

    [Fact]
    public void Every_size_between_the_ends_has_1024_to_2047_pieces() =>
        Prop.ForAll(Gen.Choose(32 << 10, (16 << 20) - 1).ToArbitrary(), Gen.Choose(0, 1023).ToArbitrary(), (kibibytes, bytes) =>
        {
            var size = kibibytes * 1024L + bytes;
            var length = PieceLength.For(size);
            Assert.True(BitOperations.IsPow2(length));
            Assert.InRange(size / length, 1024, 2047);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_negative_size_is_refused() => Assert.Throws<ArgumentOutOfRangeException>(() => PieceLength.For(-1));
}
