using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace IsoCatalog.Surfaces.Ipmi;

/// <summary>What comes in on a connection, with <see cref="HostMask"/> over it. Between a read and the advance after it the bytes are the reader's alone, so they
/// are overwritten where they lie.</summary>
internal sealed class MaskedInput(PipeReader input) : PipeReader
{
    private readonly HostMask _mask = new();
    private ReadOnlySequence<byte> _read;
    private long _masked;

    /// <summary>Stands between TLS and HTTP.</summary>
    public static async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var transport = connection.Transport;
        connection.Transport = new Both(new MaskedInput(transport.Input), transport.Output);
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    }

    public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default) => Masked(await input.ReadAsync(cancellationToken));

    public override bool TryRead(out ReadResult result)
    {
        var some = input.TryRead(out result);
        if (some)
        {
            result = Masked(result);
        }

        return some;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        _masked -= _read.Slice(0, consumed).Length;
        _read = default;
        input.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => input.CancelPendingRead();

    public override void Complete(Exception? exception = null) => input.Complete(exception);

    private ReadResult Masked(ReadResult result)
    {
        _read = result.Buffer;
        foreach (var segment in _read.Slice(Math.Min(_masked, _read.Length)))
        {
            _mask.Overwrite(MemoryMarshal.AsMemory(segment).Span);
        }

        _masked = _read.Length;
        return result;
    }

    private sealed record Both(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
