namespace IsoCatalog.Tests.Images;

/// <summary>Bytes in memory followed by zeros up to a length of any size; counts what is read.</summary>
internal sealed class MeasuredStream(byte[] head, long length) : Stream
{
    public long BytesRead { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override int Read(Span<byte> buffer)
    {
        var count = (int)Math.Min(buffer.Length, Math.Max(0, length - Position));
        buffer = buffer[..count];
        buffer.Clear();
        if (Position < head.Length)
        {
            var available = head.AsSpan((int)Position);
            available[..Math.Min(available.Length, count)].CopyTo(buffer);
        }

        Position += count;
        BytesRead += count;
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
