using static IsoCatalog.Appliance.Configuration.Setting;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>
/// Every key of the file, and whether a running site can take a change of it: docs/configuration.md has the same table, and a test holds both and
/// <see cref="KnownKeys"/> together. What can be taken is what is asked for anew each time that it matters, and changes neither where the site listens nor what it is.
/// </summary>
internal static class Settings
{
    public static readonly IReadOnlyList<Setting> OfSite =
    [
        Fixed("site", s => s.Site),
        Fixed("data", s => s.Data),
        Fixed("socket", s => s.Socket),
        Fixed("listen.api", s => s.Listen.Api),
        Fixed("listen.iso", s => s.Listen.Iso),
        Fixed("listen.isoTls", s => s.Listen.IsoTls),
        Live("listen.isoPerAddress", s => s.Listen.IsoPerAddress, (s, n) => s with { Listen = s.Listen with { IsoPerAddress = n.Listen.IsoPerAddress } }),
        Fixed("listen.fleet", s => s.Listen.Fleet),
        Fixed("listen.swarm", s => s.Listen.Swarm),
        Fixed("listen.metrics", s => s.Listen.Metrics),
        Fixed("listen.standard", s => s.Listen.Standard),
        Live("listen.standardAllow", s => s.Listen.StandardAllow, (s, n) => s with { Listen = s.Listen with { StandardAllow = n.Listen.StandardAllow } }),
        Fixed("tls.api", s => s.Tls.Api is null ? "no certificate" : "a certificate"),
        Live("tls.api.certificate", s => s.Tls.Api?.Certificate, TakeApiCertificate),
        Live("tls.api.key", s => s.Tls.Api?.Key, TakeApiCertificate),
        Fixed("tls.iso", s => s.Tls.Iso is null ? "no certificate" : "a certificate"),
        Live("tls.iso.certificate", s => s.Tls.Iso?.Certificate, TakeIsoCertificate),
        Live("tls.iso.key", s => s.Tls.Iso?.Key, TakeIsoCertificate),
        Fixed("trustedProxies", s => s.TrustedProxies),
        Live("tokens[]", s => s.Tokens.Select(t => $"{t.Name} ({TextOf(t.Role)}, {t.Sha256}, from {TextOf(t.Allow)})"), (s, n) => s with { Tokens = n.Tokens }),
        Fixed("peers[]", s => s.Peers.Select(p => $"{p.Site} at {TextOf(p.Fleet)} and {TextOf(p.Swarm)}")),
        Fixed("fetch.want", s => s.Fetch.Want),
        Fixed("fetch.streams", s => s.Fetch.Streams is { } streams ? streams : "auto"),
        Live("fetch.download", s => s.Fetch.Download, (s, n) => s with { Fetch = s.Fetch with { Download = n.Fetch.Download } }),
        Live("fetch.upload", s => s.Fetch.Upload, (s, n) => s with { Fetch = s.Fetch with { Upload = n.Fetch.Upload } }),
        Live("fetch.schedule[]", s => s.Fetch.Schedule.Select(TextOfWindow), (s, n) => s with { Fetch = s.Fetch with { Schedule = n.Fetch.Schedule } }),
        Live("fetch.timezone", s => s.Fetch.TimeZone, (s, n) => s with { Fetch = s.Fetch with { TimeZone = n.Fetch.TimeZone } }),
        Fixed("inbox.path", s => s.Inbox.Path),
        Fixed("inbox.rescan", s => s.Inbox.Rescan),
        Live("retired.keep", s => s.Retired.Keep, (s, n) => s with { Retired = s.Retired with { Keep = n.Retired.Keep } }),
        Live("retired.quota", s => s.Retired.Quota, (s, n) => s with { Retired = s.Retired with { Quota = n.Retired.Quota } }),
        Live("store.floor", s => s.Store.Floor, (s, n) => s with { Store = s.Store with { Floor = n.Store.Floor } }),
        Live("scrub.every", s => s.Scrub.Every, (s, n) => s with { Scrub = s.Scrub with { Every = n.Scrub.Every } }),
        Live("scrub.rate", s => s.Scrub.Rate, (s, n) => s with { Scrub = s.Scrub with { Rate = n.Scrub.Rate } }),
        Live("alarms.changes", s => s.Alarms.Changes, (s, n) => s with { Alarms = s.Alarms with { Changes = n.Alarms.Changes } }),
        Live("alarms.share", s => s.Alarms.Share, (s, n) => s with { Alarms = s.Alarms with { Share = n.Alarms.Share } }),
        Live("alarms.newPerDay", s => s.Alarms.NewPerDay, (s, n) => s with { Alarms = s.Alarms with { NewPerDay = n.Alarms.NewPerDay } }),
        Fixed("hashing", s => s.Hashing),
        Fixed("offer", s => s.Offer),
        Fixed("log.format", s => s.Log.Format),
        Live("log.level", s => s.Log.Level, (s, n) => s with { Log = s.Log with { Level = n.Log.Level } }),
    ];

