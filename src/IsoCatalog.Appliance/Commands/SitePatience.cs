using IsoCatalog.Client;

namespace IsoCatalog.Appliance.Commands;

/// <summary>A site that answered once and does not now is being restarted, and is waited for. Before its first answer nothing is waited for. For one caller at a time.</summary>
/// <param name="most">How long, at each time.</param>
/// <param name="seen">It answered before.</param>
internal sealed class SitePatience(Session session, TimeSpan most, bool seen)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(500);

    /// <summary>It answered.</summary>
    public bool Seen { get; private set; } = seen;

    /// <summary>A call that means the same when it arrives twice.</summary>
    public Task<T> AskAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, failure => failure is ApplianceUnreachableException or ApplianceException { Status: 502 or 503 or 504 }, cancellationToken);

    /// <summary>A call that may arrive once only: it is repeated where it certainly did not arrive.</summary>
    public Task<T> SendAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) =>
        CallAsync(call, failure => failure is ApplianceUnreachableException { Reason: UnreachableReason.NotConnected }, cancellationToken);

    private async Task<T> CallAsync<T>(Func<Task<T>> call, Func<Exception, bool> mayPass, CancellationToken cancellationToken)
    {
        long? since = null;
        while (true)
        {
            try
            {
                var answer = await call();
                Seen = true;
                return answer;
            }
            catch (ApplianceException) when (!Seen)
            {
                Seen = true;
                throw;
            }
            catch (Exception failure) when (Seen && mayPass(failure))
            {
                if (since is null)
                {
                    session.Screen.Note($"The site does not answer; it is waited for. {failure.Message}");
                }

                since ??= session.Time.GetTimestamp();
                if (session.Time.GetElapsedTime(since.Value) >= most)
                {
                    throw;
                }
            }

            await Task.Delay(AskAgain, session.Time, cancellationToken);
        }
    }
}
