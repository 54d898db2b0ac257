using System.Globalization;
using System.Runtime.InteropServices;

namespace IsoCatalog.Benchmarks;

/// <summary>
/// Keeps free memory with this machine while it lives. A virtual machine may give what is free for a moment back to its host (free page reporting) and gets it
/// again at 0.4 GB/s or so. Whoever needs more than two seconds for a run then loses what it was given before the start, and is measured twice as slow as one
/// that is done a moment earlier. Kernels that can be told to wait are told; it needs root, and is the same for everybody who is measured.
/// </summary>
internal sealed class FreeMemory : IDisposable
{
    private const long Left = 1L << 30;
    private const string Folder = "/sys/module/page_reporting/parameters";

    /// <summary>What is younger is kept, up to so many MiB of it.</summary>
    private static readonly (string Knob, string Value)[] Kept = [("min_free_ms", "60000"), ("max_waiting_mib", "1048576")];

    private readonly List<(string Path, string Before)> _before = [];

    public FreeMemory()
    {
        foreach (var (knob, value) in Kept)
        {
            var path = Path.Combine(Folder, knob);
            try
            {
                var before = File.ReadAllText(path).Trim();
                File.WriteAllText(path, value);
                _before.Add((path, before));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Another kernel, or not root: then it is as it is.
            }
        }
    }

    /// <summary>
    /// Gets memory from the host and leaves it free, right before a run: nobody is measured with more or less of it. All but 1 GiB at the most. Half a minute
    /// the first time, a few seconds then.
    /// </summary>
    public static unsafe void Touch(long bytes)
    {
        var free = File.ReadLines("/proc/meminfo").First(l => l.StartsWith("MemFree:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var length = (nuint)Math.Clamp(bytes, 0, Math.Max(0, (long.Parse(free, CultureInfo.InvariantCulture) << 10) - Left));
        var memory = NativeMemory.Alloc(length);
        NativeMemory.Fill(memory, length, 1);
        NativeMemory.Free(memory);
    }

    public void Dispose()
    {
        foreach (var (path, before) in _before)
        {
            File.WriteAllText(path, before);
        }
    }
}
