using System.Collections.Frozen;
using System.Collections.Immutable;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>Everything that is known from the engine at one moment; immutable.</summary>
internal sealed record EngineNews
{
    public static readonly EngineNews None = new();

    /// <summary>The last good look; null before the first.</summary>
    public EngineLook? Look { get; init; }

    /// <summary>Why the newest look failed; null when it did not.</summary>
    public EngineFailure? LookFailure { get; init; }

    /// <summary>The last good list; null before the first.</summary>
    public EngineList? List { get; init; }

    /// <summary>The newest that is older than it by the distance of refreshes: what both lack or have too much is no matter of a moment.</summary>
    public EngineList? ListBefore { get; init; }

    /// <summary>Why the newest refresh failed; null when it did not.</summary>
    public EngineFailure? RefreshFailure { get; init; }

    /// <summary>The data centers of the last look, ready where the last list counts.</summary>
    public ImmutableArray<DataCenter> DataCenters => Look is null
        ? []
        : [.. Look.DataCenters.Select(d => d with { Ready = d.Status == EngineLook.Active && List?.DataCenters.Contains(d.Id) == true })];
}

/// <param name="At">When it began.</param>
/// <param name="Name">The domain's.</param>
/// <param name="DataCenters">As the engine said it; Ready is not filled in.</param>
internal sealed record EngineLook(DateTimeOffset At, string Name, ImmutableArray<DataCenter> DataCenters)
{
    public const string Active = "active";

    public IEnumerable<string> ActiveIds => DataCenters.Where(d => d.Status == Active).Select(d => d.Id);

    public string Statuses => string.Join(", ", DataCenters.Select(d => $"{d.Status} in {d.Name}"));
}

/// <summary>What a forced refresh brought.</summary>
/// <param name="Began">Files that were in place by then are in it, if the hosts' memory of the folder is fresh.</param>
/// <param name="Names">Of files that virtual machines can be given.</param>
/// <param name="DataCenters">Where the domain was active before the refresh and after it: the list was made there.</param>
internal sealed record EngineList(DateTimeOffset Began, FrozenSet<string> Names, FrozenSet<string> DataCenters);

/// <param name="Since">When the first of an unbroken row of failures was.</param>
internal sealed record EngineFailure(DateTimeOffset Since, string Code, string Reason);
