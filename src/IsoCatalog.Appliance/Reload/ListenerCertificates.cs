using System.Net.Security;
using System.Security.Cryptography;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Core.Tls;

namespace IsoCatalog.Appliance.Reload;

/// <summary>The certificates of the listeners that speak TLS, as they are shown now. Thread-safe.</summary>
internal sealed class ListenerCertificates
{
    private readonly Lock _gate = new();
    private SslStreamCertificateContext? _iso;
    private Action<SslStreamCertificateContext>? _showIso;

    private string _print;

    /// <exception cref="SiteStartException">One cannot be used.</exception>
    public ListenerCertificates(TlsConfiguration tls)
    {
        _print = PrintOf(tls);
        Api = tls.Api is { } api ? new ServedCertificate(Certificates.Load(api)) : null;
        _iso = tls.Iso is { } iso ? Certificates.Load(iso) : null;
    }

    /// <summary>Null when the API speaks no TLS.</summary>
    public ServedCertificate? Api { get; }

    /// <summary>Null when no listener for BMCs speaks TLS.</summary>
    public SslStreamCertificateContext? Iso => Volatile.Read(ref _iso);

    /// <summary>Of the files that these were taken from; see <see cref="PrintOf"/>.</summary>
    public string Print => Volatile.Read(ref _print);

    /// <summary>
    /// Another text once one of the files has other bytes, or can or cannot be read any more. Bytes and not times: files are exchanged under links (certbot), and the folder
    /// that they lie in is (Kubernetes).
    /// </summary>
    public static string PrintOf(TlsConfiguration tls) => string.Join(
        ' ', new[] { tls.Api?.Certificate, tls.Api?.Key, tls.Iso?.Certificate, tls.Iso?.Key }.Select(file => file is null ? "-" : PrintOfFile(file)));

    /// <summary>When each ends, by the listener's name.</summary>
    public IEnumerable<(string Listener, DateTimeOffset Ends)> Ends()
    {
        foreach (var (listener, context) in new[] { ("api", Api?.Now), ("iso", Iso) })
        {
            if (context is not null)
            {
                yield return (listener, new DateTimeOffset(context.TargetCertificate.NotAfter.ToUniversalTime()));
            }
        }
    }

    /// <summary>Who shows the one for BMCs: told at once, and at each change.</summary>
    public void ShowIsoBy(Action<SslStreamCertificateContext> show)
    {
        lock (_gate)
        {
            _showIso = show;
            if (_iso is not null)
            {
                show(_iso);
            }
        }
    }

    /// <summary>Reads all files before any is shown: where one cannot be used, nothing changes.</summary>
    /// <exception cref="SiteStartException">One cannot be used.</exception>
    public void Take(TlsConfiguration tls)
    {
        var print = PrintOf(tls);
        var api = tls.Api is { } ofApi && Api is not null ? Certificates.Load(ofApi) : null;
        var iso = tls.Iso is { } ofIso && Iso is not null ? Certificates.Load(ofIso) : null;
        lock (_gate)
        {
            _print = print;
            if (api is not null)
            {
                Api!.Replace(api);
            }

            if (iso is not null)
            {
                _iso = iso;
                _showIso?.Invoke(iso);
            }
        }
    }

    private static string PrintOfFile(string file)
    {
        try
        {
            using var opened = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            var bytes = new byte[Math.Min(opened.Length, ConfigurationFile.MaxLength)];
            return Convert.ToHexString(SHA256.HashData(bytes.AsSpan(0, opened.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false))));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.GetType().Name;
        }
    }
}
