using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;

namespace IsoCatalog.Simulators.Engine;

/// <summary>
/// <c>/simulator</c>: what no engine has. Faults are shown and set there, for tests in other languages and for whoever writes a panel. Nobody is asked
/// for a password.
/// </summary>
internal static class EngineControl
{
    public const string Root = "/simulator";

    private const int MaxBody = 64 << 10;

    public static async Task AnswerAsync(HttpContext context, EngineSimulator engine)
    {
        var path = context.Request.Path.Value![Root.Length..].Trim('/');
        switch (context.Request.Method, path)
        {
            case ("GET", ""):
                await WriteAsync(context, engine.State, EngineControlJson.Default.EngineState);
                return;
            case ("GET", "faults"):
                break;
            case ("DELETE", "faults"):
                engine.Faults = EngineFaults.None;
                break;
            case ("PUT" or "PATCH", "faults"):
                var (faults, mistake) = await ReadFaultsAsync(context, engine, context.Request.Method == "PATCH");
                if (faults is null)
                {
                    context.Response.StatusCode = 400;
                    await context.Response.WriteAsync(mistake + "\n", context.RequestAborted);
                    return;
                }

                engine.Faults = faults;
                break;
            case ("POST", "expire-tokens"):
                engine.ExpireTokens();
                context.Response.StatusCode = 204;
                return;
            case ("GET", "requests"):
                await WriteAsync(context, engine.Requests, EngineControlJson.Default.IReadOnlyListEngineRequest);
                return;
            default:
                context.Response.StatusCode = 404;
                return;
        }

        await WriteAsync(context, engine.Faults, EngineControlJson.Default.EngineFaults);
    }

    /// <summary>PATCH changes what it names, PUT resets what it does not.</summary>
    private static async Task<(EngineFaults? Faults, string? Mistake)> ReadFaultsAsync(HttpContext context, EngineSimulator engine, bool keepOthers)
    {
        if (context.Request.ContentLength is not (>= 0 and <= MaxBody))
        {
            return (null, $"A Content-Length of at most {MaxBody} is needed.");
        }

        try
        {
            var said = await JsonNode.ParseAsync(context.Request.Body, cancellationToken: context.RequestAborted) as JsonObject
                ?? throw new JsonException("An object is needed.");
            var whole = JsonSerializer.SerializeToNode(keepOthers ? engine.Faults : EngineFaults.None, EngineControlJson.Default.EngineFaults)!.AsObject();
            foreach (var (name, value) in said)
            {
                whole[name] = value?.DeepClone();
            }

            var faults = whole.Deserialize(EngineControlJson.Default.EngineFaults)!;
            var centers = faults.FailingDataCenters.Concat(faults.Status.Keys).Except(engine.DataCenters).ToList();
            return centers.Count > 0 ? (null, $"There is no data center {string.Join(", ", centers)}; there are {string.Join(", ", engine.DataCenters)}.")
                : faults.Status.Values.Except(DomainStatus.All).FirstOrDefault() is { } status
                    ? (null, $"There is no status {status}; there are {string.Join(", ", DomainStatus.All)}.")
                    : (faults, null);
        }
        catch (JsonException e)
        {
            return (null, e.Message);
        }
    }

    private static Task WriteAsync<T>(HttpContext context, T value, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type) =>
        context.Response.WriteAsJsonAsync(value, type, cancellationToken: context.RequestAborted);
}

/// <summary>What a simulated engine is, for whoever talks to it.</summary>
/// <param name="Url">As a client's configuration wants it.</param>
/// <param name="CaFile">Null without TLS.</param>
public sealed record EngineState(string Url, string User, string? CaFile, IReadOnlyList<EngineDomainState> Domains, int Refreshes, int Logins);

/// <param name="Files">The directory that is listed.</param>
/// <param name="DataCenters">Id to name.</param>
public sealed record EngineDomainState(Guid Id, string Name, string Files, IReadOnlyDictionary<string, string> DataCenters);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    WriteIndented = true)]
[JsonSerializable(typeof(EngineFaults))]
[JsonSerializable(typeof(EngineState))]
[JsonSerializable(typeof(IReadOnlyList<EngineRequest>))]
internal sealed partial class EngineControlJson : JsonSerializerContext;
