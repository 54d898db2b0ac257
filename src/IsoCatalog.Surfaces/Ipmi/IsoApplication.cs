using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Abstractions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>
/// Everything between Kestrel's parser and the bytes of a file. It stands directly on the server, without the hosting pipeline, so that
/// no header, redirect or trace can come from elsewhere and a range costs no allocation per block.
/// </summary>
internal sealed class IsoApplication(IsoRoutes routes, IsoMetrics metrics, TimeProvider time, ILogger logger) : IHttpApplication<IsoExchange>
{
    /// <summary>Large enough that the system calls no longer count, small enough that a first block is on the wire at once.</summary>
    internal const int BlockLength = 128 * 1024;

    private const int RangesPerLogEvent = 512;
    private const string RetryAfterSeconds = "5";

    public IsoExchange CreateContext(IFeatureCollection contextFeatures)
    {
        IsoExchange exchange;
        if (contextFeatures is IHostContextContainer<IsoExchange> container)
        {
            exchange = container.HostContext ??= new IsoExchange();
        }
        else
        {
            exchange = new IsoExchange();
        }

        exchange.Begin(contextFeatures);
        return exchange;
    }

    public void DisposeContext(IsoExchange context, Exception? exception)
    {
        // The exchange belongs to its connection and holds nothing of its own.
    }

    public Task ProcessRequestAsync(IsoExchange context)
    {
        var isGet = context.Request.Method == HttpMethods.Get;
        context.Connection.Asked();
        if (context.HasRequestBody)
        {
            context.Headers.Connection = "close";
            return Refuse(context, StatusCodes.Status400BadRequest);
        }

        if (!isGet && context.Request.Method != HttpMethods.Head)
        {
            context.Headers.Allow = "GET, HEAD";
            return Refuse(context, StatusCodes.Status405MethodNotAllowed);
        }

        return routes.Find(context.Path, context.Connection.Client) is { } route
            ? ServeAsync(context, route, isGet)
            : RefuseMissing(context);
    }

    private Task Refuse(IsoExchange exchange, int status, string? surface = null)
    {
        exchange.Answer(status);
        metrics.Request(surface, status);
        return Task.CompletedTask;
    }

    private Task ServeAsync(IsoExchange exchange, Route route, bool isGet)
    {
        if (routes.TryEnter(route.Image, out var file) is not { } handle)
        {
            return RefuseInDoubt(exchange, route);
        }

        exchange.Connection.Serve(route);
        if (route.IsWithdrawn || file.Doubt is not null)
        {
            exchange.Connection.Rest();
            file.Leave(time.GetTimestamp());
            return RefuseInDoubt(exchange, route);
        }

        var answer = IsoAnswer.Decide(isGet, exchange.Request.Headers, file.ETag, file.ModifiedAt, file.Image.Size);
        WriteHeaders(exchange, answer, file);
        metrics.Request(route.Surface, answer.Status);
        var request = route.CountRequest(time.GetUtcNow());
        if (isGet && answer.Length > 0)
        {
            return SendAsync(exchange, route, file, handle, answer, request);
        }

        exchange.Connection.Rest();
        file.Leave(time.GetTimestamp());
        return Task.CompletedTask;
    }

    private Task RefuseInDoubt(IsoExchange exchange, Route route)
    {
        return route.Kind == RouteKind.Standing || route.IsWithdrawn ? RefuseMissing(exchange, route.Surface) : RefuseForNow(exchange, route.Surface);
    }

    private Task RefuseMissing(IsoExchange exchange, string? surface = null) => routes.Awaits(exchange.Path, exchange.Connection.Client)
        ? RefuseForNow(exchange, surface)
        : Refuse(exchange, StatusCodes.Status404NotFound);

    private Task RefuseForNow(IsoExchange exchange, string? surface)
    {
        exchange.Headers.RetryAfter = RetryAfterSeconds;
        return Refuse(exchange, StatusCodes.Status503ServiceUnavailable, surface);
    }

