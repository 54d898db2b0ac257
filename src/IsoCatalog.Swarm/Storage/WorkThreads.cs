using System.Collections.Concurrent;

namespace IsoCatalog.Swarm.Storage;

/// <summary>A few threads of our own for hashing and disk writes, so that a slow disk never takes the threads that the network needs.</summary>
/// <remarks>What a piece of work throws ends that work and no thread: it would end the process.</remarks>
internal sealed class WorkThreads : IDisposable
{
    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread[] _threads;
    private readonly Action<Exception> _failed;

    /// <param name="failed">Is told of what work threw, on the thread that did it.</param>
    public WorkThreads(int count, Action<Exception> failed)
    {
        _failed = failed;
        _threads = [.. Enumerable.Range(0, count).Select(i => new Thread(Run) { IsBackground = true, Name = $"swarm work {i}" })];
        foreach (var thread in _threads)
        {
            thread.Start();
        }
    }

    /// <summary>False when the threads are ending.</summary>
    public bool TryRun(Action work)
    {
        try
        {
            return _work.TryAdd(work);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _work.CompleteAdding();
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _work.Dispose();
    }

    private void Run()
    {
        foreach (var work in _work.GetConsumingEnumerable())
        {
            try
            {
                work();
            }
            catch (Exception e)
            {
                _failed(e);
            }
        }
    }
}