    /// <summary>Of one surface, in the configurations that hold it and no other.</summary>
    public static readonly IReadOnlyList<Setting> OfSurface =
    [
        Fixed("surfaces[].group", s => One(s).Group),
        Fixed("surfaces[].address", s => (One(s) as SurfaceConfiguration.Ipmi)?.Address),
        Live("surfaces[].allow", s => (One(s) as SurfaceConfiguration.Ipmi)?.Allow, TakeAllow),
        Fixed("surfaces[].path", s => One(s) switch
        {
            SurfaceConfiguration.Volume volume => volume.Path,
            SurfaceConfiguration.OvirtIsoDomain domain => domain.Path,
            _ => null,
        }),
        Fixed("surfaces[].clientPath", s => (One(s) as SurfaceConfiguration.Volume)?.ClientPath),
        Fixed("surfaces[].readOnly", s => (One(s) as SurfaceConfiguration.Volume)?.ReadOnly),
        Fixed("surfaces[].check", s => One(s) switch
        {
            SurfaceConfiguration.Volume volume => volume.Check,
            SurfaceConfiguration.OvirtIsoDomain domain => domain.Check,
            _ => null,
        }),
        Fixed("surfaces[].onDelete", s => (One(s) as SurfaceConfiguration.Volume)?.OnDelete),
        Fixed("surfaces[].present.smb", s => (One(s) as SurfaceConfiguration.Volume)?.Present.Smb),
        Fixed("surfaces[].present.nfs", s => (One(s) as SurfaceConfiguration.Volume)?.Present.Nfs),
        Fixed("surfaces[].domain", s => (One(s) as SurfaceConfiguration.OvirtIsoDomain)?.Domain),
        Fixed("surfaces[].engine.url", s => (One(s) as SurfaceConfiguration.OvirtIsoDomain)?.Engine.Url),
        Fixed("surfaces[].engine.user", s => (One(s) as SurfaceConfiguration.OvirtIsoDomain)?.Engine.User),
        Fixed("surfaces[].engine.passwordFile", s => (One(s) as SurfaceConfiguration.OvirtIsoDomain)?.Engine.PasswordFile),
        Fixed("surfaces[].engine.caFile", s => (One(s) as SurfaceConfiguration.OvirtIsoDomain)?.Engine.CaFile),
    ];

    private static SurfaceConfiguration One(SiteConfiguration site) => site.Surfaces[0];

    private static string TextOfWindow(RateWindow window) =>
        $"{TextOf(window.Days.Order())} {window.From:HH:mm}-{window.To:HH:mm} download {TextOf(window.Download)} upload {TextOf(window.Upload)}";

    // A listener that speaks TLS goes on doing so, and one that does not cannot begin to.
    private static SiteConfiguration TakeApiCertificate(SiteConfiguration site, SiteConfiguration next) =>
        site.Tls.Api is not null && next.Tls.Api is { } files ? site with { Tls = site.Tls with { Api = files } } : site;

    private static SiteConfiguration TakeIsoCertificate(SiteConfiguration site, SiteConfiguration next) =>
        site.Tls.Iso is not null && next.Tls.Iso is { } files ? site with { Tls = site.Tls with { Iso = files } } : site;

    private static SiteConfiguration TakeAllow(SiteConfiguration site, SiteConfiguration next) =>
        One(site) is SurfaceConfiguration.Ipmi ipmi && One(next) is SurfaceConfiguration.Ipmi { Allow: var allow } ? site with { Surfaces = [ipmi with { Allow = allow }] } : site;
}
