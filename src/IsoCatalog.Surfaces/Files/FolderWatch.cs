using System.Runtime.InteropServices;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Files;

/// <summary>
/// Watches folders through inotify(7): one kernel queue, one thread, which is the only writer to the channel. When the channel is full
/// the thread waits, the kernel's queue fills, and what no longer fits there arrives as <see cref="FolderEventKind.Overflow"/>: nothing is
/// lost in silence. Not recursive. Sees what happens on this host only (nothing that another host does on a network file system), and
/// neither writes through a memory map nor a mount over the folder: look from time to time as well. Thread-safe.
/// </summary>
public sealed unsafe class FolderWatch : IDisposable
{
    private const uint Modify = 0x2;
    private const uint Attributes = 0x4;
    private const uint CloseWrite = 0x8;
    private const uint MovedFrom = 0x40;
    private const uint MovedTo = 0x80;
    private const uint Create = 0x100;
    private const uint Delete = 0x200;
    private const uint DeleteSelf = 0x400;
    private const uint MoveSelf = 0x800;
    private const uint Unmount = 0x2000;
    private const uint QueueOverflow = 0x4000;
    private const uint Ignored = 0x8000;
    private const uint OnlyFolder = 0x1000000;
    private const uint DontFollow = 0x2000000;
    private const uint IsFolderFlag = 0x40000000;
    private const uint Watched = Create | CloseWrite | Modify | Attributes | Delete | MovedFrom | MovedTo | DeleteSelf | MoveSelf
        | OnlyFolder | DontFollow;

    private const int HeaderSize = 16;
    private const int BufferSize = 64 << 10;

    private readonly ILogger? _logger;
    private readonly ChannelWriter<FolderEvent> _events;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _watchOf = new(StringComparer.Ordinal);
    private readonly Dictionary<int, List<string>> _foldersOf = [];
    private readonly CancellationTokenSource _stop = new();
    private readonly SafeFileHandle _wake;
    private readonly Thread _thread;
    private volatile SafeFileHandle? _inotify;
    private bool _disposed;

    /// <summary>The channel is completed by its owner, not here.</summary>
    public FolderWatch(ILogger? logger, ChannelWriter<FolderEvent> events)
    {
        _logger = logger;
        _events = events;
        var wake = Libc.EventFd(0, Libc.OpenCloseOnExec | Libc.OpenNonBlocking);
        _wake = wake >= 0 ? new SafeFileHandle(wake, ownsHandle: true) : throw Errno.Failure("create", "an eventfd");
        _thread = new Thread(Run) { IsBackground = true, Name = "folder watch" };
        _thread.Start();
    }

