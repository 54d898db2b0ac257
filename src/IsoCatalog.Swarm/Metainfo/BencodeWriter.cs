using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace IsoCatalog.Swarm.Metainfo;

/// <summary>
/// Writes bencoding (BEP 3) in its one spelling. A wrong order of calls is a bug of the caller and throws
/// <see cref="InvalidOperationException"/>; so does a key that is not greater than the one before it. Not thread-safe.
/// </summary>
public sealed class BencodeWriter
{
    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly Stack<Level> _levels = new();
    private bool _written;

    public BencodeWriter Integer(long value)
    {
        BeginValue();
        Put((byte)'i');
        Number(value);
        Put((byte)'e');
        return EndValue();
    }

    public BencodeWriter Bytes(ReadOnlySpan<byte> value)
    {
        BeginValue();
        ByteString(value);
        return EndValue();
    }

    /// <summary>Written as UTF-8.</summary>
    public BencodeWriter Text(string value) => Bytes(Encoding.UTF8.GetBytes(value));

    public BencodeWriter BeginList() => Begin((byte)'l', new Level { IsDictionary = false });

    public BencodeWriter BeginDictionary() => Begin((byte)'d', new Level { IsDictionary = true });

    /// <summary>The key of the value that follows, written as UTF-8.</summary>
    public BencodeWriter Key(string key) => Key(Encoding.UTF8.GetBytes(key));

    /// <summary>The key of the value that follows.</summary>
    public BencodeWriter Key(ReadOnlySpan<byte> key)
    {
        if (!_levels.TryPeek(out var level) || !level.IsDictionary || level.KeyIsOpen)
        {
            throw new InvalidOperationException("A key belongs in a dictionary, before its value.");
        }

        if (level.LastKey is { } last && key.SequenceCompareTo(last) <= 0)
        {
            throw new InvalidOperationException($"The key '{Encoding.UTF8.GetString(key)}' does not follow '{Encoding.UTF8.GetString(last)}'.");
        }

        (level.LastKey, level.KeyIsOpen) = (key.ToArray(), true);
        ByteString(key);
        return this;
    }

    /// <summary>Ends the innermost list or dictionary.</summary>
    public BencodeWriter End()
    {
        if (!_levels.TryPop(out var level) || level.KeyIsOpen)
        {
            throw new InvalidOperationException(level is null ? "There is no list or dictionary to end." : "The last key has no value.");
        }

        Put((byte)'e');
        return EndValue();
    }

    public BencodeWriter Value(BencodeValue value)
    {
        switch (value)
        {
            case BencodeValue.Integer integer:
                return Integer(integer.Value);
            case BencodeValue.ByteString text:
                return Bytes(text.Bytes.Span);
            case BencodeValue.List list:
                BeginList();
                foreach (var item in list.Items)
                {
                    Value(item);
                }

                return End();
            case BencodeValue.Dict dictionary:
                BeginDictionary();
                foreach (var (key, entry) in dictionary.Entries)
                {
                    Key(key.Span).Value(entry);
                }

                return End();
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>A value that was written before, byte for byte; it is not looked into.</summary>
    public BencodeWriter Encoded(ReadOnlySpan<byte> value)
    {
        BeginValue();
        _output.Write(value);
        return EndValue();
    }

    /// <exception cref="InvalidOperationException">No whole value was written yet.</exception>
    public byte[] ToArray() => _written && _levels.Count == 0
        ? _output.WrittenSpan.ToArray()
        : throw new InvalidOperationException("The value is not complete.");

    private BencodeWriter Begin(byte start, Level level)
    {
        BeginValue();
        _levels.Push(level);
        Put(start);
        return this;
    }

    private void BeginValue()
    {
        if (_levels.TryPeek(out var level) ? level is { IsDictionary: true, KeyIsOpen: false } : _written)
        {
            throw new InvalidOperationException(level is null ? "One value was written already." : "A value in a dictionary follows its key.");
        }
    }

    private BencodeWriter EndValue()
    {
        if (_levels.TryPeek(out var level))
        {
            level.KeyIsOpen = false;
        }

        _written = true;
        return this;
    }

    private void ByteString(ReadOnlySpan<byte> value)
    {
        Number(value.Length);
        Put((byte)':');
        _output.Write(value);
    }

    private void Number(long value)
    {
        Utf8Formatter.TryFormat(value, _output.GetSpan(20), out var length);
        _output.Advance(length);
    }

    private void Put(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }

    private sealed class Level
    {
        public bool IsDictionary { get; init; }

        public byte[]? LastKey { get; set; }

        public bool KeyIsOpen { get; set; }
    }
}
