using System.Net;
using System.Text.Json;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Folders;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// Takes status 200 with a JSON object for an answer, 404 (except to a forced refresh) for nothing, and all else for a failure. Asks again where that may
/// help, and leaves an engine alone that failed several times in a row.
/// </summary>
internal sealed class EngineReading : DelegatingHandler
{
    private readonly EngineOptions _engine;
    private readonly ResiliencePipeline _asking;
    private readonly ResiliencePipeline _once;

    public EngineReading(EngineOptions engine, EngineTiming timing, TimeProvider time)
    {
        _engine = engine;
        _once = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<EngineException>(e => e.Passing),
                FailureRatio = 1,
                MinimumThroughput = 4,
                SamplingDuration = TimeSpan.FromMinutes(1),
                BreakDuration = timing.Break > TimeSpan.FromMilliseconds(500) ? timing.Break : TimeSpan.FromMilliseconds(500),
            })
            .Build();
        _asking = new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<EngineException>(e => e.Passing),
                MaxRetryAttempts = 2,
                Delay = TimeSpan.FromMilliseconds(200),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
            })
            .AddPipeline(_once)
            .Build();
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = _engine.PathOf(request);
        var refreshes = path.EndsWith(EngineOptions.Refresh, StringComparison.Ordinal);
        try
        {
            return await (refreshes ? _once : _asking).ExecuteAsync(
                async token => Read(await base.SendAsync(request, token), path, refreshes), cancellationToken);
        }
        catch (BrokenCircuitException broken)
        {
            throw new EngineException(
                ReasonCode.SurfaceUnreachable,
                broken.InnerException?.Message ?? $"The engine {_engine.Url} failed several times in a row; it is asked again in a few seconds.",
                broken);
        }
    }

    private HttpResponseMessage Read(HttpResponseMessage answer, string path, bool refreshes)
    {
        var body = (EngineBody)answer.Content;
        switch (answer.StatusCode)
        {
            // The word null is no 404, and Refit would take no bytes for null as well.
            case HttpStatusCode.OK when body.IsJson && body.Bytes.TrimStart(" \t\r\n"u8).StartsWith("{"u8):
                return answer;
            case HttpStatusCode.OK:
                throw _engine.Strange(path);
            case HttpStatusCode.NotFound when !refreshes:
                answer.Content = new ByteArrayContent([]);
                return answer;
            case HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout:
                // The engine said that a request of its own failed; a proxy before it says other things.
                throw new EngineException(
                    ReasonCode.SurfaceUnreachable, $"The engine {_engine.Url} is not up behind its web server: {Words(answer.StatusCode, body)}.") { Passing = true };
            default:
                throw new EngineException(
                    refreshes ? ReasonCode.EngineRefreshFailed : ReasonCode.SurfaceUnreachable, $"The engine answered {path} with {Words(answer.StatusCode, body)}.");
        }
    }

    /// <summary>The engine's own words, if it has any; bounded and printable.</summary>
    private static string Words(HttpStatusCode status, EngineBody body)
    {
        FaultAnswer? fault = null;
        try
        {
            fault = body.IsJson ? JsonSerializer.Deserialize(body.Bytes, EngineJson.Default.FaultAnswer) : null;
        }
        catch (JsonException)
        {
            // Then it has none.
        }

        var text = string.Join(": ", new[] { fault?.Reason, fault?.Detail }.Where(part => !string.IsNullOrWhiteSpace(part)));
        text = FolderObservation.Printable(text.Length > 300 ? ShownText.Cut(text, 300) + "..." : text);
        return text.Length == 0 ? $"HTTP {(int)status}" : $"HTTP {(int)status}, {text}";
    }
}
