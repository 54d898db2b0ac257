using System.Collections.Concurrent;
using System.Threading.Channels;
using IsoCatalog.Appliance.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>
/// The page of a fleet that no test machine could run: rendered, styled, scripted and sent as a site does it, by the same code. Only what it shows is drawn.
/// </summary>
internal sealed class DrawnSite : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<Channel<LivePage>, bool> _watching = [];
    private volatile LivePage _page;

    private DrawnSite(WebApplication app, LivePage page) => (_app, _page) = (app, page);

    public Uri Api => new(_app.Urls.First());

    public static async Task<DrawnSite> StartAsync(LivePage page, CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<PageRenderer>();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var site = new DrawnSite(app, page);
        app.MapGet("/", (HttpContext http) => WebPages.AnswerAsync<LiveDocument>(http, 200, site.For(http.Request)));
        app.MapGet("/live", (HttpContext http) => site.SendAsync(http));
        app.MapGet("/assets/{name}", (string name, HttpContext http) => PageAssets.Get(name, http));
        await app.StartAsync(cancellationToken);
        return site;
    }

    /// <summary>Changes what open pages show, without their being loaded again.</summary>
    public async Task ShowAsync(LivePage page)
    {
        _page = page;
        foreach (var watcher in _watching.Keys)
        {
            await watcher.Writer.WriteAsync(page);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var watcher in _watching.Keys)
        {
            watcher.Writer.TryComplete();
        }

        await _app.DisposeAsync();
    }

    private LivePage For(HttpRequest request) => _page with { Query = PageQuery.Of(request.Query), Words = PageLanguage.Of(request) };

    private async Task SendAsync(HttpContext http)
    {
        var news = Channel.CreateUnbounded<LivePage>();
        _watching[news] = true;
        var renderer = http.RequestServices.GetRequiredService<PageRenderer>();
        var sent = new Dictionary<string, string>(StringComparer.Ordinal);
        http.Response.ContentType = "text/event-stream";
        await http.Response.WriteAsync($"event: version\ndata: {PageAssets.Version}\n\n", http.RequestAborted);
        await news.Writer.WriteAsync(_page, http.RequestAborted);
        try
        {
            await foreach (var _ in news.Reader.ReadAllAsync(http.RequestAborted))
            {
                await foreach (var part in LiveStream.NewsAsync(renderer, For(http.Request), sent))
                {
                    await http.Response.WriteAsync(part, http.RequestAborted);
                }

                await http.Response.Body.FlushAsync(http.RequestAborted);
            }
        }
        catch (OperationCanceledException)
        {
            // The browser left.
        }
        finally
        {
            _watching.TryRemove(news, out var _);
        }
    }
}
