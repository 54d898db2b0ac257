using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace IsoCatalog.Simulators.Engine;

/// <summary>One request and its answer on the wire: the versions, the two forms, authentication, and the services beside the API.</summary>
internal sealed class EngineExchange(EngineApi api, EngineTokens tokens, string? caPem)
{
    private const int MaxBody = 64 << 10;
    private const string Xml = "application/xml";
    private const string Json = "application/json";
    private const string Base = "/ovirt-engine/";

    private int _logins;

    /// <summary>Tokens given so far.</summary>
    public int Logins => Volatile.Read(ref _logins);

    public async Task AnswerAsync(HttpContext context, EngineFaults faults)
    {
        var answer = faults.Down ? new EngineAnswer.Page(503, "Service Unavailable") : await AnswerOfAsync(context, faults);
        var form = FormOf(context.Request);
        if (answer is EngineAnswer.Thing && form is null)
        {
            answer = new EngineAnswer.Page(406, "Not Acceptable");
        }

        var response = context.Response;
        response.StatusCode = answer.Status;
        if (answer.Status == 401)
        {
            response.Headers.WWWAuthenticate = "Basic realm=\"RESTAPI\"";
        }

        var (type, body) = answer switch
        {
            EngineAnswer.Thing thing => (form + (form == Xml ? ";charset=UTF-8" : ""), form == Xml ? EntityWriter.Xml(thing.Entity) : EntityWriter.Json(thing.Entity)),
            EngineAnswer.Page page => ("text/html;charset=UTF-8", Encoding.UTF8.GetBytes(page.Html)),
            EngineAnswer.Raw raw => (raw.ContentType, Encoding.UTF8.GetBytes(raw.Body)),
            _ => (null, []),
        };
        if (answer is EngineAnswer.Thing { Status: 200 } && faults.Garbage is { } garbage)
        {
            (type, body) = Spoil(type!, body, garbage, form!);
        }

        if (context.Request is { Method: "GET", ContentLength: > 0 })
        {
            // libgovirt announces a body with its GETs, and after a 401 repeats them without that body: what comes next must not be taken for it.
            response.Headers.Connection = "close";
        }

        response.ContentType = type;
        response.ContentLength = body.Length;
        await response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static (string Type, byte[] Body) Spoil(string type, byte[] body, EngineGarbage garbage, string form) => garbage switch
    {
        EngineGarbage.Html => ("text/html;charset=UTF-8", Encoding.UTF8.GetBytes(new EngineAnswer.Page(200, "Log In").Html)),
        EngineGarbage.Truncated => (type, body[..(body.Length / 2)]),
        _ => (type, form == Xml ? "<bookmarks/>"u8.ToArray() : "[]"u8.ToArray()),
    };

    private async Task<EngineAnswer> AnswerOfAsync(HttpContext context, EngineFaults faults)
    {
        var request = context.Request;
        var path = request.Path.Value ?? "/";
        switch (request.Method, path)
        {
            case ("GET", Base + "services/health"):
                return new EngineAnswer.Raw(200, "text/html;charset=UTF-8", "DB Up!Welcome to Health Status!");
            case ("GET", Base + "services/pki-resource"):
                return request.Query["resource"] == "ca-certificate" && caPem is not null
                    ? new EngineAnswer.Raw(200, "application/x-x509-ca-cert", caPem)
                    : EngineAnswer.NothingThere;
            case ("POST", Base + "sso/oauth/token"):
                return await GiveTokenAsync(request, faults);
            case ("POST", Base + "services/sso-logout"):
                var form = await ReadFormAsync(request);
                tokens.End(form.GetValueOrDefault("token") ?? "");
                return new EngineAnswer.Raw(200, Json, "{}");
        }

        if (path != EngineEntities.Root && !path.StartsWith(EngineEntities.Root + "/", StringComparison.Ordinal))
        {
            return EngineAnswer.NothingThere;
        }

        var (segments, parameters) = TakeApart(path[EngineEntities.Root.Length..]);
        var version = request.Headers["Version"].ToString();
        if (segments is [['v', >= '0' and <= '9', ..] inPath, ..])
        {
            version = inPath[1..];
            segments.RemoveAt(0);
        }

        if (version is not ("" or "4"))
        {
            return new EngineAnswer.Page(400, $"Unsupported version {version}");
        }

        if (!IsKnown(request, faults))
        {
            return EngineAnswer.Unauthorized;
        }

        foreach (var (name, values) in request.Query)
        {
            parameters[name] = values.ToString();
        }

        if (request.Headers.TryGetValue("Filter", out var filter))
        {
            parameters.TryAdd("filter", filter.ToString());
        }

        var body = request.Method is "GET" ? null : await ReadBodyAsync(request);
        return await api.AnswerAsync(new EngineCall(request.Method, [.. segments], parameters, body), faults, context.RequestAborted);
    }

    /// <summary>Of the matrix the last segment's parameters count alone.</summary>
    private static (List<string> Segments, Dictionary<string, string> Parameters) TakeApart(string path)
    {
        var segments = new List<string>();
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = segment.Split(';');
            segments.Add(parts[0]);
            parameters.Clear();
            foreach (var pair in parts.Skip(1).Select(p => p.Split('=', 2)))
            {
                parameters[pair[0]] = pair is [_, var value] ? value : "";
            }
        }

        return (segments, parameters);
    }

