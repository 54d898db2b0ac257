using System.Diagnostics;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Testing;
using IsoCatalog.Tests.Hashing;
using Xunit;

namespace IsoCatalog.Tests.Metainfo;

public sealed class ImageMetainfoTests : IDisposable
{
    // Settings as in ImageMetainfo: one file, private, hybrid. The torrent that we built must load too: libtorrent then
    // compares the piece layer with the root.
    private const string Libtorrent = """
        import libtorrent as lt, os, sys
        folder, name, piece, ours = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
        files = lt.file_storage()
        files.add_file(name, os.path.getsize(os.path.join(folder, name)))
        torrent = lt.create_torrent(files, piece, 0)
        torrent.set_priv(True)
        lt.set_piece_hashes(torrent, folder)
        theirs = lt.torrent_info(torrent.generate())
        loaded = lt.torrent_info(ours)
        for info in (theirs, loaded):
            print(info.info_hashes().v1, info.info_hashes().v2, info.num_pieces())
        """;

    private const long FiveGiB = 5L << 30;
    private const long MarkAt = 4 << 20;

    private static ReadOnlySpan<byte> Mark => "not only zeros"u8;

    private readonly DirectoryInfo _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid().ToString("N")));

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(PieceLength.Min - 1)]
    [InlineData(PieceLength.Min)]
    [InlineData(PieceLength.Min + 1)]
    [InlineData(7 * PieceLength.Min + 100)]
    [InlineData(40 * 1024 * 1024 + 5)]
    public void Info_hashes_are_those_of_libtorrent(int size)
    {
        var image = ImageHasherTests.Bytes(size, seed: size);
        var digests = ImageHasherTests.Hash(image, 1024 * 1024);
        File.WriteAllBytes(Path.Combine(_folder.FullName, ImageMetainfo.FileName(digests.Root)), image);
        AssertLibtorrentAgrees(digests);
    }

    [Fact]
    public void Info_hashes_of_five_GiB_are_those_that_libtorrent_gave()
    {
        var digests = HashFiveGiB();
        Assert.Equal((4 << 20, 1280 * 32, 1280 * 20), (digests.PieceLength, digests.PieceLayer.Length, digests.V1Pieces.Length));
        var (_, infoV1, infoV2) = ImageMetainfo.Build(digests);
        Assert.Equal("99a9663ff11e52c21e70b8b147f8c9b870ffff99", infoV1.ToString());
        Assert.Equal("12df5f13494ac6c8f71c21c83f5b8bebc628efd7effc6575ae5c5ac442977290", infoV2.ToString());
    }

    [Fact(Explicit = true)]
    public void Info_hashes_of_five_GiB_are_computed_by_libtorrent_now()
    {
        var digests = HashFiveGiB();
        using (var file = new FileStream(Path.Combine(_folder.FullName, ImageMetainfo.FileName(digests.Root)), FileMode.CreateNew))
        {
            file.SetLength(FiveGiB);
            file.Position = MarkAt;
            file.Write(Mark);
        }

        AssertLibtorrentAgrees(digests);
    }

    [Fact]
    public void An_image_of_no_bytes_has_metainfo_though_libtorrent_cannot_make_any()
    {
        var digests = ImageHasherTests.Hash([], 1);
        var (torrent, _, _) = ImageMetainfo.Build(digests);
        var name = new string('0', 64) + ".iso";
        Assert.Equal(
            $"d4:infod9:file treed68:{name}d0:d6:lengthi0eeee6:lengthi0e12:meta versioni2e4:name68:{name}12:piece lengthi16384e6:pieces0:7:privatei1ee12:piece layersdee",
            System.Text.Encoding.ASCII.GetString(torrent));
        File.WriteAllBytes(Path.Combine(_folder.FullName, name), []);
        var (exit, _, error) = RunLibtorrent(digests, torrent);
        Assert.NotEqual(0, exit);
        Assert.Contains("invalid length of torrent", error);
    }

    [Fact]
    public void The_torrent_holds_the_info_dictionary_that_peers_are_sent()
    {
        var digests = ImageHasherTests.Hash(ImageHasherTests.Bytes(100_000, seed: 1), 1024);
        var (torrent, _, _) = ImageMetainfo.Build(digests);
        Assert.True(BencodeReader.TryRead(torrent, BencodeLimits.TorrentFile, out var value, out var error), error.ToString());
        Assert.Equal(ImageMetainfo.BuildInfo(digests), Assert.IsType<BencodeValue.Dict>(value)["info"]!.Source.ToArray());
    }

    [Fact]
    public void Transmission_3_reads_the_v1_torrent()
    {
        var digests = ImageHasherTests.Hash(ImageHasherTests.Bytes(100_000, seed: 1), 1024);
        var (torrent, infoV1) = ImageMetainfo.BuildV1(digests);
        var path = Path.Combine(_folder.FullName, "image.torrent");
        File.WriteAllBytes(path, torrent);
        var (exit, output, error) = Run(Counterpart.Require("transmission-show"), path);
        Assert.True(exit == 0, error);
        Assert.Contains($"Hash: {infoV1}", output);
        Assert.Contains("Piece Count: 7", output);
        Assert.Contains("Piece Size: 16.00 KiB", output);
        Assert.Contains("Privacy: Private torrent", output);
        Assert.Contains($"{digests.Root}.iso (100.0 kB)", output);
    }

    // https://github.com/transmission/transmission/issues/1339: fixed in 4.0, where this test should demand that it reads it.
    [Fact]
    public void Transmission_3_reads_no_hybrid_torrent_ours_or_of_others()
    {
        var path = Path.Combine(_folder.FullName, "image.torrent");
        File.WriteAllBytes(path, ImageMetainfo.Build(ImageHasherTests.Hash(ImageHasherTests.Bytes(100_000, seed: 1), 1024)).TorrentFile);
        var (version, _, text) = Run(Counterpart.Require("transmission-show"), "--version");
        Assert.SkipUnless((version, text.StartsWith("transmission-show 3.", StringComparison.Ordinal)) == (0, true), $"This is {text}");
        Assert.Contains("Error parsing .torrent file", Run(Counterpart.Require("transmission-show"), path).Error);
    }

    // aria2 1.36 leaves the empty key out and takes the hash of what is left (https://github.com/aria2/aria2/pull/1905), so it
    // cannot join a hybrid torrent either.
    [Fact]
    public void Aria2_reads_the_v1_torrent()
    {
        var (torrent, infoV1) = ImageMetainfo.BuildV1(ImageHasherTests.Hash(ImageHasherTests.Bytes(100_000, seed: 1), 1024));
        var path = Path.Combine(_folder.FullName, "image.torrent");
        File.WriteAllBytes(path, torrent);
        var (exit, output, error) = Run("aria2c", "--no-conf", "-S", path);
        Assert.True(exit == 0, error);
        Assert.Contains($"Info Hash: {infoV1}", output);
        Assert.Contains("The Number of Pieces: 7", output);
        Assert.Contains("(100,000)", output);
    }

    private static ImageDigests HashFiveGiB()
    {
        using var hasher = new ImageHasher(FiveGiB);
        var zeros = new byte[4 << 20];
        hasher.Append(zeros);
        hasher.Append(Mark);
        for (var rest = FiveGiB - MarkAt - Mark.Length; rest > 0; rest -= zeros.Length)
        {
            hasher.Append(zeros.AsSpan(0, (int)Math.Min(rest, zeros.Length)));
        }

        return hasher.Complete();
    }

    private void AssertLibtorrentAgrees(ImageDigests digests)
    {
        var (torrent, infoV1, infoV2) = ImageMetainfo.Build(digests);
        var (exit, output, error) = RunLibtorrent(digests, torrent);
        Assert.True(exit == 0, error);
        var line = $"{infoV1} {infoV2} {digests.V1Pieces.Length / Sha1Digest.Length}\n";
        Assert.Equal(line + line, output);
    }

    private (int Exit, string Output, string Error) RunLibtorrent(ImageDigests digests, byte[] torrent)
    {
        if (!Directory.EnumerateFiles("/usr/lib/python3/dist-packages", "libtorrent*.so").Any())
        {
            Counterpart.RequireFile("/usr/lib/python3/dist-packages/libtorrent.so", "python3-libtorrent");
        }

        var path = Path.Combine(_folder.FullName, "ours.torrent");
        File.WriteAllBytes(path, torrent);
        return Run("/usr/bin/python3", "-c", Libtorrent, _folder.FullName, ImageMetainfo.FileName(digests.Root), $"{digests.PieceLength}", path);
    }

    private static (int Exit, string Output, string Error) Run(string program, params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        process.Start();
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.GetAwaiter().GetResult());
    }
}
