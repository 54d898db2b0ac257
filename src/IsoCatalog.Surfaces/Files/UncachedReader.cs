using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>
/// Reads a file as the disk (or the file server) has it, past the page cache: with O_DIRECT where the file system has it, else after
/// dropping the file's pages. Not thread-safe. Sync what you wrote before you read it back.
/// </summary>
public sealed unsafe class UncachedReader : IDisposable
{
    /// <summary>Bytes per block that <see cref="ReadAll"/> hands out; the last one is shorter.</summary>
    public const int BlockSize = 2 << 20;

    private const int Alignment = 4096;
    private readonly string _path;
    private SafeFileHandle _file;
    private byte* _buffers;

    /// <exception cref="IOException">It cannot be opened, is a link, or is not a regular file.</exception>
    public UncachedReader(string path)
    {
        _path = path;
        const int Flags = Libc.OpenReadOnly | Libc.OpenNonBlocking;
        var direct = Libc.TryOpen(path, Flags | Libc.OpenNoFollow | Libc.OpenDirect, 0, out var error);
        IsDirect = direct is not null;
        _file = direct ?? (error == Errno.Invalid ? Libc.Open(path, Flags | Libc.OpenNoFollow) : throw Errno.Failure("open", path, error));
        try
        {
            var stat = FileStat.Of(_file);
            Length = stat.Kind == FileKind.Regular ? stat.Size : throw new IOException($"{FolderHandle.AsShown(path)} is not a regular file.");
            if (!IsDirect)
            {
                PageCache.Drop(_file);
            }

            _buffers = (byte*)NativeMemory.AlignedAlloc(2 * BlockSize, Alignment);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>As it was when the file was opened.</summary>
    public long Length { get; }

    /// <summary>Whether O_DIRECT is in use.</summary>
    public bool IsDirect { get; private set; }

    /// <summary>The open file, for stat and sync.</summary>
    public SafeFileHandle File => _file;

    /// <summary>Reads up to <paramref name="destination"/>'s length (at most <see cref="BlockSize"/>) at any offset.</summary>
    /// <returns>Bytes read; fewer than asked only at the end of the file.</returns>
    /// <exception cref="IOException">The disk could not be read.</exception>
    public int Read(long offset, Span<byte> destination)
    {
        ObjectDisposedException.ThrowIf(_buffers is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        var skip = (int)(offset % Alignment);
        var wanted = Math.Min(destination.Length, BlockSize - skip);
        var have = Math.Min(wanted, Math.Max(0, Fill(_buffers, offset - skip, wanted + skip) - skip));
        new ReadOnlySpan<byte>(_buffers + skip, have).CopyTo(destination);
        return have;
    }

    /// <summary>Streams the file from its start in blocks of <see cref="BlockSize"/>; the next block is read while
    /// <paramref name="block"/> works on this one. The span is valid only during the call.</summary>
    /// <returns>Bytes handed out: less than <see cref="Length"/> if the file was cut meanwhile; what was appended is not read.</returns>
    /// <exception cref="IOException">The disk could not be read.</exception>
    public long ReadAll(Action<ReadOnlySpan<byte>> block, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_buffers is null, this);
        var done = 0L;
        var current = 0;
        var pending = Prefetch(0, 0);
        try
        {
            while (done < Length)
            {
                var count = pending.GetAwaiter().GetResult();
                cancellationToken.ThrowIfCancellationRequested();
                if (count == 0)
                {
                    break;
                }

                var next = 1 - current;
                pending = Prefetch(next, done + count);
                block(new ReadOnlySpan<byte>(_buffers + ((nint)current * BlockSize), count));
                done += count;
                current = next;
            }
        }
        finally
        {
            // The buffers must outlive a read that is under way.
            ((IAsyncResult)pending).AsyncWaitHandle.WaitOne();
        }

        if (!IsDirect)
        {
            PageCache.Drop(_file);
        }

        return done;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(_buffers);
        _buffers = null;
        _file.Dispose();
    }

    private Task<int> Prefetch(int buffer, long offset)
    {
        var length = (int)Math.Min(BlockSize, Length - offset);
        return length <= 0 ? Task.FromResult(0) : Task.Run(() => Math.Min(length, Fill(_buffers + ((nint)buffer * BlockSize), offset, length)));
    }

    /// <summary>Reads at an aligned offset until there are <paramref name="length"/> bytes or the file ends; may give more than asked.</summary>
    private int Fill(byte* buffer, long offset, int length)
    {
        var have = 0;
        while (have < length)
        {
            var room = IsDirect ? (length - have + Alignment - 1) / Alignment * Alignment : length - have;
            int count;
            try
            {
                count = RandomAccess.Read(_file, new Span<byte>(buffer + have, room), offset + have);
            }
            catch (IOException failure) when (IsDirect && failure.HResult == Errno.Invalid)
            {
                LeaveDirect();
                continue;
            }

            if (count == 0)
            {
                break;
            }

            have += count;
            if (IsDirect && have % Alignment != 0)
            {
                // Unaligned: the end of the file, or a file system that gave less; only the ordinary way can tell.
                if (offset + have >= Length)
                {
                    break;
                }

                LeaveDirect();
            }
        }

        return have;
    }

    private void LeaveDirect()
    {
        var plain = Libc.Open(_path, Libc.OpenReadOnly | Libc.OpenNonBlocking | Libc.OpenNoFollow);
        var same = FileStat.Of(plain) is var now && FileStat.Of(_file) is var before && (now.Device, now.Inode) == (before.Device, before.Inode);
        if (!same)
        {
            plain.Dispose();
            throw new IOException($"{FolderHandle.AsShown(_path)} was replaced while it was being read.");
        }

        _file.Dispose();
        _file = plain;
        IsDirect = false;
        PageCache.Drop(_file);
    }
}
