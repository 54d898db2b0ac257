using System.Runtime.InteropServices;

namespace IsoCatalog.Appliance;

/// <summary>SIGHUP, which asks a daemon to read its configuration again (daemon(7)), and without this would end it.</summary>
internal sealed class HangUps : IDisposable
{
    private readonly Lock _gate = new();
    private readonly PosixSignalRegistration _registration;
    private Action? _follow;
    private bool _came;

    public HangUps() => _registration = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Come);

    /// <summary>Called for each from now on, and at once for one that came before; a failure is its own to tell.</summary>
    public void Follow(Action follow)
    {
        lock (_gate)
        {
            _follow = follow;
            if (_came)
            {
                follow();
            }
        }
    }

    public void Dispose() => _registration.Dispose();

    private void Come(PosixSignalContext signal)
    {
        signal.Cancel = true;
        lock (_gate)
        {
            _came = true;
            _follow?.Invoke();
        }
    }
}
