using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace IsoCatalog.Core.Trust;

/// <summary>Reads a record from the very bytes that were signed.</summary>
internal static class SignedJson
{
    public static bool TryRead<T>(
        ReadOnlySpan<byte> json,
        JsonTypeInfo<T> type,
        string shapeRule,
        [NotNullWhen(true)] out T? document,
        [NotNullWhen(false)] out RuleViolation? violation,
        int maxString = StrictJson.MaxString)
        where T : class
    {
        document = null;
        violation = StrictJson.Check(json, maxString);
        if (violation is not null)
        {
            return false;
        }

        try
        {
            document = JsonSerializer.Deserialize(json, type) ?? throw new JsonException("It is null.");
            violation = CompleteJson.FirstMissing(document, type) is { } missing ? new(Rules.MissingMember, $"The document has no '{missing}'. Its writer is broken.") : null;
            return violation is null;
        }
        catch (Exception e) when (e is JsonException or FormatException or NotSupportedException)
        {
            violation = new(shapeRule, $"The document has not the members that its type needs: {e.Message}");
            return false;
        }
    }
}
