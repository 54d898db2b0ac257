using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>An entry as JSON, and the rules that it must keep to.</summary>
public static class EntryText
{
    private const string Put = "put";
    private const string Del = "del";

    internal static byte[] Write(Entry entry) => entry switch
    {
        ImageEntry e => Write(entry, e.Value, FormatJson.Default.WireEntryImageValue),
        MetaEntry e => Write(entry, e.Value, FormatJson.Default.WireEntryMetaValue),
        AliasEntry e => Write(entry, new AliasValue(e.Target, e.Former.Count > 0 ? e.Former : null, e.Asked), FormatJson.Default.WireEntryAliasValue),
        _ => Write(entry, null, FormatJson.Default.WireEntryBlockValue),
    };

    internal static bool TryRead(ReadOnlySpan<byte> json, [NotNullWhen(true)] out Entry? entry, [NotNullWhen(false)] out RuleViolation? violation)
    {
        entry = null;
        try
        {
            if (!RegisterKey.TryParse(KeyOf(json), out var key))
            {
                violation = new(Rules.EntryKey, "An entry has no key, or one of a kind that this version does not know how to read.");
                return false;
            }

            (entry, violation) = key.Kind switch
            {
                RegisterKind.Image => Read(json, FormatJson.Default.WireEntryImageValue, true, (wire, stamp, deleted) =>
                    new ImageEntry(key.Image, stamp, wire.By, wire.Why, deleted, wire.Value!)),
                RegisterKind.Meta => Read(json, FormatJson.Default.WireEntryMetaValue, true, (wire, stamp, deleted) =>
                    new MetaEntry(key.Image, stamp, wire.By, wire.Why, wire.Value!) { Deleted = deleted }),
                RegisterKind.Alias => Read(json, FormatJson.Default.WireEntryAliasValue, true, (wire, stamp, deleted) =>
                    new AliasEntry(key.Alias!, wire.Value!.Target, stamp, wire.By, wire.Why, deleted) { Former = wire.Value.Former ?? [], Asked = wire.Value.Asked }),
                _ => Read(json, FormatJson.Default.WireEntryBlockValue, false, (wire, stamp, deleted) =>
                    new BlockEntry(key.Image, stamp, wire.By, wire.Why, deleted)),
            };
            violation ??= EntryRules.Check(entry!);
            return violation is null;
        }
        catch (JsonException e)
        {
            violation = new(Rules.EntryForm, $"An entry does not have the form of an entry: {e.Message}");
            return false;
        }
    }

    /// <summary>What is wrong with a new entry before it is signed; null when it may be.</summary>
    public static RuleViolation? Check(StatedEntry stated)
    {
        ArgumentNullException.ThrowIfNull(stated);
        return EntryRules.Check(stated.Entry)
            ?? (stated.Json.Length > StatedEntry.MaxBytes
                ? new RuleViolation(Rules.EntrySize, $"The entry would have {stated.Json.Length} bytes; {StatedEntry.MaxBytes} are allowed. Shorten the description.")
                : null)
            ?? StrictJson.Check(stated.Json.Span);
    }

    private static byte[] Write<T>(Entry entry, T? value, JsonTypeInfo<WireEntry<T>> type)
        where T : class => JsonSerializer.SerializeToUtf8Bytes(
        new WireEntry<T>
        {
            Key = entry.Key.ToString(),
            Stamp = entry.Stamp,
            Op = entry.Deleted ? Del : Put,
            By = entry.By,
            Obs = entry.Obs,
            Why = entry.Why,
            Value = value,
            Unknown = entry.Unknown is null ? null : new Dictionary<string, JsonElement>(entry.Unknown),
        },
        type);

    private static (Entry? Entry, RuleViolation? Violation) Read<T>(
        ReadOnlySpan<byte> json, JsonTypeInfo<WireEntry<T>> type, bool needsValue, Func<WireEntry<T>, Stamp, bool, Entry> make)
        where T : class
    {
        var wire = JsonSerializer.Deserialize(json, type) ?? throw new JsonException("The entry is null.");
        if (CompleteJson.FirstMissing(wire, type) is { } missing)
        {
            return (null, new(Rules.MissingMember, $"The entry {wire.Key} has no '{missing}'. Its writer is broken."));
        }

        if (wire.Op is not (Put or Del) || (needsValue && wire.Value is null))
        {
            return (null, new(Rules.EntryForm, $"The entry {wire.Key} needs the op put or del, and a value (a tombstone keeps it)."));
        }

        return (make(wire, wire.Stamp, wire.Op == Del) with { Obs = wire.Obs, Unknown = wire.Unknown }, null);
    }

    private static string? KeyOf(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = StrictJson.MaxDepth });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isKey = reader.ValueTextEquals("key"u8);
            reader.Read();
            if (isKey)
            {
                return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            }

            reader.Skip();
        }

        return null;
    }
}