    private static void WriteHeaders(IsoExchange exchange, IsoAnswer answer, ServedFile file)
    {
        exchange.Response.StatusCode = answer.Status;
        var headers = exchange.Headers;
        headers.ETag = file.ETag;
        headers.LastModified = file.LastModified;
        headers.AcceptRanges = "bytes";
        switch (answer.Status)
        {
            case StatusCodes.Status304NotModified:
                return;
            case StatusCodes.Status206PartialContent:
                headers.ContentRange = $"bytes {answer.Start}-{answer.Start + answer.Length - 1}/{file.Image.Size}";
                break;
            case StatusCodes.Status416RangeNotSatisfiable:
                headers.ContentRange = $"bytes */{file.Image.Size}";
                break;
        }

        if (answer.Length > 0)
        {
            headers.ContentType = "application/octet-stream";
        }

        headers.ContentLength = answer.Length;
    }

    private async Task SendAsync(IsoExchange exchange, Route route, ServedFile file, SafeFileHandle handle, IsoAnswer answer, long request)
    {
        var began = time.GetTimestamp();
        var sent = 0L;
        var connection = exchange.Connection;
        try
        {
            // The header block now lies in the connection's buffer, unflushed: it leaves together with the first block.
            await exchange.Body.StartAsync(CancellationToken.None);
            while (sent < answer.Length)
            {
                var want = (int)Math.Min(answer.Length - sent, BlockLength);
                if (!TryReadBlock(exchange, route, file, handle, answer.Start + sent, want))
                {
                    connection.Cut("The file could not be read as it was verified.");
                    logger.ResponseCut(file.Image.FileName, connection.Client, sent, answer.Length);
                    return;
                }

                connection.BeginWait();
                var flushed = await exchange.Body.Writer.FlushAsync(CancellationToken.None);
                connection.EndWait();
                if (flushed.IsCompleted)
                {
                    break;
                }

                sent += want;
                route.CountBytes(want);
                metrics.Bytes(route.Surface, want);
                if (connection.IsClosed)
                {
                    break;
                }
            }
        }
        finally
        {
            connection.EndWait();
            connection.Rest();
            file.Leave(time.GetTimestamp());
        }

        Record(connection, route, file, answer, sent, request, began);
    }

    /// <summary>Puts the next block into the connection's buffer, not yet on the wire. False: it may not be sent.</summary>
    private bool TryReadBlock(IsoExchange exchange, Route route, ServedFile file, SafeFileHandle handle, long offset, int length)
    {
        var block = exchange.Body.Writer.GetMemory(length).Span[..length];
        try
        {
            for (var filled = 0; filled < length;)
            {
                var read = RandomAccess.Read(handle, block[filled..], offset + filled);
                if (read == 0)
                {
                    throw new EndOfStreamException($"it ends before byte {offset + length}");
                }

                filled += read;
            }
        }
        catch (IOException exception)
        {
            var doubt = new ImageDoubt(file.Image.Id, Core.Readiness.ReasonCode.ReadError,
                $"The store file {file.Image.StorePath} could not be read at byte {offset}: {exception.Message}");
            routes.RaiseDoubt(route.Image, file, doubt);
            return false;
        }

        // Asked after the read: what changed before it is not sent, what changes after it is not in the block.
        if (route.IsWithdrawn || !routes.StillAgrees(route.Image, file, handle))
        {
            return false;
        }

        exchange.Body.Writer.Advance(length);
        return true;
    }

    private void Record(BmcConnection connection, Route route, ServedFile file, IsoAnswer answer, long sent, long request, long began)
    {
        if (sent < answer.Length)
        {
            logger.ClientLeft(connection.Client, sent, answer.Length, file.Image.FileName, route.Surface);
        }
        else if (answer.Status == StatusCodes.Status200OK)
        {
            var milliseconds = (long)time.GetElapsedTime(began).TotalMilliseconds;
            logger.ServedWhole(connection.Client, file.Image.FileName, sent, milliseconds, route.Surface, route.Kind);
        }
        else if (request % RangesPerLogEvent == 1)
        {
            logger.ServedRange(connection.Client, file.Image.FileName, route.Surface, route.Kind, request, route.Activity().Bytes);
        }
    }
}
