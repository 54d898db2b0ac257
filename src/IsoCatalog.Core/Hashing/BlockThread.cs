using System.Runtime.ExceptionServices;

namespace IsoCatalog.Core.Hashing;

/// <summary>
/// A thread that does the second half of the work on blocks which the caller lends it, while the caller does the first.
/// One caller at a time. A thread of its own: were it one of the pool's, callers that wait could fill the pool.
/// </summary>
internal sealed unsafe class BlockThread : IDisposable
{
    private readonly SemaphoreSlim _given = new(0);
    private readonly SemaphoreSlim _returned = new(0);
    private readonly SpanTaker _take;
    private readonly Action _then;
    private readonly Thread _thread;
    private byte* _data;
    private int _length;
    private bool _stopping;
    private ExceptionDispatchInfo? _failure;

    /// <param name="take">Is given each block; must not keep it.</param>
    /// <param name="then">Runs after a block was given back.</param>
    public BlockThread(SpanTaker take, Action then)
    {
        (_take, _then) = (take, then);
        _thread = new Thread(Run) { IsBackground = true, Name = "hashing" };
        _thread.Start();
    }

    public delegate void SpanTaker(ReadOnlySpan<byte> block);

    /// <summary>Lends a block. It has to stay where it is until <see cref="TakeBack"/> returns.</summary>
    public void Lend(byte* data, int length)
    {
        _data = data;
        _length = length;
        _given.Release();
    }

    /// <summary>Waits until the block is no longer used, and throws what the work on it threw.</summary>
    public void TakeBack()
    {
        _returned.Wait();
        _failure?.Throw();
    }

    /// <summary>Waits until nothing is left to do, ends the thread, and throws what the work threw.</summary>
    public void Finish()
    {
        Dispose();
        _failure?.Throw();
    }

    public void Dispose()
    {
        if (!_stopping)
        {
            _stopping = true;
            _given.Release();
            _thread.Join();
            _given.Dispose();
            _returned.Dispose();
        }
    }

    private void Run()
    {
        while (true)
        {
            _given.Wait();
            if (_stopping)
            {
                return;
            }

            Work(returned: false);
            _returned.Release();
            Work(returned: true);
        }
    }

    // The caller learns of a failure when it takes this or the next block back, or finishes.
    private void Work(bool returned)
    {
        try
        {
            if (returned)
            {
                _then();
            }
            else
            {
                _take(new ReadOnlySpan<byte>(_data, _length));
            }
        }
        catch (Exception failure)
        {
            _failure ??= ExceptionDispatchInfo.Capture(failure);
        }
    }
}
