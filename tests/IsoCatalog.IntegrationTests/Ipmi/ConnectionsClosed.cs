using System.Diagnostics.Metrics;
using Xunit;

namespace IsoCatalog.IntegrationTests.Ipmi;

/// <summary>Waits until the listener itself has let a connection go.</summary>
internal sealed class ConnectionsClosed : IDisposable
{
    private readonly SemaphoreSlim _closed = new(0);
    private readonly MeterListener _listener = new();

    /// <param name="meanwhile">Done once, while the listener counts the first connection as closed.</param>
    public ConnectionsClosed(Meter meter, Action? meanwhile = null)
    {
        _listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter == meter && instrument.Name == "isocatalog.iso.connections")
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) =>
        {
            if (value < 0)
            {
                Interlocked.Exchange(ref meanwhile, null)?.Invoke();
                _closed.Release();
            }
        });
        _listener.Start();
    }

    public async Task OneAsync() =>
        Assert.True(await _closed.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken), "No connection was closed.");

    public void Dispose()
    {
        _listener.Dispose();
        _closed.Dispose();
    }
}
