using System.Net;
using System.Net.Sockets;

namespace IsoCatalog.Client;

/// <summary>
/// Hands on what was asked for: JSON as a whole <see cref="Answer"/>, events as an <see cref="EventContent"/>, nothing where the request accepts nothing.
/// All else that comes, or does not come, is thrown in words.
/// </summary>
internal sealed class AnswerHandler(AskedSite site, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    /// <summary>Bytes. 5,000 images with a matrix of a dozen cells each are about 20 MB.</summary>
    private const int MaxAnswer = 64 << 20;

    private const string Events = "text/event-stream";

    /// <exception cref="ApplianceException"/>
    /// <exception cref="ApplianceUnreachableException"/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var path = request.RequestUri!.AbsolutePath[site.Server.AbsolutePath.Length..];
        if (path.EndsWith('/') || path.Contains("//", StringComparison.Ordinal))
        {
            throw new ArgumentException("What is asked for by its name or id must have one.", nameof(request));
        }

        try
        {
            var response = await base.SendAsync(request, cancellationToken);
            try
            {
                response.Content = await ContentAsync(request, response, cancellationToken);
                return response;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }
        catch (SocketException gone)
        {
            // The handler asks for the peer's address after it connected; that a peer can be gone by then is not translated there.
            throw ConnectionFailure.Of(new HttpRequestException(HttpRequestError.ConnectionError, gone.Message, gone), site);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or ArgumentOutOfRangeException)
        {
            throw ConnectionFailure.Of(failure, site);
        }
    }

    private async Task<HttpContent> ContentAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken cancellationToken)
    {
        var (status, content) = (response.StatusCode, response.Content);
        if (!response.IsSuccessStatusCode && status != HttpStatusCode.NotModified)
        {
            throw new ApplianceException(await ProblemReader.ReadAsync(response, site.Address, cancellationToken), RetryAfter(response));
        }

        var (asked, came) = (request.Headers.Accept.FirstOrDefault()?.MediaType, content.Headers.ContentType?.MediaType);
        if (asked == Events && status != HttpStatusCode.NoContent)
        {
            return came == Events ? new EventContent(site, content, status) : throw site.Unexpected(status, "something that is no stream of events");
        }

        if (asked is null or Events || (status == HttpStatusCode.NotModified && request.Headers.Contains("If-None-Match")))
        {
            content.Dispose();
            return new ByteArrayContent([]);
        }

        if (came != "application/json" || status == HttpStatusCode.NoContent)
        {
            throw site.Unexpected(status, $"a body of the type '{came}' instead of JSON");
        }

        using (content)
        {
            var body = await BoundedBody.ReadAsync(content, MaxAnswer, cancellationToken)
                ?? throw new ApplianceException(new Problem(
                    Problem.TypePrefix + ClientProblemCode.AnswerTooLong,
                    "Answer too long",
                    (int)status,
                    $"{site.Address} sent more than {MaxAnswer >> 20} MiB. No answer of a site is that long; is that an IsoCatalog site?"));
            return new Answer(body, status, response.Headers.ETag?.ToString(), NextPage.Of(response));
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - site.Options.Time.GetUtcNow() is { Ticks: > 0 } wait ? wait : TimeSpan.Zero,
        _ => null,
    };
}

/// <summary>JSON that came, whole, with what its response says beside it.</summary>
internal sealed class Answer(byte[] body, HttpStatusCode status, string? etag, string? next) : HttpContent
{
    public ReadOnlySpan<byte> Body => body;

    public HttpStatusCode Status => status;

    public string? ETag => etag;

    /// <summary>With what to ask for the page that follows; null when none does.</summary>
    public string? Next => next;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(body, 0, body.Length);

    /// <summary>Left out: Refit would take an empty body for null and never ask whether it is an answer.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
