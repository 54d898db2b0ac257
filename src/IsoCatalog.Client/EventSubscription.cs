using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace IsoCatalog.Client;

/// <summary>Events of a site over as many connections as it takes.</summary>
internal static class EventSubscription
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    public static async IAsyncEnumerable<SiteEvent> ReadAsync(
        IApplianceClient client, long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var lastId = after?.ToString();
        var basePause = TimeSpan.FromSeconds(1);
        var failures = 0;
        AskedSite? site = null;
        while (true)
        {
            using var connection = await OpenAsync(client, lastId, site is null, cancellationToken);
            if (connection is EventContent events)
            {
                site = events.Site;
                await using var body = await events.OpenAsync(cancellationToken);
                var parser = SseParser.Create(body, (type, data) => Parse(events, type, data));
                await using var items = parser.EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
                while (await NextAsync(events, items))
                {
                    lastId = items.Current.EventId ?? lastId;
                    if (items.Current.Data is { } happened)
                    {
                        yield return happened;
                    }
                }

                failures = body.Heard ? 0 : failures;
                basePause = parser.ReconnectionInterval >= TimeSpan.Zero ? parser.ReconnectionInterval : basePause;
                basePause = basePause < ShortestPause ? ShortestPause : basePause < LongestPause ? basePause : LongestPause;
            }
            else if (connection is not null)
            {
                yield break;
            }

            var pause = basePause * Math.Pow(2, Math.Min(failures++, 10));
            await Task.Delay(pause < LongestPause ? pause : LongestPause, site!.Options.Time, cancellationToken);
        }
    }

    /// <returns>Null when a site that was there before is on its way back, or another try says why not.</returns>
    private static async Task<HttpContent?> OpenAsync(IApplianceClient client, string? lastId, bool first, CancellationToken cancellationToken)
    {
        try
        {
            return await client.OpenEventsAsync(lastId, cancellationToken);
        }
        catch (Exception passing) when (!first && passing is ApplianceUnreachableException or ApplianceException { Status: >= 500 })
        {
            return null;
        }
    }

    /// <returns>False when the connection ended, broke or fell silent.</returns>
    private static async Task<bool> NextAsync(EventContent events, IAsyncEnumerator<SseItem<SiteEvent?>> items)
    {
        try
        {
            return await items.MoveNextAsync();
        }
        catch (InvalidDataException tooLong)
        {
            throw events.Site.Unexpected(events.Status, "an event longer than any of a site", tooLong);
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            return false;
        }
    }

    private static SiteEvent? Parse(EventContent events, string type, ReadOnlySpan<byte> data)
    {
        try
        {
            return data.IsEmpty ? null : AnswerSerializer.Read<SiteEvent>(data);
        }
        catch (JsonException unreadable)
        {
            throw events.Site.Unexpected(events.Status, $"an event '{type}' that cannot be read", unreadable);
        }
    }
}
