using System.Net;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Telemetry;
using IsoCatalog.Core.Connections;
using IsoCatalog.Core.Tls;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IsoCatalog.Appliance;

/// <summary>The application that answers the API, the pages and the metrics: where it listens, and who has a place there.</summary>
internal static class ApiListener
{
    /// <param name="certificate">Null where the API speaks no TLS.</param>
    public static WebApplicationBuilder Builder(SiteConfiguration configuration, ServedCertificate? certificate, TokenTable tokens, Action<ILoggingBuilder> logging)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Configuration.Sources.Clear();
        logging(builder.Logging);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 1 << 20;
            kestrel.Listen(configuration.Listen.Api, listen =>
            {
                Admit(listen, "api", configuration.TrustedProxies, tokens);
                if (certificate is not null)
                {
                    listen.UseHttps(https =>
                    {
                        https.ServerCertificate = certificate.Now.TargetCertificate;
                        https.OnAuthenticate = (_, authentication) => authentication.ServerCertificateContext = certificate.Now;
                    });
                }
            });
            if (configuration.Listen.Metrics is { } metrics)
            {
                kestrel.Listen(metrics, listen =>
                {
                    Admit(listen, "metrics", [], tokens: null);
                    listen.Use(next => connection =>
                    {
                        connection.Features.Set(new MetricsOnly());
                        return next(connection);
                    });
                });
            }

            File.Delete(configuration.Socket);
            kestrel.ListenUnixSocket(configuration.Socket);
        });
        return builder;
    }

    private static void Admit(ListenOptions listen, string name, IReadOnlyList<IPNetwork> proxies, TokenTable? tokens)
    {
        var connections = new ApiConnections(
            proxies, tokens, new TurnedAway(listen.ApplicationServices.GetRequiredService<System.Diagnostics.Metrics.Meter>(), name),
            listen.ApplicationServices.GetRequiredService<ILogger<ApiConnections>>());
        listen.Use(next => connection => connections.AdmitAsync(connection, next));
    }
}
