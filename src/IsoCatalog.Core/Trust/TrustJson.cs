using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Trust;

/// <summary>The JSON of the documents about trust. Reading goes through <see cref="StrictJson"/> first.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    Converters = [typeof(UtcTimeText)],
    MaxDepth = StrictJson.MaxDepth)]
[JsonSerializable(typeof(TrustDocument))]
[JsonSerializable(typeof(JoinRequest))]
[JsonSerializable(typeof(JoinFile))]
internal sealed partial class TrustJson : JsonSerializerContext;
