using System.Diagnostics.Metrics;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>What runs out, so that somebody hears of it before: space, the trust document, certificates.</summary>
internal sealed class LimitMetrics
{
    /// <param name="certificates">When that of each listener ends, as it is shown now.</param>
    public LimitMetrics(
        Meter meter, LiveConfiguration configuration, Func<IEnumerable<(string Listener, DateTimeOffset Ends)>> certificates, SiteLedger ledger, SiteFolders folders)
    {
        meter.CreateObservableGauge("isocatalog.store.free", () => FreeSpace.Of(folders.Data).AvailableBytes, "By", "Free bytes of the data folder.");
        meter.CreateObservableGauge("isocatalog.store.size", () => FreeSpace.Of(folders.Data).TotalBytes, "By", "Bytes of the file system of the data folder.");
        meter.CreateObservableGauge("isocatalog.store.floor", () => configuration.Now.Store.Floor, "By", "Bytes that stay free, as configured.");
        meter.CreateObservableGauge(
            "isocatalog.trust.expires", () => Unix(ledger.Fleet.Trust.Current.Expires), "s", "When the trust document ends, seconds since the Unix epoch.");
        meter.CreateObservableGauge(
            "isocatalog.certificate.expires",
            () => certificates().Select(c => new Measurement<double>(Unix(c.Ends), new KeyValuePair<string, object?>("listener", c.Listener))),
            "s",
            "When the certificate of a listener ends, seconds since the Unix epoch.");
    }

    private static double Unix(DateTimeOffset at) => at.ToUnixTimeMilliseconds() / 1000.0;
}
