using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace IsoCatalog.Client;

/// <summary>
/// How long a call may take, its body too, and when it is tried again: only if it means the same when it arrives twice. An upload takes the time that it
/// takes; of events only the opening is limited here.
/// </summary>
internal sealed class Repetition : DelegatingHandler
{
    private readonly AskedSite _site;
    private readonly ResiliencePipeline _repeatable;
    private readonly ResiliencePipeline _once;
    private readonly ResiliencePipeline _events;

    public Repetition(AskedSite site, HttpMessageHandler inner)
        : base(inner)
    {
        var options = site.Options;
        _site = site;
        _once = Limited(options.TryTimeout).Build();
        _events = Limited(options.EventSilence).Build();
        _repeatable = options.Retries <= 0 ? _once : new ResiliencePipelineBuilder { TimeProvider = options.Time }
            .AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = Math.Min(options.Retries, 10),
                Delay = options.RetryDelay,
                MaxDelay = TimeSpan.FromSeconds(5),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = attempt => ValueTask.FromResult(MayPass(attempt.Outcome.Exception, options.LongestRetryAfter)),
                DelayGenerator = attempt => ValueTask.FromResult((attempt.Outcome.Exception as ApplianceException)?.RetryAfter),
            })
            .AddPipeline(_once)
            .Build();

        ResiliencePipelineBuilder Limited(TimeSpan limit) =>
            new ResiliencePipelineBuilder { TimeProvider = options.Time }.AddTimeout(new TimeoutStrategyOptions { Timeout = limit });
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var (pipeline, limit) = request switch
        {
            { Content: UploadContent } => (ResiliencePipeline.Empty, Timeout.InfiniteTimeSpan),
            _ when request.Headers.Accept.Any(a => a.MediaType == "text/event-stream") => (_events, _site.Options.EventSilence),
            _ when request.Method == HttpMethod.Get || request.Method == HttpMethod.Put || request.Method == HttpMethod.Delete =>
                (_repeatable, _site.Options.TryTimeout),
            _ => (_once, _site.Options.TryTimeout),
        };
        try
        {
            return await pipeline.ExecuteAsync(async token => await base.SendAsync(request, token), cancellationToken);
        }
        catch (TimeoutRejectedException late)
        {
            throw ConnectionFailure.TimedOut(_site, limit, late);
        }
    }

    private static bool MayPass(Exception? failure, TimeSpan longest) => failure switch
    {
        ApplianceUnreachableException { Reason: UnreachableReason.NotConnected or UnreachableReason.Broken } => true,
        ApplianceException { Status: 503, RetryAfter: { } wait } => wait <= longest,
        _ => false,
    };
}