    /// <summary>Begins to watch; again is harmless, and binds the path anew if another folder lies there now.</summary>
    /// <returns>Why it cannot be watched, for an operator: what, why, and what to do; null when it is.</returns>
    public string? Add(string folder)
    {
        folder = Normal(folder);
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (TryOpen_NeedsLock() && Libc.InotifyAdd(_inotify!, folder, Watched) is >= 0 and var watch)
            {
                Bind_NeedsLock(folder, watch);
                return null;
            }

            var error = Marshal.GetLastPInvokeError();
            Unbind_NeedsLock(folder);
            return FailureMessage(folder, error);
        }
    }

    /// <summary>Stops watching; events of the folder that were not yet read are dropped. Not being watched is fine.</summary>
    public void Remove(string folder)
    {
        lock (_lock)
        {
            if (!_disposed)
            {
                Unbind_NeedsLock(Normal(folder));
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        _stop.Cancel();
        Wake();
        _thread.Join();
        _inotify?.Dispose();
        _wake.Dispose();
        _stop.Dispose();
    }

    private static string Normal(string folder) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

    private static string FailureMessage(string folder, int error) => error switch
    {
        Errno.NoSpace => $"{folder} is not watched: the limit of inotify watches is reached. Raise fs.inotify.max_user_watches (sysctl).",
        Errno.TooManyProcessFiles =>
            $"{folder} is not watched: the limit of inotify instances is reached. Raise fs.inotify.max_user_instances (sysctl).",
        Errno.NoEntry or Errno.NotFolder => $"{folder} is not watched: there is no such folder.",
        _ => $"{folder} is not watched: {Marshal.GetPInvokeErrorMessage(error)}.",
    };

    /// <summary>The kernel's limit of queues may be raised while the site runs.</summary>
    private bool TryOpen_NeedsLock()
    {
        if (_inotify is null && Libc.InotifyInit(Libc.OpenCloseOnExec | Libc.OpenNonBlocking) is >= 0 and var inotify)
        {
            _inotify = new SafeFileHandle(inotify, ownsHandle: true);
            Wake();
        }

        return _inotify is not null;
    }

    private void Bind_NeedsLock(string folder, int watch)
    {
        if (_watchOf.TryGetValue(folder, out var old) && old == watch)
        {
            return;
        }

        Unbind_NeedsLock(folder);
        _watchOf[folder] = watch;

        // The kernel gives one watch per inode: two paths to one folder share it.
        if (!_foldersOf.TryGetValue(watch, out var folders))
        {
            _foldersOf[watch] = folders = [];
        }

        folders.Add(folder);
    }

    private void Unbind_NeedsLock(string folder)
    {
        if (_watchOf.Remove(folder, out var watch) && _foldersOf.TryGetValue(watch, out var folders))
        {
            folders.Remove(folder);
            if (folders.Count == 0)
            {
                _foldersOf.Remove(watch);
                _ = Libc.InotifyRemove(_inotify!, watch);
            }
        }
    }

    private string[] FoldersOf(int watch, bool forget)
    {
        lock (_lock)
        {
            if (!_foldersOf.TryGetValue(watch, out var folders))
            {
                return [];
            }

            var all = folders.ToArray();
            if (forget)
            {
                foreach (var folder in all)
                {
                    Unbind_NeedsLock(folder);
                }
            }

            return all;
        }
    }

    private void Wake()
    {
        var one = 1UL;
        _ = Libc.Write(_wake, (byte*)&one, sizeof(ulong));
    }

    private void Run()
    {
        var buffer = new byte[BufferSize];
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                WaitForEvents();
                int length;
                while (!_stop.IsCancellationRequested && (length = ReadEvents(buffer)) > 0)
                {
                    EmitAll(buffer.AsSpan(0, length));
                }
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ChannelClosedException)
        {
            // The owner has stopped listening.
        }
    }

    private void WaitForEvents()
    {
        var items = stackalloc Libc.PollItem[2];
        items[0] = new Libc.PollItem { Descriptor = (int)_wake.DangerousGetHandle(), Events = Libc.PollIn };
        items[1] = new Libc.PollItem { Descriptor = (int)(_inotify?.DangerousGetHandle() ?? -1), Events = Libc.PollIn };
        _ = Libc.Poll(items, 2, -1);
        if (items[0].Returned != 0)
        {
            ulong count;
            _ = Libc.Read(_wake, (byte*)&count, sizeof(ulong));
        }
    }

    private int ReadEvents(byte[] buffer)
    {
        if (_inotify is null)
        {
            return 0;
        }

        fixed (byte* start = buffer)
        {
            return (int)Libc.Read(_inotify, start, BufferSize);
        }
    }

    private void EmitAll(ReadOnlySpan<byte> batch)
    {
        var modified = new HashSet<(int Watch, string Name)>();
        while (batch.Length >= HeaderSize)
        {
            var watch = BitConverter.ToInt32(batch);
            var mask = BitConverter.ToUInt32(batch[4..]);
            var nameLength = (int)BitConverter.ToUInt32(batch[12..]);
            var name = batch.Slice(HeaderSize, nameLength);
            batch = batch[(HeaderSize + nameLength)..];
            var end = name.IndexOf((byte)0);
            EmitOne(watch, mask, nameLength == 0 ? null : Encoding.UTF8.GetString(end < 0 ? name : name[..end]), modified);
        }
    }

    private void EmitOne(int watch, uint mask, string? name, HashSet<(int Watch, string Name)> modified)
    {
        if ((mask & QueueOverflow) != 0)
        {
            if (_logger is not null)
            {
                Log.EventsLost(_logger);
            }

            Emit(new FolderEvent(FolderEventKind.Overflow, "", null, IsFolder: false));
            return;
        }

        FolderEventKind? kind = (mask & (0xFFF | Unmount | Ignored)) switch
        {
            Create => FolderEventKind.Created,
            CloseWrite => FolderEventKind.ClosedAfterWrite,
            Modify => FolderEventKind.Modified,
            Attributes => FolderEventKind.AttributesChanged,
            Delete => FolderEventKind.Deleted,
            MovedFrom => FolderEventKind.MovedFrom,
            MovedTo => FolderEventKind.MovedTo,
            Unmount => FolderEventKind.Unmounted,
            DeleteSelf or MoveSelf or Ignored => FolderEventKind.FolderGone,
            _ => null,
        };
        if (kind is null || (kind == FolderEventKind.Modified && !modified.Add((watch, name ?? ""))))
        {
            return;
        }

        // What ends a watch ends it once: the IN_IGNORED that follows finds no folder any more.
        var ends = kind is FolderEventKind.FolderGone or FolderEventKind.Unmounted;
        foreach (var folder in FoldersOf(watch, forget: ends))
        {
            Emit(new FolderEvent(kind.Value, folder, name, ends || name is null || (mask & IsFolderFlag) != 0));
        }
    }

    private void Emit(FolderEvent folderEvent)
    {
        if (!_events.TryWrite(folderEvent))
        {
            _events.WriteAsync(folderEvent, _stop.Token).AsTask().GetAwaiter().GetResult();
        }
    }
}
