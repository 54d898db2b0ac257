using System.Buffers.Binary;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Metainfo;
using IsoCatalog.Swarm.Pieces;

namespace IsoCatalog.Swarm.Storage;

/// <summary>
/// Which pieces of a partial file are durable: written only after the file was synced, and believed only under the same boot of the kernel,
/// for the same image and an unharmed record. Otherwise the file is to be hashed.
/// </summary>
internal sealed class ProgressFile(string path, Torrent torrent)
{
    private const int BootLength = 36;
    private const int HeaderLength = 8 + BootLength + Sha256Digest.Length + 8 + 4;

    private static ReadOnlySpan<byte> Magic => "ISOPRG1\n"u8;

    /// <summary>Takes what the record says over into <paramref name="have"/>; false, and nothing is taken, when it is not to be believed.</summary>
    public bool TryLoad(Bitfield have)
    {
        byte[] bytes;
        try
        {
            if (new FileInfo(path) is not { Exists: true } file || file.Length != HeaderLength + have.ByteLength + Sha256Digest.Length)
            {
                return false;
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (IOException)
        {
            return false;
        }

        var expected = new byte[HeaderLength];
        return bytes.Length == HeaderLength + have.ByteLength + Sha256Digest.Length
            && TryWriteHeader(expected)
            && bytes.AsSpan().StartsWith(expected)
            && SHA256.HashData(bytes.AsSpan(..^Sha256Digest.Length)).AsSpan().SequenceEqual(bytes.AsSpan(^Sha256Digest.Length..))
            && have.TryCopyFrom(bytes.AsSpan(HeaderLength, have.ByteLength));
    }

    /// <summary>Replaces the record. The pieces must be synced already.</summary>
    /// <param name="have">As <see cref="Bitfield.CopyTo"/> wrote it before the sync.</param>
    public void Save(ReadOnlySpan<byte> have)
    {
        var bytes = new byte[HeaderLength + have.Length + Sha256Digest.Length];
        if (!TryWriteHeader(bytes))
        {
            return;
        }

        have.CopyTo(bytes.AsSpan(HeaderLength));
        SHA256.HashData(bytes.AsSpan(..^Sha256Digest.Length), bytes.AsSpan(^Sha256Digest.Length..));

        // Not synced: under the same boot the page cache is what counts, and under another one the record is not believed.
        var next = path + ".next";
        File.WriteAllBytes(next, bytes);
        File.Move(next, path, overwrite: true);
    }

    public void Delete() => File.Delete(path);

    private bool TryWriteHeader(Span<byte> bytes)
    {
        if (BootId.Current is not { } boot)
        {
            return false;
        }

        Magic.CopyTo(bytes);
        System.Text.Encoding.ASCII.GetBytes(boot, bytes[8..]);
        torrent.Root.CopyTo(bytes[(8 + BootLength)..]);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[(8 + BootLength + Sha256Digest.Length)..], torrent.Size);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[(16 + BootLength + Sha256Digest.Length)..], torrent.PieceLength);
        return true;
    }
}

/// <summary>What tells one boot of the kernel from another: only under the same one is the page cache known to have kept what was synced.</summary>
internal static class BootId
{
    private const string Path = "/proc/sys/kernel/random/boot_id";

    /// <summary>36 characters; null where the system does not say.</summary>
    public static string? Current { get; } = Read();

    private static string? Read()
    {
        try
        {
            return File.ReadAllText(Path).Trim() is { Length: 36 } id ? id : null;
        }
        catch (IOException)
        {
            return null;
        }
    }
}
