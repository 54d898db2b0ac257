using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Simulators.Engine;

/// <summary>What goes wrong at the engine from now on. The default: nothing.</summary>
public sealed record EngineFaults
{
    public static EngineFaults None { get; } = new();

    /// <summary>The engine is down behind its web server: 503 with a page of HTML for whatever is asked.</summary>
    public bool Down { get; init; }

    /// <summary>Connections are cut without an answer.</summary>
    public bool Cut { get; init; }

    /// <summary>Before each answer.</summary>
    [JsonPropertyName("delaySeconds"), JsonConverter(typeof(SecondsConverter))]
    public TimeSpan Delay { get; init; }

    /// <summary>Before each answer for which the storage is asked: a host that is slow. An engine itself gives up after 180 s.</summary>
    [JsonPropertyName("refreshDelaySeconds"), JsonConverter(typeof(SecondsConverter))]
    public TimeSpan RefreshDelay { get; init; }

    /// <summary>
    /// The attribute cache of the host's NFS mount: a change of the directory comes into the list with the first refresh this long after the first
    /// refresh that could have shown it. Real ones take 30 to 60 s.
    /// </summary>
    [JsonPropertyName("lagSeconds"), JsonConverter(typeof(SecondsConverter))]
    public TimeSpan Lag { get; init; }

    /// <summary>Names of data centers whose host fails to list the files. One is enough to fail the whole refresh.</summary>
    public IReadOnlyList<string> FailingDataCenters { get; init; } = [];

    /// <summary>A failing host answers nothing, and the engine stumbles over that: 500 instead of 400, and no detail.</summary>
    public bool FailWithNull { get; init; }

    /// <summary>Data center name to the status of its ISO domain (<c>inactive</c>, <c>maintenance</c>, ...), whatever it was.</summary>
    public IReadOnlyDictionary<string, string> Status { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>File names that are never in the list.</summary>
    public IReadOnlyList<string> Hide { get; init; } = [];

    /// <summary>File names that are in the list whether or not there is such a file.</summary>
    public IReadOnlyList<string> Invent { get; init; } = [];

    /// <summary>Every token is refused as soon as it was given: 401.</summary>
    public bool RefuseTokens { get; init; }

    /// <summary>The right password is refused: locked, changed or expired.</summary>
    public bool RefusePassword { get; init; }

    /// <summary>The user may log in and sees nothing: empty collections, and 404 for everything in them.</summary>
    public bool NoPermission { get; init; }

    /// <summary>The user is no administrator: he sees the storage and no virtual machine, and asking for everything (<c>filter=false</c>) is refused.</summary>
    public bool NoAdministrator { get; init; }

    /// <summary>What the body of a 200 of the API is instead of the answer.</summary>
    public EngineGarbage? Garbage { get; init; }
}

/// <summary>Bodies that are no answer.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EngineGarbage>))]
public enum EngineGarbage
{
    /// <summary>A page of HTML, as a login page or a proxy would send it.</summary>
    [JsonStringEnumMemberName("html")]
    Html,

    /// <summary>The first half of the right answer.</summary>
    [JsonStringEnumMemberName("truncated")]
    Truncated,

    /// <summary>Well-formed, and about something else.</summary>
    [JsonStringEnumMemberName("other")]
    Other,
}

/// <summary>A span of time as a number of seconds, 0 to one day.</summary>
internal sealed class SecondsConverter : JsonConverter<TimeSpan>
{
    public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TryGetDouble(out var seconds) && seconds is >= 0 and <= 86_400
            ? TimeSpan.FromSeconds(seconds)
            : throw new JsonException("Seconds go from 0 to 86400.");

    public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteNumberValue(value.TotalSeconds);
}
