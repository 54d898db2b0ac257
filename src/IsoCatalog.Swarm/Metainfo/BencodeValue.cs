using System.Text;

namespace IsoCatalog.Swarm.Metainfo;

/// <summary>A value as BEP 3 defines it. Immutable; values that were read share the memory they were read from.</summary>
public abstract class BencodeValue
{
    private BencodeValue()
    {
    }

    /// <summary>The bytes that this value was read from, so that an info dictionary is hashed as it was received; empty for a made one.</summary>
    public ReadOnlyMemory<byte> Source { get; internal set; }

    public sealed class Integer(long value) : BencodeValue
    {
        public long Value { get; } = value;
    }

    /// <summary>A byte string; nothing says that it is text.</summary>
    public sealed class ByteString(ReadOnlyMemory<byte> bytes) : BencodeValue
    {
        public ReadOnlyMemory<byte> Bytes { get; } = bytes;
    }

    public sealed class List(IReadOnlyList<BencodeValue> items) : BencodeValue
    {
        public IReadOnlyList<BencodeValue> Items { get; } = items;
    }

    /// <summary>Entries in the order of their keys, each key once.</summary>
    public sealed class Dict : BencodeValue
    {
        private readonly KeyValuePair<ReadOnlyMemory<byte>, BencodeValue>[] _entries;

        /// <param name="entries">In any order.</param>
        /// <exception cref="ArgumentException">A key occurs twice.</exception>
        public Dict(IEnumerable<KeyValuePair<ReadOnlyMemory<byte>, BencodeValue>> entries)
        {
            _entries = [.. entries];
            Array.Sort(_entries, static (left, right) => left.Key.Span.SequenceCompareTo(right.Key.Span));
            for (var i = 1; i < _entries.Length; i++)
            {
                if (_entries[i].Key.Span.SequenceEqual(_entries[i - 1].Key.Span))
                {
                    throw new ArgumentException($"The key '{Encoding.UTF8.GetString(_entries[i].Key.Span)}' occurs twice.", nameof(entries));
                }
            }
        }

        public IReadOnlyList<KeyValuePair<ReadOnlyMemory<byte>, BencodeValue>> Entries => _entries;

        /// <summary>The value under the key, or null. The key is ASCII, as all keys of the protocol are.</summary>
        public BencodeValue? this[string key] => this[Encoding.UTF8.GetBytes(key)];

        /// <summary>The value under the key, or null.</summary>
        public BencodeValue? this[ReadOnlySpan<byte> key]
        {
            get
            {
                var (low, high) = (0, _entries.Length - 1);
                while (low <= high)
                {
                    var middle = (low + high) / 2;
                    var order = _entries[middle].Key.Span.SequenceCompareTo(key);
                    if (order == 0)
                    {
                        return _entries[middle].Value;
                    }

                    (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
                }

                return null;
            }
        }
    }
}
