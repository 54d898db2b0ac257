namespace IsoCatalog.Appliance.Intake;

/// <summary>A place among few, for one add: taken when it is needed first, and given back when this is disposed of. Not thread-safe.</summary>
internal sealed class IngestPlace(SemaphoreSlim places) : IDisposable
{
    private bool _taken;

    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        if (!_taken)
        {
            await places.WaitAsync(cancellationToken);
            _taken = true;
        }
    }

    public void Dispose()
    {
        if (_taken)
        {
            places.Release();
            _taken = false;
        }
    }
}
