namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// Which machine has a file in its drive. An engine cannot be asked that: a disc in a running machine is seen in that machine's drive alone, which takes a
/// call for each. So whoever asks meanwhile shares the next count, and a file that a machine had is asked for at that machine first. Whatever goes wrong
/// means that it is not known, never that nobody has it. Thread-safe.
/// </summary>
/// <param name="count">Asks for all machines, of which one cannot have it by where it is.</param>
/// <param name="one">Asks for one of them; null when it is gone.</param>
/// <param name="gather">What a count waits for others to join it.</param>
/// <param name="time">The clock.</param>
/// <param name="end">When nobody asks any more.</param>
internal sealed class DriveCensus(
    Func<CancellationToken, Task<IReadOnlyList<MachineDrives>>> count,
    Func<string, CancellationToken, Task<MachineDrives?>> one,
    TimeSpan gather,
    TimeProvider time,
    CancellationToken end)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, string> _lastHolders = new(StringComparer.Ordinal);
    private Task _counting = Task.CompletedTask;
    private Task<IReadOnlyList<MachineDrives>>? _next;

    /// <summary>The name of a machine that has the file; null when there is none.</summary>
    /// <param name="fileName">Which.</param>
    /// <param name="now">Only what is in a drive now counts: a file that is out of sight already is no machine's next disc.</param>
    /// <param name="cancellationToken">Ends the waiting, not what others wait for.</param>
    /// <exception cref="EngineException">It is not known.</exception>
    public async Task<string?> HolderAsync(string fileName, bool now, CancellationToken cancellationToken)
    {
        if (LastHolder(fileName) is { } known && await one(known, cancellationToken) is { } still && Has(still))
        {
            return still.Name;
        }

        var holder = (await CountAsync().WaitAsync(cancellationToken)).Where(Has).MinBy(m => m.Name, StringComparer.Ordinal);
        lock (_gate)
        {
            if (holder is null)
            {
                _lastHolders.Remove(fileName);
            }
            else
            {
                _lastHolders[fileName] = holder.Id;
            }
        }

        return holder?.Name;

        bool Has(MachineDrives machine) => machine.Now.Contains(fileName) || (!now && machine.Next.Contains(fileName));
    }

    private string? LastHolder(string fileName)
    {
        lock (_gate)
        {
            return _lastHolders.GetValueOrDefault(fileName);
        }
    }

    /// <summary>A count that begins after this call.</summary>
    private Task<IReadOnlyList<MachineDrives>> CountAsync()
    {
        lock (_gate)
        {
            return _next ??= Task.Run(() => CountNextAsync(_counting), CancellationToken.None);
        }
    }

    private async Task<IReadOnlyList<MachineDrives>> CountNextAsync(Task before)
    {
        await before.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await Task.Delay(gather, time, CancellationToken.None);
        lock (_gate)
        {
            _counting = _next!;
            _next = null;
        }

        return await count(end);
    }
}
