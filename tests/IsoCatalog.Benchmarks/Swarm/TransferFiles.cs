using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>An image to be transferred and its torrent; what is fetched goes to the same disk.</summary>
internal sealed class TransferFiles
{
    private readonly BenchmarkFolder _all;

    private TransferFiles(BenchmarkFolder all, string folder, long length) => (_all, Folder, Length) = (all, folder, length);

    public long Length { get; }

    public string Image => Path.Combine(Folder, "image.iso");

    public string Torrent => Path.Combine(Folder, "image.torrent");

    public string Folder { get; }

    /// <summary>Makes a file of random bytes, or of zeros that take no room, once for all rows that ask for the same.</summary>
    public static async Task<TransferFiles> MakeAsync(BenchmarkFolder folder, long length, bool sparse, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder.FullName, $"{(sparse ? "zeros" : "random")}-{length >> 20}");
        var files = new TransferFiles(folder, path, length);
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
    public TransferCopy NewCopy() => new(Path.Combine(Folder, "copy"), () => _all.TouchMemory(Length));
}

/// <summary>A folder that a copy is fetched into; it is removed with it.</summary>
internal sealed class TransferCopy : IDisposable
{
    private readonly Action _touchMemory;

    public TransferCopy(string folder, Action touchMemory) => (Folder, _touchMemory) = (Directory.CreateDirectory(folder).FullName, touchMemory);

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
    public void TouchMemory() => _touchMemory();

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
