using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.IntegrationTests.Client;

/// <summary>What the client sent.</summary>
internal sealed record Received(string Method, string Target, string Body, IHeaderDictionary Headers)
{
    public override string ToString() => $"{Method} {Target}";
}

/// <summary>A real HTTP server that says what a test tells it to: for what a sound site never does, or not on command.</summary>
internal sealed class ScriptedSite : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, RequestDelegate> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<Received> _received = new();

    private ScriptedSite(WebApplication app) => _app = app;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses
        .First(a => !a.Contains("unix:", StringComparison.Ordinal)));

    public IReadOnlyList<Received> Requests => [.. _received];

    public static async Task<ScriptedSite> StartAsync(string? socket = null, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                if (certificate is not null)
                {
                    listen.UseHttps(certificate);
                }
            });
            if (socket is not null)
            {
                kestrel.ListenUnixSocket(socket);
            }
        });
        var app = builder.Build();
        var site = new ScriptedSite(app);
        app.Run(site.AnswerAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return site;
    }

    public IApplianceClient Client(ApplianceClientOptions? options = null) =>
        ApplianceClient.At(Address, options ?? new ApplianceClientOptions { RetryDelay = TimeSpan.FromMilliseconds(1) });

    /// <param name="route">Such as <c>GET /api/v1/images</c>; without the query.</param>
    public ScriptedSite On(string route, RequestDelegate answer)
    {
        _answers[route] = answer;
        return this;
    }

    public ScriptedSite On<T>(string route, T answer, JsonTypeInfo<T> type, int status = 200) =>
        On(route, JsonSerializer.Serialize(answer, type), status: status);

    public ScriptedSite On(string route, string body, string contentType = "application/json", int status = 200) => On(route, async http =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = contentType;
        await http.Response.WriteAsync(body, http.RequestAborted);
    });

    public ScriptedSite Refuse(string route, int status, string code, string detail = "No.") => On(
        route,
        JsonSerializer.Serialize(new Problem(Problem.TypePrefix + code, code, status, detail), ApiJson.Default.Problem),
        "application/problem+json",
        status);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext http)
    {
        var body = "";
        if (http.Request.ContentType is { } type && type.StartsWith("application/json", StringComparison.Ordinal))
        {
            using var reader = new StreamReader(http.Request.Body);
            body = await reader.ReadToEndAsync(http.RequestAborted);
        }

        var target = http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        _received.Enqueue(new Received(http.Request.Method, target, body, new HeaderDictionary(http.Request.Headers.ToDictionary())));
        if (_answers.TryGetValue($"{http.Request.Method} {http.Request.Path}", out var answer))
        {
            await answer(http);
        }
        else
        {
            http.Response.StatusCode = 404;
        }
    }
}
