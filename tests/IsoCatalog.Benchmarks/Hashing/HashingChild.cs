using System.Diagnostics;
using IsoCatalog.Core.Hashing;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Benchmarks.Hashing;

/// <summary>Our side of a hashing row, in a process of its own: hashes a file and prints how many seconds it took.</summary>
internal static class HashingChild
{
    public const string Verb = "--hash-file";
    public const string Root = "root";
    public const string Ingest = "ingest";

    // The choice of the leaf hasher and the compilation of our code happen once in the life of an appliance: not measured.
    private const long WarmUp = 64 << 20;

    public static int Run(string[] work)
    {
        if (work is not [Root or Ingest, var path])
        {
            Console.Error.WriteLine($"{Verb} takes {Root} or {Ingest}, and a file.");
            return 2;
        }

        using var file = File.OpenHandle(path);
        var length = RandomAccess.GetLength(file);
        Action<long> hash = work[0] == Root ? size => HashRoot(file, size) : size => HashImage(file, size);
        hash(Math.Min(length, WarmUp));
        var start = Stopwatch.GetTimestamp();
        hash(length);
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalSeconds);
        return 0;
    }

    private static void HashRoot(SafeFileHandle file, long length)
    {
        using var hasher = new RootHasher();
        Read(file, length, hasher.Append);
        hasher.Complete();
    }

    private static void HashImage(SafeFileHandle file, long length)
    {
        using var hasher = new ImageHasher(length);
        Read(file, length, hasher.Append);
        hasher.Complete();
    }

    private static void Read(SafeFileHandle file, long length, Action<ReadOnlySpan<byte>> append)
    {
        var block = new byte[4 << 20];
        for (long offset = 0; offset < length;)
        {
            var read = RandomAccess.Read(file, block.AsSpan(0, (int)Math.Min(block.Length, length - offset)), offset);
            append(block.AsSpan(0, read));
            offset += read;
        }
    }
}
