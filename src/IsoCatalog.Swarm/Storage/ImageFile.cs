using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Swarm.Storage;

/// <summary>The one file of an image, read and written at any place by any thread at the same time; no lock is held over I/O.</summary>
internal sealed class ImageFile : IDisposable
{
    private const int Interrupted = 4;

    private readonly SafeFileHandle _handle;

    private ImageFile(string path, SafeFileHandle handle, bool isNew) => (Path, _handle, IsNew) = (path, handle, isNew);

    public string Path { get; }

    /// <summary>It was made by us now, so that all of it is a hole.</summary>
    public bool IsNew { get; }

    /// <summary>For serving.</summary>
    /// <exception cref="IOException">It cannot be opened, or has another length.</exception>
    public static ImageFile OpenWhole(string path, long size)
    {
        var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(handle);
        if (length == size)
        {
            return new ImageFile(path, handle, isNew: false);
        }

        handle.Dispose();
        throw new IOException($"{path} has {length} bytes; the image has {size}.");
    }

    /// <summary>To take from it what is right; its length may be anything.</summary>
    public static ImageFile OpenDamaged(string path) =>
        new(path, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), isNew: false);

    /// <summary>For fetching: made if it is missing, and given its length without taking the space.</summary>
    public static ImageFile OpenPartial(string path, long size)
    {
        var isNew = !File.Exists(path);
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            if (RandomAccess.GetLength(handle) != size)
            {
                RandomAccess.SetLength(handle, size);
            }

            return new ImageFile(path, handle, isNew);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Fills the buffer; false when the file ends before that.</summary>
    public bool TryRead(Span<byte> buffer, long offset)
    {
        while (buffer.Length > 0)
        {
            var read = RandomAccess.Read(_handle, buffer, offset);
            if (read == 0)
            {
                return false;
            }

            buffer = buffer[read..];
            offset += read;
        }

        return true;
    }

    /// <summary>Fills the buffers one after the other in one system call; false when it gave fewer bytes.</summary>
    public bool TryRead(IReadOnlyList<Memory<byte>> buffers, long offset, long length) => RandomAccess.Read(_handle, buffers, offset) == length;

    public void Write(ReadOnlySpan<byte> bytes, long offset) => RandomAccess.Write(_handle, bytes, offset);

    /// <summary>Asks the kernel to begin with writing to the disk what lies there, without waiting.</summary>
    public void BeginWriteback(long offset, long length)
    {
        // Where it is not supported, the sync that follows does it all.
        _ = Libc.SyncFileRange(_handle, offset, length, Libc.SyncFileRangeWrite);
    }

    /// <summary>fdatasync(2).</summary>
    public void SyncData()
    {
        while (Libc.Fdatasync(_handle) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted)
            {
                throw new IOException($"Cannot sync {Path}: {Marshal.GetPInvokeErrorMessage(error)}.", error);
            }
        }
    }

    /// <summary>fsync(2).</summary>
    public void Sync() => RandomAccess.FlushToDisk(_handle);

    public void Dispose() => _handle.Dispose();
}
