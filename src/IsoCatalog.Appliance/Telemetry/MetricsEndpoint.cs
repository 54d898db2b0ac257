namespace IsoCatalog.Appliance.Telemetry;

/// <summary>Serves the page that Prometheus scrapes.</summary>
public static class MetricsEndpoint
{
    /// <summary>Maps <c>GET /metrics</c>. Says nothing of who may read it: the listener decides.</summary>
    public static IEndpointConventionBuilder MapMetrics(this IEndpointRouteBuilder endpoints, MeterBridge bridge)
    {
        ArgumentNullException.ThrowIfNull(bridge);
        return endpoints.MapGet("/metrics", context => WriteAsync(context, bridge)).ExcludeFromDescription();
    }

    /// <summary>On the listener that is for metrics alone nothing else answers, and no token is asked for.</summary>
    public static IApplicationBuilder UseMetricsListener(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var bridge = app.Services.GetRequiredService<MeterBridge>();
        return app.Use((context, next) =>
        {
            if (context.Features.Get<MetricsOnly>() is null)
            {
                return next(context);
            }

            if (context.Request.Path == "/metrics")
            {
                return WriteAsync(context, bridge);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }

    private static async Task WriteAsync(HttpContext context, MeterBridge bridge)
    {
        var page = await bridge.PageAsync(context.RequestAborted);
        context.Response.ContentType = MeterBridge.ContentType;
        context.Response.ContentLength = page.Length;
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.BodyWriter.WriteAsync(page, context.RequestAborted);
    }
}

/// <summary>Marks a connection to the listener that is for metrics alone; the listener, not the Host header, decides.</summary>
internal sealed record MetricsOnly;
