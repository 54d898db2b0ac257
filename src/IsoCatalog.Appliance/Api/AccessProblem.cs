using System.Buffers;
using System.Globalization;
using System.Text.Json;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Client;
using Microsoft.Net.Http.Headers;

namespace IsoCatalog.Appliance.Api;

/// <summary>Writes a refusal as RFC 9457 problem JSON, with the challenge of RFC 6750.</summary>
internal static class AccessProblem
{
    public static int StatusOf(string code) => code switch
    {
        AccessCode.Unauthorized => StatusCodes.Status401Unauthorized,
        AccessCode.TooManyAttempts => StatusCodes.Status429TooManyRequests,
        _ => StatusCodes.Status403Forbidden,
    };

    public static async Task WriteAsync(HttpContext context, AccessDecision.Refused refused)
    {
        var status = StatusOf(refused.Code);
        var title = refused.Code switch
        {
            AccessCode.Unauthorized => "A token is needed",
            AccessCode.AddressNotAllowed => "Not from this address",
            AccessCode.TooManyAttempts => "Too many wrong tokens",
            _ => "Not allowed",
        };
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = LetterEncoder.Instance }))
        {
            json.WriteStartObject();
            json.WriteString("type", "urn:isocatalog:problem:" + refused.Code);
            json.WriteString("title", title);
            json.WriteNumber("status", status);
            json.WriteString("detail", refused.Message);
            json.WriteEndObject();
        }

        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "application/problem+json";
        response.ContentLength = body.WrittenCount;
        response.Headers.CacheControl = "no-store";
        if (status == StatusCodes.Status429TooManyRequests)
        {
            response.Headers.RetryAfter = ((int)AttemptLimit.Refill.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }
        else
        {
            response.Headers.WWWAuthenticate = "Bearer realm=\"isocatalog\"" + refused.Code switch
            {
                AccessCode.Unauthorized => context.Request.Headers.ContainsKey(HeaderNames.Authorization) ? ", error=\"invalid_token\"" : "",
                _ => ", error=\"insufficient_scope\"",
            };
        }

        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await response.BodyWriter.WriteAsync(body.WrittenMemory, context.RequestAborted);
        }
    }
}
