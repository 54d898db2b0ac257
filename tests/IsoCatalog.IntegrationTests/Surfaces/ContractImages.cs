using System.Security.Cryptography;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Surfaces;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.IntegrationTests.Surfaces;

/// <summary>A small store with verified images in it, as a surface is handed them.</summary>
internal static class ContractImages
{
    public static readonly DateTimeOffset AddedAt = new(2026, 3, 14, 15, 9, 26, TimeSpan.Zero);

    /// <summary>Several read blocks and an odd tail.</summary>
    public const int Size = (5 << 20) + 12_345;

    public static (StoredImage Image, byte[] Bytes) Put(string storeFolder, string fileName, int size = Size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        Directory.CreateDirectory(storeFolder);
        var path = Path.Combine(storeFolder, Guid.NewGuid().ToString("N"));
        File.WriteAllBytes(path, bytes);

        // In the past, so that an edit within one tick of the file system's clock shows as well.
        File.SetLastWriteTimeUtc(path, AddedAt.UtcDateTime);
        using (var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite))
        {
            DurableFile.SetMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
            DurableFile.Sync(file);
        }

        return (Describe(path, fileName), bytes);
    }

    /// <summary>What the store knows of a file that it has verified just now.</summary>
    public static StoredImage Describe(string path, string fileName)
    {
        var bytes = File.ReadAllBytes(path);
        using var hasher = new RootHasher();
        hasher.Append(bytes);
        var root = hasher.Complete();
        var receipt = FileIdentity.Of(path, root) ?? throw new IOException($"{path} is gone.");
        return new StoredImage(
            new ImageId(new Sha256Digest(SHA256.HashData(bytes))), root, bytes.Length, fileName, path, receipt, AddedAt);
    }
}
