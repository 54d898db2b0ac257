namespace IsoCatalog.Swarm.Storage;

/// <summary>What was started and is to be waited for, all of it, at the end. Thread-safe.</summary>
internal sealed class TaskGroup
{
    private readonly Lock _gate = new();
    private Task _all = Task.CompletedTask;
    private bool _ended;

    /// <summary>Starts it on a thread of the pool; not at all once the end has begun.</summary>
    public void Run(Action work)
    {
        lock (_gate)
        {
            if (!_ended)
            {
                _all = Task.WhenAll(_all, Task.Run(work));
            }
        }
    }

    /// <summary>Starts nothing any more, and waits for everything that was.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            _ended = true;
            return _all;
        }
    }
}
