using System.Buffers;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>Serves the page that Prometheus scrapes.</summary>
public static class MetricsEndpoint
{
    /// <summary>Maps <c>GET /metrics</c>. Says nothing of who may read it: the listener decides.</summary>
    public static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder endpoints, PrometheusExporter exporter)
    {
        ArgumentNullException.ThrowIfNull(exporter);
        return endpoints.MapGet("/metrics", context => WriteAsync(context, exporter)).ExcludeFromDescription();
    }

    /// <summary>On the listener that is for metrics alone nothing else answers, and no token is asked for.</summary>
    public static IApplicationBuilder UseMetricsListener(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var exporter = app.Services.GetRequiredService<PrometheusExporter>();
        return app.Use((context, next) =>
        {
            if (context.Features.Get<MetricsOnly>() is null)
            {
                return next(context);
            }

            if (context.Request.Path == "/metrics")
            {
                return WriteAsync(context, exporter);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }

    private static async Task WriteAsync(HttpContext context, PrometheusExporter exporter)
    {
        var page = new ArrayBufferWriter<byte>(16 * 1024);
        exporter.WriteTo(page);
        context.Response.ContentType = PrometheusText.ContentType;
        context.Response.ContentLength = page.WrittenCount;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.BodyWriter.WriteAsync(page.WrittenMemory, context.RequestAborted);
    }
}

/// <summary>Marks a connection to the listener that is for metrics alone; the listener, not the Host header, decides.</summary>
internal sealed record MetricsOnly;
