using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Documents;

/// <summary>What others signed is in force before it is stored; what a site signs itself is not.</summary>
public sealed class DocumentDiskTests : IDisposable
{
    private static readonly byte[] Chunk = [1, 2, 3];
    private static readonly Sha256Digest ChunkHash = new(System.Security.Cryptography.SHA256.HashData(Chunk));
    private static readonly Sha256Digest Document = new(System.Security.Cryptography.SHA256.HashData([4]));
    private static readonly KeyValuePair<Sha256Digest, ReadOnlyMemory<byte>>[] Chunks = [new(ChunkHash, Chunk)];

    private readonly TempFolder _folder = new();
    private readonly SiteFolders _folders;
    private readonly SiteAlarms _alarms = new(new EventLog(TimeProvider.System), TimeProvider.System);
    private readonly DocumentFiles _files;

    public DocumentDiskTests()
    {
        _folders = new SiteFolders(_folder.Combine("data"), _folder.Combine("inbox"));
        _folders.Create();
        _files = new DocumentFiles(_folders, new DocumentDisk(_folders, new Reserve(_folders, 1 << 20, _alarms), _alarms));

        // A folder in the place of the chunk, with something in it: nothing takes its place, whoever writes.
        Directory.CreateDirectory(Path.Combine(_folders.ChunkFile(ChunkHash), "x"));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A site that came back after a rollback got its own chunks from another, and could not store them; it would start no more.</summary>
    [Fact]
    public void A_document_of_ones_own_is_not_durable_while_a_chunk_of_it_is_in_memory_alone()
    {
        _files.Keep("ams", Document, new byte[] { 4 }, Chunks);
        Assert.Contains(_alarms.Standing, a => a.Code == ReasonCode.DocumentsUnstored);
        Assert.Equal(Chunk, _files.ReadChunks([new(0, ChunkHash, Chunk.Length, 1)])[ChunkHash].ToArray());

        var own = new Sha256Digest(System.Security.Cryptography.SHA256.HashData([5]));
        Assert.IsAssignableFrom<IOException>(_files.TryWrite("ams", own, new byte[] { 5 }, Chunks, out _));
        Assert.False(File.Exists(_folders.DocumentFile("ams", own)));

        Directory.Delete(_folders.ChunkFile(ChunkHash), recursive: true);
        Assert.Null(_files.TryWrite("ams", own, new byte[] { 5 }, Chunks, out _));
        Assert.Equal(Chunk, File.ReadAllBytes(_folders.ChunkFile(ChunkHash)));
        Assert.True(File.Exists(_folders.DocumentFile("ams", Document)));
        Assert.Empty(_alarms.Standing);
    }
}
