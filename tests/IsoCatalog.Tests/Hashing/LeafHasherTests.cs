using System.Diagnostics;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Hashing;

public sealed class LeafHasherTests
{
    private const int Leaf = MerkleTree.LeafLength;

    public static readonly TheoryData<LeafHashing> Supported = [.. Enum.GetValues<LeafHashing>().Where(LeafHasher.IsSupported)];

    [Theory]
    [MemberData(nameof(Supported))]
    public void Any_number_of_leaves_is_hashed_as_the_platform_hashes_each(LeafHashing way)
    {
        var hasher = LeafHasher.Select(way, TimeProvider.System);
        var leaves = ImageHasherTests.Bytes(35 * Leaf, seed: 1);
        for (var count = 0; count <= 35; count++)
        {
            var digests = new byte[count * 32];
            hasher.HashLeaves(leaves.AsSpan(0, count * Leaf), digests);
            for (var i = 0; i < count; i++)
            {
                Assert.Equal(SHA256.HashData(leaves.AsSpan(i * Leaf, Leaf)), digests.AsSpan(i * 32, 32));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void Any_number_of_pairs_is_hashed_as_the_platform_hashes_each_also_in_place(LeafHashing way)
    {
        var hasher = LeafHasher.Select(way, TimeProvider.System);
        for (var count = 0; count <= 70; count++)
        {
            var nodes = ImageHasherTests.Bytes(count * 64, seed: count);
            byte[] expected = [.. nodes.Chunk(64).SelectMany(SHA256.HashData)];
            var parents = new byte[count * 32];
            hasher.HashPairs(nodes, parents);
            Assert.Equal(expected, parents);
            hasher.HashPairs(nodes, nodes);
            Assert.Equal(expected, nodes[..(count * 32)]);
        }
    }

    [Theory]
    [MemberData(nameof(Supported))]
    public void All_ways_agree_on_an_image(LeafHashing way)
    {
        LeafHasher.Select(way, TimeProvider.System);
        var image = ImageHasherTests.Bytes(34 * 1024 * 1024 + 77, seed: 3);
        ImageHasherTests.AssertSame(NaiveImage.Digests(image), ImageHasherTests.Hash(image, 3_000_000));
    }

    [Fact]
    public void Leaves_of_zeros_have_the_digest_that_sha256sum_gives()
    {
        var digests = new byte[17 * 32];
        LeafHasher.Current.HashLeaves(new byte[17 * Leaf], digests);
        Assert.All(digests.Chunk(32), digest => Assert.Equal("4fe7b59af6de3b665b67788cc2f99892ab827efae3a467342b3bb4e3bc8e5bfe", Convert.ToHexStringLower(digest)));
    }

    [Fact]
    public void Auto_takes_the_fastest_of_what_was_measured_and_a_wish_is_obeyed()
    {
        var auto = LeafHasher.Select(LeafHashing.Auto, TimeProvider.System);
        Assert.Equal(auto.Measured[0].Way, auto.Way);
        Assert.Equal(auto.Measured.Max(speed => speed.MegabytesPerSecond), auto.Measured[0].MegabytesPerSecond);
        Assert.Equal(Supported.Count - 1, auto.Measured.Count);
        Assert.Same(auto, LeafHasher.Current);
        Assert.Equal(LeafHashing.Platform, LeafHasher.Select(LeafHashing.Platform, TimeProvider.System).Way);
    }

    [Fact]
    public void A_way_that_is_not_there_is_refused_with_those_that_are()
    {
        var missing = Enum.GetValues<LeafHashing>().Where(way => !LeafHasher.IsSupported(way)).Append((LeafHashing)99).First();
        var error = Assert.Throws<PlatformNotSupportedException>(() => LeafHasher.Select(missing, TimeProvider.System));
        Assert.Contains($"'{missing}'", error.Message);
        Assert.Contains("Auto", error.Message);
        Assert.Contains("Platform", error.Message);
    }

    [Fact]
    public void Parts_of_leaves_and_too_little_room_are_refused()
    {
        Assert.Throws<ArgumentException>(() => LeafHasher.Current.HashLeaves(new byte[Leaf + 1], new byte[64]));
        Assert.Throws<ArgumentException>(() => LeafHasher.Current.HashLeaves(new byte[2 * Leaf], new byte[63]));
        Assert.Throws<ArgumentException>(() => LeafHasher.Current.HashPairs(new byte[63], new byte[32]));
    }

    // This test program again, on a processor as the runtime would see an older one.
    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void Everything_holds_on_processors_that_have_less(string switchedOff)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(
                Path.ChangeExtension(typeof(LeafHasherTests).Assembly.Location, null),
                ["-method", "*LeafHasherTests.A*", "-method", "*PieceStreamTests.*"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                Environment = { [switchedOff] = "0" },
            },
        };
        process.Start();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output);
        Assert.DoesNotContain("Total: 0,", output);
    }
}
