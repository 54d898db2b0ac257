using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Upkeep;

namespace IsoCatalog.Appliance.Reload;

/// <summary>Takes the listeners' certificates when their files change. A certificate and its key are two files, so that they are taken once both have been as they are for a moment.</summary>
internal sealed class CertificateWatch(
    LiveConfiguration live, ListenerCertificates certificates, SiteReload reload, Setbacks setbacks, TimeProvider time, ILogger<CertificateWatch> log)
    : LastingLoop(new Restarts("Watching the certificates of the listeners", setbacks, time, log))
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);

    private string? _seen;
    private string? _refused;

    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Period, time);
        do
        {
            Look();
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private void Look()
    {
        var (now, before) = (ListenerCertificates.PrintOf(live.Now.Tls), _seen);
        _seen = now;
        var isNews = now != certificates.Print ? now != _refused : _refused is not null;
        if (isNews && now == before)
        {
            _refused = reload.TakeCertificates() ? null : now;
        }
    }
}
