using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Surfaces.Ovirt;

// Engine API v4, as JSON: the member of a collection is its element's name in the singular, and an empty collection is {}. Numbers and truth values may be
// strings; none of those is needed here.

/// <summary>GET storagedomains/{id}, also under a data center, where alone the status is real.</summary>
internal sealed record StorageDomainAnswer(string? Id, string? Name, string? Type, string? Status, DataCenterList? DataCenters);

internal sealed record DataCenterList(List<NamedAnswer>? DataCenter);

internal sealed record NamedAnswer(string? Id, string? Name);

internal sealed record ClusterList(List<ClusterAnswer>? Cluster);

internal sealed record ClusterAnswer(string? Id, string? Name, NamedAnswer? DataCenter);

internal sealed record FileList
{
    public List<NamedAnswer>? File { get; init; }

    /// <summary>Who answers something else than files did not answer with no files.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

internal sealed record MachineList
{
    public List<MachineAnswer>? Vm { get; init; }

    /// <summary>Who answers something else than machines did not answer with no machines.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Others { get; set; }
}

/// <param name="Status">None: a state that the API has no word for.</param>
/// <param name="Cdroms">As they will be at the next start; none where the engine did not follow the link.</param>
internal sealed record MachineAnswer(string? Id, string? Name, string? Status, NamedAnswer? Cluster, DriveList? Cdroms);

internal sealed record DriveList(List<DriveAnswer>? Cdrom);

/// <param name="File">None: empty. Its id is what somebody wrote there: a name, a path whose last part counts alone, or the id of a disk.</param>
internal sealed record DriveAnswer(string? Id, NamedAnswer? File);

/// <summary>POST sso/oauth/token; <c>exp</c> is in milliseconds since the epoch, as text or number.</summary>
internal sealed record TokenAnswer(string? AccessToken, JsonElement Exp, string? Error, string? ErrorCode, string? ErrorDescription);

internal sealed record FaultAnswer(string? Reason, string? Detail);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    AllowDuplicateProperties = false,
    MaxDepth = 24)]
[JsonSerializable(typeof(StorageDomainAnswer))]
[JsonSerializable(typeof(DataCenterList))]
[JsonSerializable(typeof(ClusterList))]
[JsonSerializable(typeof(FileList))]
[JsonSerializable(typeof(MachineList))]
[JsonSerializable(typeof(MachineAnswer))]
[JsonSerializable(typeof(DriveAnswer))]
[JsonSerializable(typeof(DriveList))]
[JsonSerializable(typeof(TokenAnswer))]
[JsonSerializable(typeof(FaultAnswer))]
internal sealed partial class EngineJson : JsonSerializerContext;
