using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace IsoCatalog.Client;

/// <summary>
/// How answers are read: members that a newer site added are passed over, while a member that must be there and is not makes the answer
/// unreadable instead of null in the caller's hands.
/// </summary>
internal static class AnswerJson
{
    private static readonly JsonSerializerOptions Options = new(ApiJson.Default.Options)
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip,
        TypeInfoResolver = new ApiJson(new JsonSerializerOptions(ApiJson.Default.Options)).WithAddedModifier(RequireWhatIsNeverNull),
    };

    /// <exception cref="JsonException">Not JSON, or not of this type.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json)
        where T : class
    {
        RefuseNulls(json);
        return JsonSerializer.Deserialize(json, (JsonTypeInfo<T>)Options.GetTypeInfo(typeof(T))) ?? throw new JsonException();
    }

    /// <summary>The API leaves out what is not there; the serializer would let a null into a list or a dictionary.</summary>
    private static void RefuseNulls(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Options.MaxDepth });
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Null)
            {
                throw new JsonException("A site leaves out what it does not have, and sends no null.");
            }
        }
    }

    private static void RequireWhatIsNeverNull(JsonTypeInfo type)
    {
        if (type.Kind != JsonTypeInfoKind.Object)
        {
            return;
        }

        foreach (var property in type.Properties)
        {
            if (property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false } parameter
                && Nullable.GetUnderlyingType(parameter.ParameterType) is null)
            {
                property.IsRequired = true;
            }
        }
    }
}
