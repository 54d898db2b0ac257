using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>An image to be transferred and its torrent; what is fetched goes to the same disk.</summary>
internal sealed class TransferFiles
{
    private readonly string _folder;

    private TransferFiles(string folder, long length) => (_folder, Length) = (folder, length);

    public long Length { get; }

    public string Image => Path.Combine(_folder, "image.iso");

    public string Torrent => Path.Combine(_folder, "image.torrent");

    public string Folder => _folder;

    /// <summary>Makes a file of random bytes, or of zeros that take no room, once for all rows that ask for the same.</summary>
    public static async Task<TransferFiles> MakeAsync(BenchmarkFolder folder, long length, bool sparse, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder.FullName, $"{(sparse ? "zeros" : "random")}-{length >> 20}");
        var files = new TransferFiles(path, length);
        if (File.Exists(files.Torrent))
        {
            return files;
        }

        var room = sparse ? length + (1L << 30) : 2 * length + (1L << 30);
        if (new DriveInfo(folder.FullName).AvailableFreeSpace < room)
        {
            throw new BenchmarkException($"Not enough room for an image of {length >> 20} MiB and its copy in {Path.GetTempPath()}; set TMPDIR to a folder that has it.");
        }

        Directory.CreateDirectory(path);
        using var hasher = new ImageHasher(length);
        var block = new byte[4 << 20];
        var random = new Random(2);
        await using (var file = new FileStream(files.Image, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0, useAsync: true))
        {
            file.SetLength(length);
            for (var done = 0L; done < length; done += block.Length)
            {
                if (!sparse)
                {
                    random.NextBytes(block);
                    await file.WriteAsync(block, cancellationToken);
                }

                hasher.Append(block);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        await File.WriteAllBytesAsync(files.Torrent, ImageMetainfo.Build(hasher.Complete()).TorrentFile, cancellationToken);
        return files;
    }

    /// <summary>A new empty folder for a copy.</summary>
    public TransferCopy NewCopy() => new(Path.Combine(_folder, "copy"), Length);
}

/// <summary>A folder that a copy is fetched into; it is removed with it.</summary>
internal sealed class TransferCopy : IDisposable
{
    private readonly long _expected;

    public TransferCopy(string folder, long expected) => (Folder, _expected) = (Directory.CreateDirectory(folder).FullName, expected);

    public string Folder { get; }

    public string Image => Path.Combine(Folder, "image.iso");

    /// <summary>How much of it is there; the length, because the programs that this is asked for append.</summary>
    public long Length
    {
        get
        {
            var file = new DirectoryInfo(Folder).EnumerateFiles("*", SearchOption.AllDirectories).FirstOrDefault();
            return file?.Length ?? 0;
        }
    }

    /// <summary>To be called right before the transfer.</summary>
    public void TouchMemory() => FreeMemory.Touch(_expected);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
