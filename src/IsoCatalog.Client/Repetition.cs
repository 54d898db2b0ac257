using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace IsoCatalog.Client;

/// <summary>When a call is tried again. Only for calls that mean the same when they arrive twice.</summary>
internal static class Repetition
{
    public static ResiliencePipeline Build(ApplianceClientOptions options, bool repeat)
    {
        var pipeline = new ResiliencePipelineBuilder { TimeProvider = options.Time };
        if (repeat && options.Retries > 0)
        {
            pipeline.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = Math.Min(options.Retries, 10),
                Delay = options.RetryDelay,
                MaxDelay = TimeSpan.FromSeconds(5),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = attempt => ValueTask.FromResult(MayPass(attempt.Outcome.Exception, options.LongestRetryAfter)),
                DelayGenerator = attempt => ValueTask.FromResult((attempt.Outcome.Exception as ApplianceException)?.RetryAfter),
            });
        }

        return pipeline.AddTimeout(new TimeoutStrategyOptions { Timeout = options.TryTimeout }).Build();
    }

    private static bool MayPass(Exception? failure, TimeSpan longest) => failure switch
    {
        ApplianceUnreachableException { Reason: UnreachableReason.NotConnected or UnreachableReason.Broken } => true,
        ApplianceException { Status: 503, RetryAfter: { } wait } => wait <= longest,
        _ => false,
    };
}
