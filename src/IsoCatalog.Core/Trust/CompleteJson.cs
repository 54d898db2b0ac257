using System.Collections;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// Finds the nulls that the serializer lets into a record whose type has none: a generated reader gives null to a member that was left out, whatever its initializer
/// says, and knows nothing of what lists and dictionaries may hold. Thread-safe.
/// </summary>
public static class CompleteJson
{
    /// <exception cref="JsonException">Not of this type, or without something that it always has.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json, JsonTypeInfo<T> type)
        where T : class
    {
        var value = JsonSerializer.Deserialize(json, type) ?? throw new JsonException("It is null.");
        return Find(value, type, items: true) is { } missing ? throw new JsonException($"It has no '{missing}'.") : value;
    }

    /// <summary>Members alone: a null in a list or a dictionary is for the rules of the document.</summary>
    /// <returns>The path of the first member that is null and must not be; null when there is none.</returns>
    public static string? FirstMissing(object value, JsonTypeInfo type)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(type);
        return Find(value, type, items: false);
    }

    private static string? Find(object value, JsonTypeInfo type, bool items) => type.Kind switch
    {
        JsonTypeInfoKind.Object => InMembers(value, type, items),
        JsonTypeInfoKind.Dictionary when IsReference(type.ElementType) => InItems(((IDictionary)value).Values, type, items),
        JsonTypeInfoKind.Enumerable when IsReference(type.ElementType) => InItems((IEnumerable)value, type, items),
        _ => null,
    };

    private static string? InMembers(object value, JsonTypeInfo type, bool items)
    {
        foreach (var property in type.Properties)
        {
            if (property.IsExtensionData || property.Get is null || !IsReference(property.PropertyType))
            {
                continue;
            }

            if (property.Get(value) is not { } member)
            {
                if (!property.IsGetNullable)
                {
                    return property.Name;
                }
            }
            else if (property.PropertyType != typeof(string) && Find(member, type.Options.GetTypeInfo(property.PropertyType), items) is { } below)
            {
                return $"{property.Name}.{below}";
            }
        }

        return null;
    }

    private static string? InItems(IEnumerable all, JsonTypeInfo type, bool items)
    {
        var number = 0;
        foreach (var item in all)
        {
            if (item is null)
            {
                if (items)
                {
                    return $"[{number}]";
                }
            }
            else if (type.ElementType != typeof(string) && Find(item, type.Options.GetTypeInfo(type.ElementType!), items) is { } below)
            {
                return $"[{number}].{below}";
            }

            number++;
        }

        return null;
    }

    private static bool IsReference(Type? type) => type is { IsValueType: false };
}
