using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.Tests.Metainfo;

public sealed class TorrentReadingTests
{
    private static readonly SeededImage Image = new(5 * 16 * 1024 + 77);

    [Fact]
    public void The_torrent_of_an_image_of_any_size_says_what_the_digests_say() =>
        Prop.ForAll(Gen.OneOf(Gen.Choose(1, 400_000), Gen.Choose(1, 20).Select(n => n * 16 * 1024)).ToArbitrary(), size =>
        {
            var image = new SeededImage(size);
            var built = ImageMetainfo.Build(image.Digests);
            var hybrid = Read(image.TorrentFile(TorrentKind.Hybrid));
            Assert.Equal(
                (image.Digests.Root, (long)size, image.Digests.PieceLength, (Sha1Digest?)built.InfoV1, built.InfoV2, image.FileName),
                (hybrid.Root, hybrid.Size, hybrid.PieceLength, hybrid.InfoV1, hybrid.InfoV2, hybrid.Name));
            Assert.Equal(ImageMetainfo.BuildV1(image.Digests).InfoV1, hybrid.InfoV1Alone);
            Assert.Equal(image.Digests.PieceLayer.ToArray(), hybrid.PieceLayer.ToArray());

            var v2 = Read(image.TorrentFile(TorrentKind.V2));
            Assert.Equal((hybrid.Root, hybrid.Size, (Sha1Digest?)null), (v2.Root, v2.Size, v2.InfoV1));
            Assert.NotEqual(hybrid.InfoV2, v2.InfoV2);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_torrent_changed_anywhere_is_refused_or_another_torrent() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var original = Read(Image.TorrentFile(TorrentKind.Hybrid));
            var bytes = Image.TorrentFile(TorrentKind.Hybrid);
            for (var changes = random.Next(1, 3); changes > 0; changes--)
            {
                var at = random.Next(bytes.Length);
                bytes[at] = random.Next(2) == 0 ? (byte)(bytes[at] ^ (1 << random.Next(8))) : "0123456789:dlei"u8[random.Next(15)];
            }

            if (!Torrent.TryParse(bytes, out var torrent, out var error))
            {
                Assert.NotEqual(TorrentFault.None, error.Fault);
                Assert.NotEmpty(error.ToString());
                return;
            }

            // The piece layer is outside the info dictionary, and yet nothing about it is free.
            Assert.Equal(torrent.InfoV2 == original.InfoV2, torrent.PieceLayer.Span.SequenceEqual(original.PieceLayer.Span) && torrent.InfoV1 == original.InfoV1);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(1000));

    [Theory]
    [InlineData("4:infod", "4:infoi", TorrentFault.NotBencoded)]
    [InlineData("4:info", "4:infp", TorrentFault.NoInfo)]
    [InlineData("12:meta versioni2e", "12:meta versioni3e", TorrentFault.NotVersion2)]
    [InlineData("6:lengthi81997e12:meta", "6:lengthi81996e12:meta", TorrentFault.V1DoesNotMatchV2)]
    [InlineData("12:piece lengthi16384e", "12:piece lengthi16385e", TorrentFault.BadPieceLength)]
    [InlineData("12:piece lengthi16384e", "12:piece lengthi08192e", TorrentFault.NotBencoded)]
    [InlineData("12:piece lengthi16384e", "12:piece lengthi32768e", TorrentFault.BadPieceLayer)]
    [InlineData("12:piece layersd32:", "12:piece layexsd32:", TorrentFault.NoPieceLayer)]
    [InlineData("12:piece lengthi16384e", "12:piece lengthi99999e", TorrentFault.BadPieceLength)]
    public void What_is_wrong_is_named(string right, string wrong, TorrentFault fault)
    {
        var text = System.Text.Encoding.Latin1.GetString(Image.TorrentFile(TorrentKind.Hybrid));
        Assert.Contains(right, text, StringComparison.Ordinal);
        var bytes = System.Text.Encoding.Latin1.GetBytes(text.Replace(right, wrong, StringComparison.Ordinal));
        Assert.False(Torrent.TryParse(bytes, out _, out var error));
        Assert.Equal(fault, error.Fault);
    }

    [Fact]
    public void A_torrent_without_a_v2_half_is_refused()
    {
        Assert.False(Torrent.TryParse(Image.TorrentFile(TorrentKind.V1), out _, out var error));
        Assert.Equal(TorrentFault.NotVersion2, error.Fault);
    }

    private static Torrent Read(byte[] file)
    {
        Assert.True(Torrent.TryParse(file, out var torrent, out var error), error.ToString());
        return torrent;
    }
}
