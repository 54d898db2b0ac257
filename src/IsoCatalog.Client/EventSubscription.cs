using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace IsoCatalog.Client;

/// <summary>Events of a site over as many connections as it takes.</summary>
internal static class EventSubscription
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    public static async IAsyncEnumerable<SiteEvent> ReadAsync(
        Connection connection, long? after, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var options = connection.Options;
        var lastId = after?.ToString();
        var basePause = TimeSpan.FromSeconds(1);
        var failures = 0;
        var connectedOnce = false;
        while (true)
        {
            using var silence = new CancellationTokenSource(options.EventSilence, options.Time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, silence.Token);
            HttpResponseMessage? response = null;
            try
            {
                response = await OpenAsync(connection, lastId, either.Token);
            }
            catch (OperationCanceledException late) when (!connectedOnce && !cancellationToken.IsCancellationRequested)
            {
                throw connection.TimedOut(options.EventSilence, late);
            }
            catch (Exception failure) when (connectedOnce && IsPassing(failure) && !cancellationToken.IsCancellationRequested)
            {
                // Below: the site is on its way back, or another try says why not.
            }

            if (response is { StatusCode: HttpStatusCode.NoContent })
            {
                response.Dispose();
                yield break;
            }

            if (response is not null)
            {
                using (response)
                {
                    connectedOnce = true;
                    await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
                    await using var frames = EventFrames.ReadAsync(body, either.Token).GetAsyncEnumerator(cancellationToken);
                    while (await NextAsync(connection, response, frames, cancellationToken))
                    {
                        failures = 0;
                        silence.CancelAfter(options.EventSilence);
                        var frame = frames.Current;
                        basePause = frame.Retry is { } milliseconds
                            ? TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 50, LongestPause.TotalMilliseconds))
                            : basePause;
                        lastId = frame.Id ?? lastId;
                        if (frame.Data.Length > 0)
                        {
                            yield return Parse(connection, response, frame);
                        }
                    }
                }
            }

            var pause = basePause * Math.Pow(2, Math.Min(failures++, 10));
            await Task.Delay(pause < LongestPause ? pause : LongestPause, options.Time, cancellationToken);
        }
    }

    private static async Task<HttpResponseMessage> OpenAsync(Connection connection, string? lastId, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/events");
        request.Headers.Accept.ParseAdd("text/event-stream");
        if (lastId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastId);
        }

        HttpResponseMessage response;
        try
        {
            response = await connection.OpenAsync(request, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or ArgumentOutOfRangeException)
        {
            throw connection.Unreachable(failure);
        }

        if (response.StatusCode == HttpStatusCode.NoContent || response.Content.Headers.ContentType?.MediaType is "text/event-stream")
        {
            return response;
        }

        using (response)
        {
            throw connection.Unexpected(response, "something that is no stream of events");
        }
    }

    /// <returns>False when the connection ended, broke or fell silent.</returns>
    private static async Task<bool> NextAsync(
        Connection connection, HttpResponseMessage response, IAsyncEnumerator<EventFrame> frames, CancellationToken cancellationToken)
    {
        try
        {
            return await frames.MoveNextAsync();
        }
        catch (Exception broken) when (broken is HttpRequestException or IOException)
        {
            return false;
        }
        catch (InvalidDataException tooLong)
        {
            throw connection.Unexpected(response, "an event longer than any of a site", tooLong);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private static SiteEvent Parse(Connection connection, HttpResponseMessage response, EventFrame frame)
    {
        try
        {
            return AnswerJson.Read<SiteEvent>(System.Text.Encoding.UTF8.GetBytes(frame.Data));
        }
        catch (JsonException unreadable)
        {
            throw connection.Unexpected(response, $"an event '{frame.Type}' that cannot be read", unreadable);
        }
    }

    private static bool IsPassing(Exception failure) => failure
        is ApplianceUnreachableException or OperationCanceledException or ApplianceException { Status: >= 500 };
}
