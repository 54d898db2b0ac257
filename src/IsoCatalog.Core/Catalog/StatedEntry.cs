using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>An entry together with its bytes, which are what was signed: they are stated again as they are, unknown members and all. Immutable, thread-safe.</summary>
public sealed class StatedEntry
{
    /// <summary>Bytes of an entry.</summary>
    public const int MaxBytes = 8 << 10;

    private readonly ReadOnlyMemory<byte>? _read;
    private byte[]? _written;
    private StrongBox<Sha256Digest>? _hash;

    private StatedEntry(Entry entry, ReadOnlyMemory<byte>? read)
    {
        Entry = entry;
        Key = entry.Key;
        _read = read;
    }

    public Entry Entry { get; }

    public RegisterKey Key { get; }

    public Stamp Stamp => Entry.Stamp;

    /// <summary>From the opening to the closing brace.</summary>
    public ReadOnlyMemory<byte> Json => _read ?? (_written ??= EntryText.Write(Entry));

    /// <summary>SHA-256 of <see cref="Json"/>: decides between entries of equal stamps, and is what <see cref="Entry.Obs"/> names.</summary>
    public Sha256Digest Hash => (_hash ??= new StrongBox<Sha256Digest>(new Sha256Digest(SHA256.HashData(Json.Span)))).Value;

    /// <summary>A new entry, not checked: see <see cref="EntryText.Check"/>.</summary>
    public static StatedEntry Of(Entry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        return new StatedEntry(entry, null);
    }

    /// <summary>Reads one entry and holds it to the rules E-01 to E-09; the JSON rules must have been checked for the whole that it stands in.</summary>
    /// <param name="json">Kept, not copied.</param>
    public static bool TryRead(
        ReadOnlyMemory<byte> json, [NotNullWhen(true)] out StatedEntry? stated, [NotNullWhen(false)] out RuleViolation? violation)
    {
        stated = null;
        if (json.Length > MaxBytes)
        {
            violation = new(Rules.EntrySize, $"An entry has {json.Length} bytes; {MaxBytes} are allowed. Its site must shorten its description.");
            return false;
        }

        if (!EntryText.TryRead(json.Span, out var entry, out violation))
        {
            return false;
        }

        stated = new StatedEntry(entry, json);
        return true;
    }

    /// <summary>The total order of entries in one register: milliseconds, counter, site, SHA-256 of the entry. Equal only for the same bytes.</summary>
    public static readonly IComparer<StatedEntry> Order = Comparer<StatedEntry>.Create(static (a, b) =>
        ReferenceEquals(a, b) ? 0
        : a.Stamp.CompareTo(b.Stamp) is not 0 and var stamp ? stamp
        : a.Json.Span.SequenceEqual(b.Json.Span) ? 0
        : a.Hash.CompareTo(b.Hash));

    /// <summary>Is it higher in <see cref="Order"/>?</summary>
    public bool Exceeds(StatedEntry other) => Order.Compare(this, other) > 0;

    public override string ToString() => $"{Key} {Stamp.Ms}.{Stamp.N}@{Stamp.Site}";
}
