namespace IsoCatalog.Benchmarks;

/// <summary>
/// Keeps free memory with this machine while it lives. A virtual machine may give what is free for a moment back to its host (free page reporting) and gets it
/// again at 0.4 GB/s or so. Whoever needs more than two seconds for a run then loses what it was given before the start, and is measured twice as slow as one
/// that is done a moment earlier. Kernels that can be told to wait are told; it needs root, and is the same for everybody who is measured.
/// </summary>
internal sealed class FreeMemory : IDisposable
{
    private const string Knob = "/sys/module/page_reporting/parameters/min_free_ms";
    private const string Longest = "60000";

    private readonly string? _before;

    public FreeMemory()
    {
        try
        {
            var before = File.ReadAllText(Knob).Trim();
            File.WriteAllText(Knob, Longest);
            _before = before;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another kernel, or not root: then it is as it is.
        }
    }

    public void Dispose()
    {
        if (_before is not null)
        {
            File.WriteAllText(Knob, _before);
        }
    }
}
