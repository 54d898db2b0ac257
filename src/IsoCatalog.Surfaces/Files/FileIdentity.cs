using System.Globalization;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>Takes receipts: what statx(2) says of a file now, beside the root that its bytes are known to have.</summary>
public static class FileIdentity
{
    /// <exception cref="IOException">statx failed, or it is not a regular file.</exception>
    public static Receipt Of(SafeFileHandle file, Sha256Digest root)
    {
        var stat = FileStat.Of(file);
        return stat.Kind == FileKind.Regular ? From(stat, root) : throw new IOException("Only a regular file can have a receipt.");
    }

    /// <summary>Null when nothing is there or when it is not a regular file (a symbolic link is not followed).</summary>
    /// <exception cref="IOException">statx failed for another reason (no permission, I/O error, stale handle).</exception>
    public static Receipt? Of(string path, Sha256Digest root) => Of(path, root, out _);

    /// <inheritdoc cref="Of(string, Sha256Digest)"/>
    public static Receipt? Of(string path, Sha256Digest root, out FileKind kind)
    {
        var stat = FileStat.Of(path);
        kind = stat.Kind;
        return kind == FileKind.Regular ? From(stat, root) : null;
    }

    /// <summary>The file that a surface keeps evidence of; where the evidence is of another kind, a receipt that no file agrees with.</summary>
    internal static Receipt In(Evidence evidence) => evidence.FileReceipt ?? default;

    /// <summary>What the path names, without following a link.</summary>
    /// <exception cref="IOException">statx failed for another reason than a missing file.</exception>
    public static FileKind KindOf(string path) => FileStat.Of(path).Kind;

    /// <summary>What the path leads to through links, as an opening of it would; <see cref="FileKind.Missing"/> when that is nothing.</summary>
    /// <exception cref="IOException">statx failed for another reason than a missing file.</exception>
    public static FileKind KindBehind(string path) => FileStat.Followed(path).Kind;

    /// <summary>"device:inode" of what the path leads to, in decimal, as systemd writes it; null when that is nothing, or cannot be looked at.</summary>
    public static string? Named(string path)
    {
        try
        {
            return FileStat.Followed(path) is { Kind: not FileKind.Missing } stat ? string.Create(CultureInfo.InvariantCulture, $"{stat.Device}:{stat.Inode}") : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>What was opened.</summary>
    public static FileKind KindOf(SafeFileHandle file) => FileStat.Of(file).Kind;

    /// <summary>All but ctime equal: a rename, a new link or a removed one moves nothing else. Weaker than equality: whoever owns the
    /// file can set mtime back after an edit, and only ctime would tell.</summary>
    public static bool SameContent(Receipt a, Receipt b) => a with { ChangedNs = 0 } == b with { ChangedNs = 0 };

    internal static Receipt From(in FileStat stat, Sha256Digest root) =>
        new(stat.Device, stat.Inode, stat.Size, stat.ModifiedNs, stat.ChangedNs, root);
}
