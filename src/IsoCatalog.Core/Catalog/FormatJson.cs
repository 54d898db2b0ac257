using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>The JSON of the catalog's documents. Reading goes through <see cref="StrictJson"/> first.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(UtcTimeText), typeof(SharedText)],
    MaxDepth = StrictJson.MaxDepth)]
[JsonSerializable(typeof(SiteManifest))]
[JsonSerializable(typeof(Holdings))]
[JsonSerializable(typeof(Members))]
[JsonSerializable(typeof(WireEntry<ImageValue>))]
[JsonSerializable(typeof(WireEntry<MetaValue>))]
[JsonSerializable(typeof(WireEntry<BlockValue>))]
[JsonSerializable(typeof(WireEntry<AliasValue>))]
internal sealed partial class FormatJson : JsonSerializerContext;

/// <summary>An entry as it stands in a chunk: the key says which kind of value it has.</summary>
internal sealed record WireEntry<T>
    where T : class
{
    public required string Key { get; init; }

    public required Stamp Stamp { get; init; }

    /// <summary>put or del.</summary>
    public required string Op { get; init; }

    public required string By { get; init; }

    public Sha256Digest? Obs { get; init; }

    public string? Why { get; init; }

    public T? Value { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

internal sealed record BlockValue
{
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

internal sealed record AliasValue(ImageId Target, IReadOnlyList<ImageId>? Former = null, long? Asked = null);
