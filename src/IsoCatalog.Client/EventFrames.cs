using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text;

namespace IsoCatalog.Client;

/// <param name="Id">As in the stream; null when the frame had none.</param>
/// <param name="Retry">Milliseconds that the site asks to wait before a new connection.</param>
internal sealed record EventFrame(string? Id, string Type, string Data, int? Retry);

/// <summary>
/// Server-sent events (WHATWG HTML, 9.2) with limits on what a line and an event may hold. A frame without data (a comment, a heartbeat) comes out with
/// empty data, so that the reader knows the other side lives.
/// </summary>
internal static class EventFrames
{
    /// <summary>Bytes; an event of a site is a few hundred.</summary>
    public const int MaxLine = 256 * 1024;

    private const int MaxData = 1 << 20;

    /// <exception cref="InvalidDataException">A line or an event is longer than any of a site.</exception>
    public static async IAsyncEnumerable<EventFrame> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var frame = new Frame();
        await foreach (var line in LinesAsync(stream, cancellationToken))
        {
            if (line.Length == 0 || line[0] == ':')
            {
                yield return frame.Take(heartbeat: line.Length > 0);
            }
            else
            {
                frame.Add(line);
            }
        }
    }

    private static async IAsyncEnumerable<string> LinesAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = PipeReader.Create(stream, new StreamPipeReaderOptions(leaveOpen: true));
        try
        {
            while (true)
            {
                var result = await reader.ReadAsync(cancellationToken);
                var buffer = result.Buffer;
                while (buffer.PositionOf((byte)'\n') is { } end)
                {
                    var line = buffer.Slice(0, end);
                    if (line.Length > MaxLine)
                    {
                        throw TooLong();
                    }

                    yield return Encoding.UTF8.GetString(line).TrimEnd('\r').TrimStart('\uFEFF');
                    buffer = buffer.Slice(buffer.GetPosition(1, end));
                }

                if (buffer.Length > MaxLine)
                {
                    throw TooLong();
                }

                reader.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    // What stands behind the last empty line is an event that was cut off: the standard drops it too.
                    yield break;
                }
            }
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }

    private static InvalidDataException TooLong() => new($"An event is longer than {MaxLine} bytes.");

    private sealed class Frame
    {
        private readonly StringBuilder _data = new();
        private string? _id;
        private string _type = "message";
        private int? _retry;

        public void Add(string line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var name = colon < 0 ? line : line[..colon];
            var value = colon < 0 ? "" : line[(colon + 1)..];
            value = value.StartsWith(' ') ? value[1..] : value;
            switch (name)
            {
                case "data":
                    if (_data.Length + value.Length > MaxData)
                    {
                        throw TooLong();
                    }

                    _data.Append(_data.Length > 0 ? "\n" : "").Append(value);
                    break;
                case "event":
                    _type = value;
                    break;
                case "id" when !value.Contains('\0', StringComparison.Ordinal):
                    _id = value;
                    break;
                case "retry" when int.TryParse(value, out var milliseconds) && milliseconds >= 0:
                    _retry = milliseconds;
                    break;
                default:
                    break;
            }
        }

        public EventFrame Take(bool heartbeat)
        {
            if (heartbeat)
            {
                return new EventFrame(null, "", "", null);
            }

            var frame = new EventFrame(_id, _type, _data.ToString(), _retry);
            _data.Clear();
            (_id, _type, _retry) = (null, "message", null);
            return frame;
        }
    }
}
