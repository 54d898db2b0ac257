using System.Runtime.InteropServices;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Surfaces.Ipmi;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>The kernel's own words on a file, and BEP 52's root computed the slow and obvious way.</summary>
internal static partial class StoreFileInterop
{
    private const int EmptyPath = 0x1000;
    private const uint BasicStats = 0x7ff;
    private const int DontNeed = 4;
    private const int LeafLength = 16 * 1024;

    public static IsoStoreFiles Files(OwnLinks? links = null) => new(Stat, Drop, ReadBack, links ?? new OwnLinks());

    public static Receipt Stat(SafeFileHandle file, Sha256Digest root)
    {
        if (StatX(file, "", EmptyPath, BasicStats, out var found) != 0)
        {
            throw new IOException($"statx: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        return new Receipt(
            ((ulong)found.DeviceMajor << 32) | found.DeviceMinor, found.Inode, (long)found.Size,
            (found.ModifiedSeconds * 1_000_000_000) + found.ModifiedNanoseconds, (found.ChangedSeconds * 1_000_000_000) + found.ChangedNanoseconds, root);
    }

    public static Sha256Digest RootOf(ReadOnlySpan<byte> bytes)
    {
        var level = new List<byte[]>();
        for (var offset = 0; offset < bytes.Length; offset += LeafLength)
        {
            level.Add(SHA256.HashData(bytes.Slice(offset, Math.Min(LeafLength, bytes.Length - offset))));
        }

        for (var padding = new byte[32]; level.Count > 1; padding = SHA256.HashData([.. padding, .. padding]))
        {
            if (level.Count % 2 == 1)
            {
                level.Add(padding);
            }

            level = [.. level.Chunk(2).Select(pair => SHA256.HashData([.. pair[0], .. pair[1]]))];
        }

        return new Sha256Digest(level[0]);
    }

    private static void Drop(SafeFileHandle file) => _ = Advise(file, 0, 0, DontNeed);

    private static (Receipt Before, Receipt After) ReadBack(string path, IProgress<long>? bytesDone, CancellationToken cancellationToken)
    {
        using var file = File.OpenHandle(path);
        Drop(file);
        var before = Stat(file, default);
        var bytes = File.ReadAllBytes(path);
        bytesDone?.Report(bytes.Length);
        var root = RootOf(bytes);
        return (before with { Root = root }, Stat(file, root));
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatX(SafeFileHandle folder, string path, int flags, uint mask, out StatXResult result);

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(SafeFileHandle file, long offset, long length, int advice);

    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct StatXResult
    {
        [FieldOffset(32)]
        public ulong Inode;

        [FieldOffset(40)]
        public ulong Size;

        [FieldOffset(96)]
        public long ChangedSeconds;

        [FieldOffset(104)]
        public uint ChangedNanoseconds;

        [FieldOffset(112)]
        public long ModifiedSeconds;

        [FieldOffset(120)]
        public uint ModifiedNanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
