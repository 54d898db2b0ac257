using System.Net;
using System.Text.Json;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Client;

/// <summary>Makes a problem of whatever came with a refusal: RFC 9457, a proxy's HTML page, nothing, or something hostile.</summary>
internal static class ProblemReader
{
    /// <summary>Bytes; a problem is a few hundred.</summary>
    public const int MaxLength = 64 * 1024;

    private const int MaxText = 4000;

    public static async Task<Problem> ReadAsync(HttpResponseMessage response, string address, CancellationToken cancellationToken)
    {
        var type = response.Content.Headers.ContentType?.MediaType;
        if (type is "application/problem+json" or "application/json"
            && await BoundedBody.ReadAsync(response.Content, MaxLength, cancellationToken) is { } body
            && Parse(body, (int)response.StatusCode) is { } problem)
        {
            return problem;
        }

        return WithoutBody(response.StatusCode, address);
    }

    /// <returns>Null when the body says nothing that could be shown.</returns>
    public static Problem? Parse(ReadOnlyMemory<byte> body, int status)
    {
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || (Text(root, "detail") ?? Text(root, "title")) is not { } detail)
            {
                return null;
            }

            return new Problem(
                Text(root, "type") ?? "about:blank",
                Text(root, "title") ?? detail,
                status,
                detail,
                ImageId.TryParse(Text(root, "image"), out var image) ? image : null,
                Text(root, "remedy"));
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement problem, string name) =>
        problem.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text.Length > MaxText ? ShownText.Cut(text, MaxText) + "..." : text
            : null;

    private static Problem WithoutBody(HttpStatusCode status, string address)
    {
        var words = $"{(int)status} {status}";
        return new Problem(
            Problem.TypePrefix + "http-" + (int)status,
            words,
            (int)status,
            status switch
            {
                HttpStatusCode.Unauthorized => $"The site at {address} asks for a token ({words}). Name one with --token-file.",
                HttpStatusCode.Forbidden => $"The site at {address} does not permit this to the token that was sent ({words}).",
                >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest =>
                    $"{address} answered {words}. Redirects are not followed; name the site's own address.",
                _ => $"{address} answered {words} without saying why. Is that an IsoCatalog site? Its log may say more.",
            });
    }
}
