namespace IsoCatalog.Simulators.Engine;

/// <summary>A request that was answered.</summary>
/// <param name="Target">Path and query as they came.</param>
/// <param name="Status">0: the connection was cut.</param>
public sealed record EngineRequest(string Method, string Target, int Status);

/// <summary>A request of the API, taken apart.</summary>
/// <param name="Path">Below <c>/ovirt-engine/api</c>, without matrix parameters.</param>
/// <param name="Parameters">Of the query and of the matrix (<c>;refresh=true</c>), which mean the same.</param>
internal sealed record EngineCall(string Method, string[] Path, IReadOnlyDictionary<string, string> Parameters, string? Body)
{
    public bool? Flag(string name) => Parameters.TryGetValue(name, out var value) ? string.Equals(value, "true", StringComparison.OrdinalIgnoreCase) : null;

    public int? Number(string name) => Parameters.TryGetValue(name, out var value) && int.TryParse(value, out var number) && number >= 0 ? number : null;
}
