using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using Microsoft.AspNetCore.Http.Metadata;

namespace IsoCatalog.Appliance.Api;

/// <summary>Why a body cannot be taken, in the words of the API: the serializer's own name types and positions of a program that its sender does not know.</summary>
internal static partial class BodyWords
{
    private const int MaxShown = 100;

    /// <param name="call">That was asked; the request itself does not know it any more once its failure is answered.</param>
    /// <param name="length">Bytes of the body, as far as the request says.</param>
    public static string Of(BadHttpRequestException bad, Endpoint? call, long? length)
    {
        var type = call?.Metadata.GetMetadata<IAcceptsMetadata>()?.RequestType is { } body ? ApiJson.Readable.GetTypeInfo(body) : null;
        return type is null ? "The request is not complete, or its body came too slowly."
            : bad.InnerException is JsonException json ? Of(json, type)

            // The server's own are of a type of their own: the body ended too soon, or took too long.
            : bad.InnerException is not null || bad.GetType() != typeof(BadHttpRequestException) ? "The body is not complete, or came too slowly."
            : length > 0 ? $"The body must be {Shape(type)}."
            : $"The body is missing. Send JSON: {Shape(type)}.";
    }

    public static string Of(JsonException json, JsonTypeInfo type)
    {
        // What is no JSON at all comes as the exception of the reader within that of the serializer.
        if (json.InnerException is JsonException)
        {
            return $"The body is not JSON, or is nested too deeply, from line {(json.LineNumber ?? 0) + 1}, byte {(json.BytePositionInLine ?? 0) + 1} on.";
        }

        var (at, where) = (type, "");
        foreach (var step in Steps().Matches(json.Path ?? "").Select(m => m.Groups.Values.Skip(1).First(g => g.Success)))
        {
            var name = ShownText.Cut(step.Value, MaxShown);
            where = step.Name == "index" ? $"{where}[{name}]" : where.Length == 0 ? name : $"{where}.{name}";
            if (at.Kind is JsonTypeInfoKind.Enumerable or JsonTypeInfoKind.Dictionary)
            {
                at = Info(at.ElementType!);
            }
            else if (at.Properties.FirstOrDefault(p => p.Name == step.Value) is { } property)
            {
                at = Info(property.PropertyType);
            }
            else
            {
                return $"The body has a member '{where}', which is not known here. Known are {Members(at)}.";
            }
        }

        return where.Length == 0 ? $"The body must be {Shape(type)}." : $"{where} must be {Shape(at)}, and stand there once.";
    }

    private static string Shape(JsonTypeInfo type) => type.Kind switch
    {
        JsonTypeInfoKind.Object => $"an object with the members {Members(type)}",
        JsonTypeInfoKind.Dictionary => "an object whose members are texts",
        JsonTypeInfoKind.Enumerable => Info(type.ElementType!) is { Kind: JsonTypeInfoKind.Object } element ? $"a list; in it stand objects with the members {Members(element)}" : "a list of texts",
        _ => MemberWords.Of(type.Type),
    };

    private static string Members(JsonTypeInfo type) => string.Join(", ", type.Properties.Select(p => p.Name));

    private static JsonTypeInfo Info(Type type) => ApiJson.Readable.GetTypeInfo(type)!;

    /// <summary>The steps of a path such as <c>$.peers[0].site</c> or <c>$.titles['x y']</c>.</summary>
    [GeneratedRegex(@"\.(?<member>[^.\[\]']+)|\['(?<quoted>.*?)'\]|\[(?<index>[0-9]+)\]", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Steps();
}
