using System.Buffers;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// The entries of one site whose keys fall into one bucket: a file named by its SHA-256. One change makes one new chunk; all others are shared with the
/// documents before. Immutable, thread-safe.
/// </summary>
public sealed class CatalogChunk
{
    /// <summary>Bytes of a chunk.</summary>
    public const int MaxBytes = 1 << 20;

    private CatalogChunk(int bucket, ReadOnlyMemory<byte> bytes, ImmutableArray<StatedEntry> entries)
    {
        Bucket = bucket;
        Bytes = bytes;
        Entries = entries;
        Sha256 = new Sha256Digest(SHA256.HashData(bytes.Span));
        Newest = entries.Max(e => HybridTime.Of(e.Stamp));
    }

    public int Bucket { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    public Sha256Digest Sha256 { get; }

    /// <summary>Ascending by key; never empty.</summary>
    public ImmutableArray<StatedEntry> Entries { get; }

    /// <summary>The site whose entries these are: the same for all of them.</summary>
    public string Site => Entries[0].Stamp.Site;

    public HybridTime Newest { get; }

    public ChunkRef Ref => new(Bucket, Sha256, Bytes.Length, Entries.Length);

    /// <param name="entries">Of one site, one per register, all of this bucket.</param>
    /// <exception cref="ArgumentException">There is none.</exception>
    public static CatalogChunk Of(int bucket, IEnumerable<StatedEntry> entries)
    {
        var sorted = entries.OrderBy(e => e.Key).ToImmutableArray();
        if (sorted.Length == 0)
        {
            throw new ArgumentException("A bucket without entries has no chunk.", nameof(entries));
        }

        var bytes = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteNumber("bucket", bucket);
            json.WriteStartArray("entries");
            foreach (var entry in sorted)
            {
                json.WriteRawValue(entry.Json.Span, skipInputValidation: true);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return new CatalogChunk(bucket, bytes.WrittenSpan.ToArray(), sorted);
    }

    /// <summary>Reads a chunk and holds it to the rules C-02 to C-06. Whether it is the one that was asked for (C-01) is the caller's to compare.</summary>
    /// <param name="bytes">Kept, not copied.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out CatalogChunk? chunk, [NotNullWhen(false)] out RuleViolation? violation)
    {
        chunk = null;
        if (bytes.Length > MaxBytes)
        {
            violation = new(Rules.ChunkSize, $"A chunk has {bytes.Length} bytes; {MaxBytes} are allowed.");
            return false;
        }

        violation = StrictJson.Check(bytes.Span);
        if (violation is not null)
        {
            return false;
        }

        int bucket;
        List<Range> places;
        try
        {
            (bucket, places) = Frame(bytes.Span);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            violation = new(Rules.ChunkForm, $"A chunk needs a bucket and its entries: {e.Message}");
            return false;
        }

        var entries = ImmutableArray.CreateBuilder<StatedEntry>(places.Count);
        foreach (var place in places)
        {
            if (!StatedEntry.TryRead(bytes[place], out var entry, out violation))
            {
                return false;
            }

            violation = entry.Key.Bucket != bucket ? new(Rules.ChunkBucket, $"The entry {entry.Key} stands in bucket {bucket}; it belongs into {entry.Key.Bucket}.")
                : entries.Count > 0 && entries[^1].Key >= entry.Key ? new(Rules.ChunkOrder, $"The entry {entry.Key} is there twice, or not in the order of keys.")
                : entries.Count > 0 && entries[0].Stamp.Site != entry.Stamp.Site
                    ? new(Rules.ChunkSite, $"The entry {entry.Key} is stamped by the site {entry.Stamp.Site}, others in the chunk by {entries[0].Stamp.Site}.")
                : null;
            if (violation is not null)
            {
                return false;
            }

            entries.Add(entry);
        }

        if (entries.Count == 0)
        {
            violation = new(Rules.ChunkForm, $"The chunk of bucket {bucket} is empty; a bucket without entries has no chunk.");
            return false;
        }

        chunk = new CatalogChunk(bucket, bytes, entries.DrainToImmutable());
        return true;
    }

    /// <summary>What of it is not stamped later; null when all is. The same object when nothing is.</summary>
    public CatalogChunk? UpTo(HybridTime clock) => Newest <= clock ? this : Where(e => HybridTime.Of(e.Stamp) <= clock);

    /// <summary>A part of it; null when nothing is left. The same object when all is.</summary>
    internal CatalogChunk? Where(Func<StatedEntry, bool> condition)
    {
        var kept = Entries.Where(condition).ToList();
        return kept.Count == Entries.Length ? this : kept.Count == 0 ? null : Of(Bucket, kept);
    }

    /// <summary>The last stamp that is not later than these milliseconds; the default when there is none.</summary>
    public HybridTime ClockUpTo(long ms) =>
        Newest.Ms <= ms ? Newest : Entries.Select(e => HybridTime.Of(e.Stamp)).Where(s => s.Ms <= ms).DefaultIfEmpty().Max();

    public StatedEntry? Find(RegisterKey key)
    {
        var (low, high) = (0, Entries.Length - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            switch (Entries[middle].Key.CompareTo(key))
            {
                case 0:
                    return Entries[middle];
                case < 0:
                    low = middle + 1;
                    break;
                default:
                    high = middle - 1;
                    break;
            }
        }

        return null;
    }

    /// <summary>The bucket, and where each entry stands. Unknown members of the chunk are passed over.</summary>
    private static (int Bucket, List<Range> Entries) Frame(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = StrictJson.MaxDepth });
        int? bucket = null;
        List<Range>? entries = null;
        reader.Read();
        Expect(reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("bucket"u8))
            {
                reader.Read();
                bucket = reader.GetInt32();
            }
            else if (reader.ValueTextEquals("entries"u8))
            {
                entries = [];
                reader.Read();
                Expect(reader.TokenType == JsonTokenType.StartArray);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Expect(reader.TokenType == JsonTokenType.StartObject);
                    var start = (int)reader.TokenStartIndex;
                    reader.Skip();
                    entries.Add(new Range(start, (int)reader.BytesConsumed));
                }
            }
            else
            {
                reader.Read();
                reader.Skip();
            }
        }

        Expect(bucket is >= 0 and < RegisterKey.Buckets && entries is not null);
        return (bucket!.Value, entries!);

        static void Expect(bool fact)
        {
            if (!fact)
            {
                throw new JsonException("""Expected {"bucket":0 to 255,"entries":[{...}]}.""");
            }
        }
    }
}
