using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Web;

/// <summary>
/// Server-sent events for one open page: the parts of it that changed, as the HTML that takes their place; of the matrix only the rows, where nothing else of it
/// did. A browser that cannot listen loads the page again instead.
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
        ("transfers", typeof(TransferSection)),
        ("sites", typeof(SiteSection)),
        ("images", typeof(MatrixSection)),
        ("leases", typeof(LeaseSection)),
        ("retired", typeof(RetiredSection)),
        ("recalls", typeof(RecallSection)),
    ];

    /// <summary>Of the matrix; nobody's text comes into the page with a bracket in it.</summary>
    private const string RowStart = "<tr id=\"i-";
    private const string RowsEnd = "</tbody>";

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
                await SendAsync(http, PageQuery.Of(http.Request.Query), PageLanguage.Of(http.Request), stop.Token);
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

    private async Task SendAsync(HttpContext http, PageQuery query, Words words, CancellationToken cancellationToken)
    {
        var sent = new Dictionary<string, string>(StringComparer.Ordinal);
        var (began, rendered, version, moves) = (time.GetTimestamp(), time.GetTimestamp(), -1L, true);
        await http.Response.WriteAsync($"retry: 2000\nevent: version\ndata: {PageAssets.Version}\n\n", cancellationToken);
        while (time.GetElapsedTime(began) < Longest)
        {
            if (moves || version != source.Version || time.GetElapsedTime(rendered) >= Quiet)
            {
                (version, rendered) = (source.Version, time.GetTimestamp());
                var page = source.Now(query, words, null);
                moves = page.Status is { Transfers.Count: > 0 } or { Uploads.Count: > 0 } || page.Status.Jobs.Any(j => !j.IsAlias());
                await foreach (var news in NewsAsync(renderer, page, sent))
                {
                    await http.Response.WriteAsync(news, cancellationToken);
                }

                // Also when nothing changed: whoever reads knows by it that the connection lives.
                await http.Response.WriteAsync(": here\n\n", cancellationToken);
                await http.Response.Body.FlushAsync(cancellationToken);
            }

            await Task.Delay(Tick, time, cancellationToken);
        }
    }

    /// <summary>The events that make a browser's page this one.</summary>
    /// <param name="sent">What it has, by part; changed.</param>
    internal static async IAsyncEnumerable<string> NewsAsync(PageRenderer renderer, LivePage page, Dictionary<string, string> sent)
    {
        foreach (var (id, component) in Parts)
        {
            var html = await renderer.RenderAsync(component, page);
            foreach (var changed in Changes(sent.GetValueOrDefault(id), html))
            {
                yield return Event(changed);
            }

            sent[id] = html;
        }
    }

    /// <summary>What is to be sent so that the one becomes the other: nothing, some rows of the matrix, or all of it.</summary>
    internal static IEnumerable<string> Changes(string? before, string now)
    {
        if (before == now)
        {
            return [];
        }

        var ((frame, was), (newFrame, becomes)) = (Rows(before ?? ""), Rows(now));
        return before is null || frame != newFrame || !was.Select(IdOf).SequenceEqual(becomes.Select(IdOf), StringComparer.Ordinal)
            ? [now]
            : becomes.Except(was, StringComparer.Ordinal);

        static string IdOf(string row) => row.Split('"', 3)[1];
    }

    private static (string Frame, IReadOnlyList<string> Rows) Rows(string html)
    {
        var (from, to) = (html.IndexOf(RowStart, StringComparison.Ordinal), html.LastIndexOf(RowsEnd, StringComparison.Ordinal));
        return from < 0 || to < from
            ? (html, [])
            : (html[..from] + html[to..], [.. html[from..to].Split(RowStart, StringSplitOptions.RemoveEmptyEntries).Select(r => RowStart + r)]);
    }

    /// <summary>An event ends at an empty line, so each line of the HTML is a data line of its own.</summary>
    internal static string Event(string html) => "event: part\ndata: " + html.ReplaceLineEndings("\ndata: ") + "\n\n";
}
