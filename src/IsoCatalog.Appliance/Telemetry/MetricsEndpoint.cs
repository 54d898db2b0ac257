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
