using System.Net.Sockets;

namespace IsoCatalog.Swarm.Peers;

/// <summary>
/// Lies between a socket and TLS, which reads and writes one record of 16 KiB at a time: many records go in one system call. What is written
/// waits for <see cref="FlushAsync"/> once <see cref="Gather"/> is set. One task reads, one writes.
/// </summary>
internal sealed class RecordStream(Socket socket) : Stream
{
    private const int Portion = 256 * 1024;

    private byte[] _read = [];
    private int _readStart;
    private int _readEnd;
    private byte[] _write = [];
    private int _written;

    /// <summary>False during the handshake, which waits for answers.</summary>
    public bool Gather { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_readStart == _readEnd)
        {
            if (!Gather)
            {
                return await socket.ReceiveAsync(buffer, cancellationToken);
            }

            if (_read.Length == 0)
            {
                _read = GC.AllocateUninitializedArray<byte>(Portion);
            }

            _readStart = 0;
            _readEnd = await socket.ReceiveAsync(_read, cancellationToken);
        }

        var taken = Math.Min(buffer.Length, _readEnd - _readStart);
        _read.AsSpan(_readStart, taken).CopyTo(buffer.Span);
        _readStart += taken;
        return taken;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_written + buffer.Length > Portion)
        {
            await FlushAsync(cancellationToken);
        }

        if (!Gather || buffer.Length > Portion)
        {
            await SendAsync(buffer, cancellationToken);
            return;
        }

        if (_write.Length == 0)
        {
            _write = GC.AllocateUninitializedArray<byte>(Portion);
        }

        buffer.CopyTo(_write.AsMemory(_written));
        _written += buffer.Length;
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        var length = _written;
        _written = 0;
        await SendAsync(_write.AsMemory(0, length), cancellationToken);
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
        // Only the asynchronous calls are used; disposing TLS calls this one.
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await socket.SendAsync(bytes, cancellationToken)..];
        }
    }
}
