using System.Text.Json;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Events;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Api;

/// <summary>Server-sent events (WHATWG HTML, "Server-sent events"): each as it happens, and after a reconnect what was missed.</summary>
internal static class EventEndpoint
{
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public static void Map(RouteGroupBuilder api) => api.MapGet("/events", StreamAsync)
        .RequireRole(Role.Panel)
        .WithTags("panel")
        .WithSummary("Events as they happen")
        .WithDescription(
            "text/event-stream; the types are image, surface, drift and mount. Last-Event-ID brings what was missed, of the last 1,000. "
            + "With Accept: application/json the kept events as a list.")
        .Produces<IReadOnlyList<SiteEvent>>(200, "application/json", "text/event-stream");

    private static async Task StreamAsync(HttpContext http, EventLog events, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        if (http.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase))
        {
            await http.Response.WriteAsJsonAsync(events.Recent(), ApiJson.Readable.IReadOnlyListSiteEvent, cancellationToken: http.RequestAborted);
            return;
        }

        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(http.Request.Method))
        {
            return;
        }

        var after = long.TryParse(http.Request.Headers["Last-Event-ID"], out var last) ? last : long.MaxValue;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        using var subscription = events.Listen(after);
        try
        {
            await http.Response.WriteAsync(": connected\n\n", stop.Token);
            await http.Response.Body.FlushAsync(stop.Token);
            while (!stop.IsCancellationRequested)
            {
                using var beat = CancellationTokenSource.CreateLinkedTokenSource(stop.Token);
                var some = subscription.Events.WaitToReadAsync(beat.Token).AsTask();
                if (await Task.WhenAny(some, Task.Delay(Heartbeat, time, beat.Token)) != some)
                {
                    await http.Response.WriteAsync(": still here\n\n", stop.Token);
                }
                else if (!await some)
                {
                    return;
                }

                await beat.CancelAsync();
                while (subscription.Events.TryRead(out var happened))
                {
                    var data = JsonSerializer.Serialize(happened, ApiJson.Readable.SiteEvent);
                    await http.Response.WriteAsync($"id: {happened.Id}\nevent: {happened.Type}\ndata: {data}\n\n", stop.Token);
                }

                await http.Response.Body.FlushAsync(stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The listener left, or the site stops: either ends the stream.
        }
    }
}
