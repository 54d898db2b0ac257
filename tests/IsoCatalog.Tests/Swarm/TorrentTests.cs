using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Tests.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Swarm;

public sealed class TorrentTests
{
    private const int Size = 5 * PieceLength.Min + 7;

    private static readonly ImageDigests Digests = ImageHasherTests.Hash(ImageHasherTests.Bytes(Size, seed: 1), 4096);
    private static readonly byte[] File = ImageMetainfo.Build(Digests).TorrentFile;

    [Fact]
    public void The_torrent_that_we_build_is_read_back()
    {
        Assert.True(Torrent.TryParse(File, out var torrent, out _));
        var (_, infoV1, infoV2) = ImageMetainfo.Build(Digests);
        Assert.Equal((Digests.Size, Digests.Root, Digests.PieceLength), (torrent.Size, torrent.Root, torrent.PieceLength));
        Assert.Equal((infoV1, infoV2), (torrent.InfoV1, torrent.InfoV2));
        Assert.Equal(ImageMetainfo.BuildV1(Digests).InfoV1, torrent.InfoV1Alone);
        Assert.Equal(Digests.PieceLayer.ToArray(), torrent.PieceLayer.ToArray());
        Assert.Equal(ImageMetainfo.FileName(Digests.Root), torrent.Name);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(5 * 1024)]
    [InlineData(PieceLength.Min)]
    public void An_image_of_one_piece_or_none_needs_no_piece_layer(int size)
    {
        var digests = ImageHasherTests.Hash(ImageHasherTests.Bytes(size, seed: size), 4096);
        Assert.True(Torrent.TryParse(ImageMetainfo.Build(digests).TorrentFile, out var torrent, out var error), error.ToString());
        Assert.Equal((digests.Root, 0), (torrent.Root, torrent.PieceLayer.Length));
    }

    [Fact]
    public void No_change_of_any_byte_gives_another_image_under_the_same_root() =>
        Prop.ForAll(Gen.Choose(0, File.Length - 1).ToArbitrary(), Gen.Choose(1, 255).ToArbitrary(), (at, change) =>
        {
            var bytes = (byte[])File.Clone();
            bytes[at] ^= (byte)change;
            if (Torrent.TryParse(bytes, out var torrent, out var error) && torrent.Root == Digests.Root)
            {
                Assert.Equal(Digests.PieceLayer.ToArray(), torrent.PieceLayer.ToArray());
                Assert.Equal((Digests.Size, Digests.PieceLength), (torrent.Size, torrent.PieceLength));
            }
            else
            {
                Assert.True(torrent is not null || error.Fault != TorrentFault.None);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_torrent_that_is_cut_anywhere_is_refused() =>
        Assert.All(Enumerable.Range(0, File.Length), length => Assert.False(Torrent.TryParse(File.AsMemory(0, length), out _, out _)));

    [Fact]
    public void Any_bytes_are_refused_with_a_reason() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(), bytes =>
        {
            Assert.False(Torrent.TryParse(bytes, out var torrent, out var error));
            Assert.Null(torrent);
            Assert.NotEqual("nothing is wrong", error.ToString());
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("le", TorrentFault.NotADictionary)]
    [InlineData("de", TorrentFault.NoInfo)]
    [InlineData("d4:infodee", TorrentFault.NotVersion2)]
    [InlineData("d4:infod12:meta versioni2eee", TorrentFault.NotOneFile)]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi1eee1:bd0:d6:lengthi1eeee12:meta versioni2eee", TorrentFault.NotOneFile)]
    [InlineData("d4:infod9:file treed2:..d0:d6:lengthi1eeee12:meta versioni2e4:name2:..ee", TorrentFault.BadName)]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi-1eeee12:meta versioni2e4:name1:aee", TorrentFault.BadSize)]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi1eeee12:meta versioni2e4:name1:a12:piece lengthi20000eee", TorrentFault.BadPieceLength)]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi17592186044416eeee12:meta versioni2e4:name1:a12:piece lengthi16384eee", TorrentFault.TooManyPieces)]
    [InlineData("d4:infod9:file treed1:ad0:d6:lengthi1e11:pieces root1:xeee12:meta versioni2e4:name1:a12:piece lengthi16384eee", TorrentFault.BadRoot)]
    public void What_is_no_image_is_refused_with_its_reason(string text, TorrentFault fault)
    {
        Assert.False(Torrent.TryParse(System.Text.Encoding.ASCII.GetBytes(text), out _, out var error));
        Assert.Equal(fault, error.Fault);
    }

    [Fact]
    public void A_piece_layer_that_does_not_hash_to_the_root_is_refused()
    {
        var layer = Digests.PieceLayer.ToArray();
        layer[40] ^= 1;
        var bytes = ImageMetainfo.Build(Digests with { PieceLayer = layer }).TorrentFile;
        Assert.False(Torrent.TryParse(bytes, out _, out var error));
        Assert.Equal(TorrentFault.PieceLayerDoesNotMatchRoot, error.Fault);
    }
}
