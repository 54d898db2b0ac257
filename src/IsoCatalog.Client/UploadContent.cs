using System.Buffers;
using System.Net;
using System.Net.Http.Headers;

namespace IsoCatalog.Client;

/// <summary>The bytes of an image on their way out. The stream stays the caller's.</summary>
internal sealed class UploadContent : HttpContent
{
    private const int BlockSize = 1 << 20;

    private readonly Stream _source;
    private readonly long? _length;
    private readonly IProgress<long>? _progress;

    public UploadContent(Stream source, IProgress<long>? progress)
    {
        _source = source;
        _length = source.CanSeek ? source.Length - source.Position : null;
        _progress = progress;
        Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    }

    /// <summary>Why the source could not be read, when that is why the upload failed: the site has nothing to do with it.</summary>
    public IOException? SourceFailure { get; private set; }

    protected override bool TryComputeLength(out long length)
    {
        length = _length ?? 0;
        return _length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            var sent = 0L;
            int read;
            while ((read = await ReadAsync(buffer.AsMemory(0, BlockSize), cancellationToken)) > 0)
            {
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                sent += read;
                _progress?.Report(sent);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await _source.ReadAsync(buffer, cancellationToken);
        }
        catch (IOException failure)
        {
            SourceFailure = failure;
            throw;
        }
    }
}
