using Microsoft.AspNetCore.Http.Features;

namespace IsoCatalog.Appliance.Api;

/// <summary>Lets a client that is still sending see why it was refused.</summary>
internal static class UnreadBodies
{
    /// <summary>
    /// After the answer, Kestrel reads away for at most 5 s what nobody read of a body, because closing over unread bytes resets the connection and the client
    /// sees that reset instead of the answer. But over a body beyond its own limit it closes at once, and in the middle of a chunked one it reads no more at all. So
    /// the limit is kept here, by the same number, and Kestrel knows of none.
    /// </summary>
    public static void UseUnreadBodies(this IApplicationBuilder app) => app.Use((http, next) =>
        http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true }
        && http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false, MaxRequestBodySize: not null } kestrel
            ? BoundAsync(http, next, kestrel)
            : next(http));

    private static async Task BoundAsync(HttpContext http, RequestDelegate next, IHttpMaxRequestBodySizeFeature kestrel)
    {
        var limit = new BodyLimit(kestrel.MaxRequestBodySize!.Value);
        kestrel.MaxRequestBodySize = null;
        var (body, bounded) = (http.Request.Body, new BoundedBody(http.Request, limit));
        http.Features.Set<IHttpMaxRequestBodySizeFeature>(limit);
        http.Request.Body = bounded;
        try
        {
            await next(http);
        }
        finally
        {
            http.Request.Body = body;
            http.Features.Set(kestrel);
        }
    }

    /// <summary>May be changed until something was read, as Kestrel's own.</summary>
    private sealed class BodyLimit(long most) : IHttpMaxRequestBodySizeFeature
    {
        public bool IsReadOnly { get; private set; }

        public long? MaxRequestBodySize
        {
            get;
            set => field = IsReadOnly ? throw new InvalidOperationException("The body is being read already.") : value;
        } = most;

        public void Close() => IsReadOnly = true;
    }

    /// <summary>Gives at most as many bytes as the limit allows, and refuses the next one.</summary>
    private sealed class BoundedBody(HttpRequest request, BodyLimit limit) : Stream
    {
        private readonly Stream _body = request.Body;
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            limit.Close();
            if (request.ContentLength > limit.MaxRequestBodySize)
            {
                throw TooLarge();
            }

            var count = await _body.ReadAsync(buffer, cancellationToken);
            _read += count;
            return _read <= (limit.MaxRequestBodySize ?? long.MaxValue) ? count : throw TooLarge();
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies are read asynchronously.");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        private BadHttpRequestException TooLarge() => new(
            $"The body may have {limit.MaxRequestBodySize} bytes.", StatusCodes.Status413PayloadTooLarge);
    }
}
