using System.Runtime.InteropServices;
using System.Text;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces.Files;

/// <summary>An entry of a folder, as it was when it was looked at.</summary>
/// <param name="Name">Its name; where that is no UTF-8, the bytes that are none stand as <c>\xE9</c>, for people: it cannot be opened by that.</param>
/// <param name="IsUtf8">Whether it can be.</param>
/// <param name="Kind">A link is not followed.</param>
/// <param name="Seen">What stat said, whatever kind it is; without a root.</param>
/// <param name="Problem">Why stat said nothing; null when it did.</param>
public sealed record FolderEntry(string Name, bool IsUtf8, FileKind Kind, Receipt Seen, string? Problem = null);

/// <summary>All that lies in a folder. .NET's own listing loses names that are no UTF-8, and what it follows may be another folder by then.</summary>
/// <param name="Folder">The folder itself.</param>
/// <param name="Entries">In the order of the file system, at most as many as were asked for.</param>
/// <param name="IsWhole">There are no more.</param>
public sealed unsafe record FolderListing(Receipt Folder, IReadOnlyList<FolderEntry> Entries, bool IsWhole)
{
    // struct dirent of glibc and musl on 64 bits.
    private const int NameOffset = 19;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Links on the way are followed: the path is an operator's, or below one.</summary>
    /// <exception cref="IOException">It is not there, is no folder, or may not be listed.</exception>
    public static FolderListing Of(string path, int limit)
    {
        var folder = Libc.OpenFolderStream(path);
        if (folder == 0)
        {
            throw Errno.Failure("list", path);
        }

        try
        {
            var descriptor = Libc.DescriptorOf(folder);
            var entries = new List<FolderEntry>();
            while (true)
            {
                var next = Libc.ReadFolderStream(folder);
                if (next is null)
                {
                    return Marshal.GetLastPInvokeError() is 0
                        ? new FolderListing(FileIdentity.From(FileStat.Below(descriptor, "\0"u8, out _), default), entries, IsWhole: true)
                        : throw Errno.Failure("list", path);
                }

                var name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(next + NameOffset);
                if (name.SequenceEqual("."u8) || name.SequenceEqual(".."u8))
                {
                    continue;
                }

                if (entries.Count == limit)
                {
                    return new FolderListing(FileIdentity.From(FileStat.Below(descriptor, "\0"u8, out _), default), entries, IsWhole: false);
                }

                var stat = FileStat.Below(descriptor, MemoryMarshal.CreateReadOnlySpan(ref *(next + NameOffset), name.Length + 1), out var problem);
                if (stat.Kind != FileKind.Missing || problem is not null)
                {
                    var shown = Shown(name, out var isUtf8);
                    entries.Add(new FolderEntry(shown, isUtf8, stat.Kind, FileIdentity.From(stat, default), problem));
                }
            }
        }
        finally
        {
            _ = Libc.CloseFolderStream(folder);
        }
    }

    /// <summary>A name for people.</summary>
    internal static string Shown(ReadOnlySpan<byte> name, out bool isUtf8)
    {
        try
        {
            isUtf8 = true;
            return Strict.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            isUtf8 = false;
            var shown = new StringBuilder(name.Length);
            while (!name.IsEmpty)
            {
                if (Rune.DecodeFromUtf8(name, out var rune, out var length) == System.Buffers.OperationStatus.Done)
                {
                    shown.Append(rune.ToString());
                }
                else
                {
                    length = 1;
                    shown.Append($"\\x{name[0]:X2}");
                }

                name = name[length..];
            }

            return shown.ToString();
        }
    }
}
