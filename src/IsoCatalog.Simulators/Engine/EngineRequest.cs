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
    /// <summary>ParametersHelper.getBooleanParameter: several words for each, and whatever else is passed over as if it were not there.</summary>
    /// <param name="name">Of the parameter.</param>
    /// <param name="empty">What the name alone means, without a value.</param>
    public bool? Flag(string name, bool? empty = true) => !Parameters.TryGetValue(name, out var value) ? null
        : value.ToUpperInvariant() switch
        {
            "" => empty,
            "T" or "TRUE" or "Y" or "YES" or "1" => true,
            "F" or "FALSE" or "N" or "NO" or "0" => false,
            _ => null,
        };

    /// <summary>Links that are followed (<c>follow=cdroms,nics</c>), as BaseBackendResource.follow takes them apart.</summary>
    public bool Follows(string link) => Parameters.TryGetValue("follow", out var value)
        && value.Split(',').Any(l => string.Equals(l.Split('.')[0].Replace("_", "", StringComparison.Ordinal), link, StringComparison.OrdinalIgnoreCase));

    public int? Number(string name) => Parameters.TryGetValue(name, out var value) && int.TryParse(value, out var number) && number >= 0 ? number : null;
}
