using System.Diagnostics.CodeAnalysis;

namespace IsoCatalog.Swarm.Metainfo;

/// <summary>
/// Reads bencoding (BEP 3) from anyone: there is one spelling of each value, everything else is refused with its reason,
/// and depth, length and the number of values are bounded. Never throws for what the bytes say.
/// </summary>
public static class BencodeReader
{
    /// <summary>Reads bytes that are one value and nothing else.</summary>
    public static bool TryRead(
        ReadOnlyMemory<byte> source, BencodeLimits limits, [NotNullWhen(true)] out BencodeValue? value, out BencodeError error)
    {
        if (source.Length > limits.MaxLength)
        {
            (value, error) = (null, new BencodeError(BencodeFault.TooLong, limits.MaxLength));
            return false;
        }

        if (!TryReadFirst(source, limits, out value, out var length, out error))
        {
            return false;
        }

        if (length < source.Length)
        {
            (value, error) = (null, new BencodeError(BencodeFault.TrailingBytes, length));
            return false;
        }

        return true;
    }

    /// <summary>
    /// Reads the value at the start, which other bytes may follow (a metadata piece follows its dictionary, BEP 9);
    /// <paramref name="length"/> is what the value takes.
    /// </summary>
    public static bool TryReadFirst(
        ReadOnlyMemory<byte> source, BencodeLimits limits, [NotNullWhen(true)] out BencodeValue? value, out int length, out BencodeError error)
    {
        var cursor = new Cursor(source, limits);
        value = cursor.Value(depth: 0);
        (length, error) = (cursor.Position, cursor.Error);
        return value is not null;
    }

    private ref struct Cursor(ReadOnlyMemory<byte> source, BencodeLimits limits)
    {
        private readonly ReadOnlySpan<byte> _bytes = source.Span[..Math.Min(source.Length, limits.MaxLength)];
        private int _values;

        public int Position { get; private set; }

        public BencodeError Error { get; private set; }

        public BencodeValue? Value(int depth)
        {
            var start = Position;
            if (++_values > limits.MaxValues)
            {
                return Fail(BencodeFault.TooManyValues);
            }

            if (start == _bytes.Length)
            {
                return Ended();
            }

            var value = _bytes[start] switch
            {
                (byte)'i' => Integer(),
                (byte)'l' => List(depth + 1),
                (byte)'d' => Dictionary(depth + 1),
                >= (byte)'0' and <= (byte)'9' => ByteString(),
                _ => Fail(BencodeFault.UnknownType),
            };
            value?.Source = source[start..Position];
            return value;
        }

        private BencodeValue? Integer()
        {
            Position++;
            var negative = Position < _bytes.Length && _bytes[Position] == (byte)'-';
            if (negative)
            {
                Position++;
            }

            if (!TryNumber((byte)'e', negative ? 1UL << 63 : long.MaxValue, out var magnitude))
            {
                return null;
            }

            return negative && magnitude == 0
                ? Fail(BencodeFault.NegativeZero)
                : new BencodeValue.Integer(negative ? unchecked(-(long)magnitude) : (long)magnitude);
        }

        private BencodeValue.ByteString? ByteString() => TryByteString(out var bytes) ? new BencodeValue.ByteString(bytes) : null;

        private BencodeValue? List(int depth)
        {
            if (depth > limits.MaxDepth)
            {
                return Fail(BencodeFault.TooDeep);
            }

            Position++;
            var items = new List<BencodeValue>();
            while (!AtEnd())
            {
                if (Value(depth) is not { } item)
                {
                    return null;
                }

                items.Add(item);
            }

            return new BencodeValue.List(items);
        }

        private BencodeValue? Dictionary(int depth)
        {
            if (depth > limits.MaxDepth)
            {
                return Fail(BencodeFault.TooDeep);
            }

            Position++;
            var entries = new List<KeyValuePair<ReadOnlyMemory<byte>, BencodeValue>>();
            while (!AtEnd())
            {
                var start = Position;
                if (start < _bytes.Length && _bytes[start] is < (byte)'0' or > (byte)'9')
                {
                    return Fail(BencodeFault.KeyIsNotAString);
                }

                if (!TryByteString(out var key))
                {
                    return null;
                }

                var order = entries.Count == 0 ? 1 : key.Span.SequenceCompareTo(entries[^1].Key.Span);
                if (order <= 0)
                {
                    Position = start;
                    return Fail(order == 0 ? BencodeFault.DuplicateKey : BencodeFault.KeysOutOfOrder);
                }

                if (Value(depth) is not { } value)
                {
                    return null;
                }

                entries.Add(new(key, value));
            }

            return new BencodeValue.Dict(entries);
        }

        private bool AtEnd()
        {
            var end = Position < _bytes.Length && _bytes[Position] == (byte)'e';
            Position += end ? 1 : 0;
            return end;
        }

        private bool TryByteString(out ReadOnlyMemory<byte> bytes)
        {
            bytes = default;
            if (!TryNumber((byte)':', int.MaxValue, out var length))
            {
                return false;
            }

            if ((int)length > _bytes.Length - Position)
            {
                Fail(_bytes.Length < source.Length ? BencodeFault.TooLong : BencodeFault.StringBeyondEnd);
                return false;
            }

            bytes = source.Slice(Position, (int)length);
            Position += (int)length;
            return true;
        }

        private bool TryNumber(byte terminator, ulong max, out ulong number)
        {
            number = 0;
            var start = Position;
            for (; Position < _bytes.Length && _bytes[Position] is >= (byte)'0' and <= (byte)'9'; Position++)
            {
                var digit = (ulong)(_bytes[Position] - '0');
                if (Position == start + 1 && number == 0)
                {
                    Fail(BencodeFault.LeadingZero);
                    return false;
                }

                if (number > (max - digit) / 10)
                {
                    Fail(BencodeFault.NumberTooLarge);
                    return false;
                }

                number = number * 10 + digit;
            }

            if (Position == _bytes.Length)
            {
                Ended();
                return false;
            }

            if (Position == start || _bytes[Position] != terminator)
            {
                Fail(BencodeFault.NotANumber);
                return false;
            }

            Position++;
            return true;
        }

        // Where a limit cut the bytes, the limit is what was broken.
        private BencodeValue? Ended() => Fail(_bytes.Length < source.Length ? BencodeFault.TooLong : BencodeFault.Truncated);

        private BencodeValue? Fail(BencodeFault fault)
        {
            Error = new BencodeError(fault, Position);
            return null;
        }
    }
}
