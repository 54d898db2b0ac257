using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using IsoCatalog.Core.Trust;
using Refit;

namespace IsoCatalog.Client;

/// <summary>
/// How requests are written and answers are read: members that a newer site added are passed over, while a member that must be there and is not makes the
/// answer unreadable instead of null in the caller's hands.
/// </summary>
internal sealed class AnswerSerializer(AskedSite site) : IHttpContentSerializer
{
    private static readonly JsonSerializerOptions Reading = new(ApiJson.Default.Options)
    {
        UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip,
        TypeInfoResolver = new ApiJson(new JsonSerializerOptions(ApiJson.Default.Options)).WithAddedModifier(RequireWhatIsNeverNull),
    };

    public HttpContent ToHttpContent<T>(T item) =>
        new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(item, (JsonTypeInfo<T>)ApiJson.Default.Options.GetTypeInfo(typeof(T))))
        {
            Headers = { ContentType = new MediaTypeHeaderValue("application/json") },
        };

    /// <exception cref="ApplianceException">Not JSON, or not of this type.</exception>
    public Task<T?> FromHttpContentAsync<T>(HttpContent content, CancellationToken cancellationToken = default)
    {
        var answer = (Answer)content;
        object value = typeof(T) == typeof(AvailableChange) ? new AvailableChange(Read<AvailableAnswer>(answer), answer.ETag)
            : typeof(T) == typeof(ImagePage) ? new ImagePage(Read<ImageList>(answer).Images, answer.Next)
            : typeof(T) != typeof(AliasMoved) ? Read<T>(answer)!
            : answer.Status == HttpStatusCode.Accepted ? new AliasMoved(null, Read<JobView>(answer))
            : new AliasMoved(Read<AliasView>(answer), null);
        return Task.FromResult((T?)value);
    }

    public string? GetFieldNameForProperty(PropertyInfo propertyInfo) => null;

    /// <exception cref="JsonException">Not JSON, or not of this type.</exception>
    public static T Read<T>(ReadOnlySpan<byte> json)
    {
        RefuseNulls(json);
        var type = (JsonTypeInfo<T>)Reading.GetTypeInfo(typeof(T));
        var value = JsonSerializer.Deserialize(json, type) ?? throw new JsonException();
        return CompleteJson.FirstMissing(value, type) is { } missing ? throw new JsonException("It is not there.", "$." + missing, null, null) : value;
    }

    private T Read<T>(Answer answer)
    {
        try
        {
            return Read<T>(answer.Body);
        }
        catch (JsonException unreadable)
        {
            var at = unreadable.Path?.TrimStart('$', '.') is { Length: > 0 } where ? $" (at {where})" : "";
            throw site.Unexpected(answer.Status, $"JSON that is not what this call answers{at}", unreadable);
        }
    }

    /// <summary>The API leaves out what is not there; the serializer would let a null into a list or a dictionary.</summary>
    private static void RefuseNulls(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = Reading.MaxDepth });
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
            // What is no parameter may have a value of its own where an older site left it out.
            if (property.AssociatedParameter is { HasDefaultValue: false, IsNullable: false, IsMemberInitializer: false } parameter
                && Nullable.GetUnderlyingType(parameter.ParameterType) is null)
            {
                property.IsRequired = true;
            }
        }
    }
}