    /// <summary>By a token of the SSO, or by name and password with every request.</summary>
    private bool IsKnown(HttpRequest request, EngineFaults faults)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return !faults.RefuseTokens && tokens.IsGood(header[7..].Trim());
        }

        if (!header.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || faults.RefusePassword)
        {
            return false;
        }

        var bytes = new byte[header.Length];
        return Convert.TryFromBase64String(header[6..].Trim(), bytes, out var length)
            && Encoding.UTF8.GetString(bytes, 0, length).Split(':', 2) is [var user, var password]
            && tokens.IsPassword(user, password);
    }

    /// <summary>OAuthTokenServlet: the one grant that a program uses. The end is epoch milliseconds, as text, under <c>exp</c>.</summary>
    private async Task<EngineAnswer> GiveTokenAsync(HttpRequest request, EngineFaults faults)
    {
        var form = await ReadFormAsync(request);
        foreach (var (name, values) in request.Query)
        {
            form[name] = values.ToString();
        }

        var scope = form.GetValueOrDefault("scope") ?? "";
        if (form.GetValueOrDefault("grant_type") != "password")
        {
            return Refuse(scope, "unsupported_grant_type", "Unsupported grant type.");
        }

        if (faults.RefusePassword || !tokens.IsPassword(form.GetValueOrDefault("username") ?? "", form.GetValueOrDefault("password") ?? ""))
        {
            return Refuse(scope, "access_denied", "Cannot authenticate user Invalid user credentials.");
        }

        var (token, ends) = tokens.Give();
        Interlocked.Increment(ref _logins);
        return new EngineAnswer.Raw(
            200,
            Json,
            $$"""{"access_token":"{{token}}","scope":"ovirt-app-api ovirt-app-admin","exp":"{{ends.ToUnixTimeMilliseconds()}}","token_type":"bearer"}""");
    }

    /// <summary>The two spellings of SsoService.sendJsonDataWithMessage: clients of the API get the older one.</summary>
    private static EngineAnswer Refuse(string scope, string code, string words) => new EngineAnswer.Raw(
        400,
        Json,
        scope.Split(' ').Contains("ovirt-app-api", StringComparer.Ordinal)
            ? $$"""{"error_code":"{{code}}","error":"{{words}}"}"""
            : $$"""{"error":"{{code}}","error_description":"{{words}}"}""");

    /// <returns>Null: neither XML nor JSON would do.</returns>
    private static string? FormOf(HttpRequest request)
    {
        string[] said = request.Query["accept"] is [{ Length: > 0 } asked, ..] ? [asked] : [.. request.Headers.Accept.OfType<string>()];
        if (said.Length == 0 || !MediaTypeHeaderValue.TryParseList(said, out var types))
        {
            return Xml;
        }

        return types.OrderByDescending(t => t.Quality ?? 1)
            .Select(t => t.MediaType.Value switch
            {
                "application/json" => Json,
                "application/xml" or "application/*" or "*/*" => Xml,
                _ => null,
            })
            .FirstOrDefault(t => t is not null);
    }

    private static async Task<Dictionary<string, string>> ReadFormAsync(HttpRequest request) =>
        QueryHelpers.ParseQuery(await ReadBodyAsync(request)).ToDictionary(p => p.Key, p => p.Value.ToString(), StringComparer.Ordinal);

    private static async Task<string> ReadBodyAsync(HttpRequest request)
    {
        using var reader = new StreamReader(request.Body, Encoding.UTF8);
        var buffer = new char[MaxBody];
        var length = await reader.ReadBlockAsync(buffer, request.HttpContext.RequestAborted);
        return new string(buffer, 0, length);
    }
}
