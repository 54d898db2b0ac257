using System.Net;

namespace IsoCatalog.Client;

/// <summary>Events of one connection as they come, within bounds; the connection ends with it.</summary>
internal sealed class EventContent(AskedSite site, HttpContent body, HttpStatusCode status) : HttpContent
{
    public AskedSite Site => site;

    public HttpStatusCode Status => status;

    public async Task<EventBody> OpenAsync(CancellationToken cancellationToken) =>
        new(await body.ReadAsStreamAsync(cancellationToken), site.Options.EventSilence, site.Options.Time);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => throw new NotSupportedException("It has no end.");

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        body.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Server-sent events in bytes, with limits on what a line and an event may hold and on how long nothing may come.</summary>
/// <param name="body">Closed by who opened it.</param>
/// <param name="silence">Between two reads that bring something.</param>
/// <param name="time">What it is measured by.</param>
internal sealed class EventBody(Stream body, TimeSpan silence, TimeProvider time) : Stream
{
    /// <summary>Bytes; an event of a site is a few hundred.</summary>
    private const int MaxLine = 256 * 1024;

    private const int MaxEvent = 1 << 20;

    private int _line;
    private int _event;
    private bool _comment;
    private byte _last;

    /// <summary>Something came, be it a heartbeat.</summary>
    public bool Heard { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="IOException">The connection broke, or was silent for too long.</exception>
    /// <exception cref="InvalidDataException">A line or an event is longer than any of a site.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var late = new CancellationTokenSource(silence, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            var read = await body.ReadAsync(buffer, either.Token);
            Heard |= read > 0;
            Measure(buffer.Span[..read]);
            return read;
        }
        catch (OperationCanceledException silent) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"Nothing came for {silence.TotalSeconds:0.#} s.", silent);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <summary>A line ends in CR, LF or both, an event in an empty line; comments (heartbeats) belong to none.</summary>
    private void Measure(ReadOnlySpan<byte> bytes)
    {
        foreach (var one in bytes)
        {
            if (one is not ((byte)'\r' or (byte)'\n'))
            {
                _comment = _line == 0 ? one == ':' : _comment;
                _line++;
                _event += _comment ? 0 : 1;
                if (_line > MaxLine || _event > MaxEvent)
                {
                    throw new InvalidDataException($"A line is longer than {MaxLine} bytes, or an event longer than {MaxEvent}.");
                }
            }
            else if (one == '\r' || _last != '\r')
            {
                _event = _line == 0 ? 0 : _event;
                _line = 0;
            }

            _last = one;
        }
    }
}
