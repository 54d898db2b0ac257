using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// Signed documents and chunks as files, byte for byte, each under the name that its content has. Nothing is deleted before it was out of use for two rounds, so
/// that a site that fetches a document gets its chunks too. Not thread-safe.
/// </summary>
/// <param name="disk">Null for who only reads.</param>
internal sealed class DocumentFiles(SiteFolders folders, DocumentDisk? disk = null)
{
    private const string Suffix = ".json";

    private HashSet<string> _unused = new(StringComparer.Ordinal);

    /// <summary>Sites that have a folder of documents.</summary>
    public IEnumerable<string> Sites() => Directory.EnumerateDirectories(folders.Documents).Select(d => Path.GetFileName(d)).Where(SiteId.IsValid);

    /// <summary>The document files of a site; those that a crash left half written are passed over.</summary>
    public IEnumerable<string> DocumentsOf(string site) =>
        Directory.Exists(folders.DocumentsOf(site))
            ? Directory.EnumerateFiles(folders.DocumentsOf(site), "*" + Suffix).Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal)
            : [];

    /// <exception cref="IOException">It cannot be read, or is longer than any such file.</exception>
    public static byte[] Read(string path, int most)
    {
        using var file = File.OpenRead(path);
        var length = file.Length;
        if (length > most)
        {
            throw new IOException($"{path} has {length} bytes; no such file is that long.");
        }

        var bytes = new byte[length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private bool HasChunk(ChunkRef chunk) => HasChunk(chunk.Sha256, chunk.Size);

    /// <summary>The chunks that are there; whether they are what their names say is for the catalog to see.</summary>
    public Dictionary<Sha256Digest, ReadOnlyMemory<byte>> ReadChunks(IEnumerable<ChunkRef> chunks)
    {
        var read = new Dictionary<Sha256Digest, ReadOnlyMemory<byte>>();
        foreach (var chunk in chunks)
        {
            var path = folders.ChunkFile(chunk.Sha256);
            if (disk?.Find(path) is { } late)
            {
                read[chunk.Sha256] = late;
            }
            else if (File.Exists(path))
            {
                read[chunk.Sha256] = Read(path, CatalogChunk.MaxBytes);
            }
        }

        return read;
    }

    /// <summary>Chunks first: a document that is there has its chunks. Durable when it returns null; else all that was written for it is taken away again.</summary>
    /// <param name="takenBack">False when the document may be there all the same.</param>
    /// <returns>Why it is not durable.</returns>
    public Exception? TryWrite(
        string site,
        Sha256Digest document,
        ReadOnlyMemory<byte> envelope,
        IEnumerable<KeyValuePair<Sha256Digest, ReadOnlyMemory<byte>>> chunks,
        out bool takenBack)
    {
        var written = new List<string>();
        takenBack = true;
        try
        {
            Write(Note, IsStored, site, document, envelope, chunks);
            return null;
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            // The document first, and what it needs only once it is gone. A refusal that leaves a chunk behind takes room each time that it is tried again.
            written.Reverse();
            takenBack = written.TrueForAll(TryTakeBack);
            return e;
        }

        void Note(string path, ReadOnlyMemory<byte> content)
        {
            if (disk!.Find(path) is null)
            {
                // What is still to be stored is another document's too.
                written.Add(path);
            }

            disk.Write(path, content);
        }
    }

    /// <summary>The same of another site's, which is in force whether it can be stored or not.</summary>
    public void Keep(string site, Sha256Digest document, ReadOnlyMemory<byte> envelope, IEnumerable<KeyValuePair<Sha256Digest, ReadOnlyMemory<byte>>> chunks) =>
        Write(disk!.Keep, HasChunk, site, document, envelope, chunks);

    private static bool TryTakeBack(string path)
    {
        try
        {
            DurableFile.Delete(path);
        }
        catch (Exception e) when (DiskFault.IsOutside(e))
        {
            // It may be gone, and its folder not synced.
        }

        return !File.Exists(path);
    }

    private void Write(
        Action<string, ReadOnlyMemory<byte>> write,
        Func<Sha256Digest, int, bool> isThere,
        string site,
        Sha256Digest document,
        ReadOnlyMemory<byte> envelope,
        IEnumerable<KeyValuePair<Sha256Digest, ReadOnlyMemory<byte>>> chunks)
    {
        foreach (var (hash, bytes) in chunks)
        {
            if (!isThere(hash, bytes.Length))
            {
                write(folders.ChunkFile(hash), bytes);
            }
        }

        write(folders.DocumentFile(site, document), envelope);
    }

    private bool HasChunk(Sha256Digest hash, int size) => disk?.Find(folders.ChunkFile(hash)) is not null || IsStored(hash, size);

    /// <summary>What is only in memory is not enough for what this site signs itself: it would start no more.</summary>
    private bool IsStored(Sha256Digest hash, int size) => new FileInfo(folders.ChunkFile(hash)) is { Exists: true } file && file.Length == size;

    public static void Drop(string path) => DurableFile.Delete(path);

    /// <summary>Deletes what a crash left half written. Before anything else is done here.</summary>
    public void Clean()
    {
        foreach (var path in new[] { folders.Trust, folders.Documents, folders.Chunks, folders.Holdings, folders.Members }
            .SelectMany(folder => OwnTree.Files(folder, ".*.tmp")).ToList())
        {
            File.Delete(path);
        }
    }

    /// <summary>Of the chunks of a document that this version cannot read, and that is passed on whole, those that neither are here nor were fetched.</summary>
    public List<ChunkRef> Lacking(IReadOnlyList<ChunkRef> all, IReadOnlyDictionary<Sha256Digest, ReadOnlyMemory<byte>> fetched) =>
        [.. all.Where(c => !fetched.ContainsKey(c.Sha256) && !HasChunk(c))];

    /// <summary>Deletes what the catalog named neither now nor the last time.</summary>
    public void Collect(FleetCatalog catalog)
    {
        var kept = catalog.Sites.Values.SelectMany(s => s.Retained.Concat(s.SetAside)).ToList();
        Collect(
            kept.Select(d => d.Ref.Sha256).Concat(catalog.Pending.Select(p => p.Ref.Sha256)).ToHashSet(),
            kept.SelectMany(d => d.Chunks).Select(c => c.Sha256).Concat(catalog.Pending.SelectMany(p => p.Chunks.Keys))
                .Concat(catalog.PassedOn.SelectMany(p => ((PendingReason.NeedsNewerVersion)p.Reason).Chunks.Select(c => c.Sha256))).ToHashSet());
    }

    private void Collect(IReadOnlySet<Sha256Digest> documents, IReadOnlySet<Sha256Digest> chunks)
    {
        var unused = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in Sites().SelectMany(DocumentsOf).ToList())
        {
            // Durably, and before any chunk: a document that is there after a power cut has its chunks.
            Look(path, documents, DurableFile.Delete);
        }

        foreach (var path in Directory.EnumerateFiles(folders.Chunks, "*" + Suffix).ToList())
        {
            Look(path, chunks, File.Delete);
        }

        _unused = unused;

        void Look(string path, IReadOnlySet<Sha256Digest> used, Action<string> delete)
        {
            if (Sha256Digest.TryParse(Path.GetFileNameWithoutExtension(path), out var hash) && used.Contains(hash))
            {
                return;
            }

            if (_unused.Contains(path))
            {
                delete(path);
            }
            else
            {
                unused.Add(path);
            }
        }
    }
}
