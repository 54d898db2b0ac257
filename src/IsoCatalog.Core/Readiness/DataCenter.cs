namespace IsoCatalog.Core.Readiness;

/// <summary>An oVirt data center that a surface's ISO domain is attached to: virtual machines in its clusters mount from there.</summary>
/// <param name="Id">The engine's.</param>
/// <param name="Name">The engine's; the id where the appliance's user may not read names.</param>
/// <param name="Status">Of the ISO domain in this data center, in the engine's words: active, maintenance, inactive and so on.</param>
/// <param name="Ready">The domain is active there, and was so before and after the engine last listed it.</param>
/// <param name="Clusters">Those of the data center, as far as the appliance's user may read them.</param>
public sealed record DataCenter(string Id, string Name, string Status, bool Ready, IReadOnlyList<Cluster> Clusters)
{
    public bool Has(string cluster) => Clusters.Any(c => c.Id == cluster || c.Name == cluster);

    /// <summary>Says the same.</summary>
    public bool Is(DataCenter? other) => other is not null
        && (Id, Name, Status, Ready) == (other.Id, other.Name, other.Status, other.Ready) && Clusters.SequenceEqual(other.Clusters);
}

/// <param name="Id">The engine's.</param>
/// <param name="Name">Unique in the engine.</param>
public sealed record Cluster(string Id, string Name);
