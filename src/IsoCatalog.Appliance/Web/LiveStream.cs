using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Web;

/// <summary>
/// Server-sent events for one open page: the parts of it that changed, as the HTML that takes their place. A browser that cannot listen loads the page
/// again instead.
/// </summary>
internal sealed class LiveStream(PageSource source, PageRenderer renderer, TimeProvider time, IHostApplicationLifetime lifetime)
{
    /// <summary>Each costs a rendering a second while something moves.</summary>
    private const int Most = 32;

    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Ages grow also while nothing happens, and not everything that is shown makes a new view of the ledger.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(5);

    /// <summary>Then the browser asks anew, and whether it still may is decided anew.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    private static readonly (string Id, Type Component)[] Parts =
    [
        ("summary", typeof(SummarySection)),
        ("drift", typeof(DriftSection)),
        ("images", typeof(MatrixSection)),
        ("transfers", typeof(TransferSection)),
        ("sites", typeof(SiteSection)),
        ("leases", typeof(LeaseSection)),
        ("retired", typeof(RetiredSection)),
        ("recalls", typeof(RecallSection)),
    ];

    private int _open;

    public async Task SendAsync(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        if (Interlocked.Increment(ref _open) > Most)
        {
            Interlocked.Decrement(ref _open);
            http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
            await http.Response.WriteAsync("Too many pages are open; this one is loaded again now and then instead.\n", http.RequestAborted);
            return;
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            http.Response.ContentType = "text/event-stream";
            if (!HttpMethods.IsHead(http.Request.Method))
            {
                await SendAsync(http, PageQuery.Of(http.Request.Query), stop.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The browser left, or the site stops: either ends the stream.
        }
        finally
        {
            Interlocked.Decrement(ref _open);
        }
    }

    private async Task SendAsync(HttpContext http, PageQuery query, CancellationToken cancellationToken)
    {
        var sent = new Dictionary<string, string>(StringComparer.Ordinal);
        var (began, rendered, version, moves) = (time.GetTimestamp(), time.GetTimestamp(), -1L, true);
        await http.Response.WriteAsync($"retry: 2000\nevent: version\ndata: {PageAssets.Version}\n\n", cancellationToken);
        while (time.GetElapsedTime(began) < Longest)
        {
            if (moves || version != source.Version || time.GetElapsedTime(rendered) >= Quiet)
            {
                (version, rendered) = (source.Version, time.GetTimestamp());
                var page = source.Now(query, null);
                moves = page.Status is { Transfers.Count: > 0 } or { Uploads.Count: > 0 } || page.Status.Jobs.Any(j => !j.IsAlias());
                foreach (var (id, component) in Parts)
                {
                    var html = await renderer.RenderAsync(component, page);
                    var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(html)));
                    if (!sent.TryGetValue(id, out var before) || before != hash)
                    {
                        sent[id] = hash;
                        await http.Response.WriteAsync(Event(html), cancellationToken);
                    }
                }

                // Also when nothing changed: whoever reads knows by it that the connection lives.
                await http.Response.WriteAsync(": here\n\n", cancellationToken);
                await http.Response.Body.FlushAsync(cancellationToken);
            }

            await Task.Delay(Tick, time, cancellationToken);
        }
    }

    /// <summary>An event ends at an empty line, so each line of the HTML is a data line of its own.</summary>
    internal static string Event(string html) => "event: part\ndata: " + html.ReplaceLineEndings("\ndata: ") + "\n\n";
}
