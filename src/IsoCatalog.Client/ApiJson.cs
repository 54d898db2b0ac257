using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Client;

/// <summary>The JSON of the public API: camel case, absent instead of null, times in UTC.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    MaxDepth = 16)]
[JsonSerializable(typeof(AvailableAnswer))]
[JsonSerializable(typeof(IReadOnlyList<AvailableImage>))]
[JsonSerializable(typeof(ImageList))]
[JsonSerializable(typeof(ImageView))]
[JsonSerializable(typeof(TakeBackRequest))]
[JsonSerializable(typeof(TakeBackView))]
[JsonSerializable(typeof(JobView))]
[JsonSerializable(typeof(JobList))]
[JsonSerializable(typeof(DriftList))]
[JsonSerializable(typeof(RetiredList))]
[JsonSerializable(typeof(BlockView))]
[JsonSerializable(typeof(BlockList))]
[JsonSerializable(typeof(BlockRequest))]
[JsonSerializable(typeof(AliasRequest))]
[JsonSerializable(typeof(AliasView))]
[JsonSerializable(typeof(AliasList))]
[JsonSerializable(typeof(LeaseView))]
[JsonSerializable(typeof(LeaseList))]
[JsonSerializable(typeof(LeaseRequest))]
[JsonSerializable(typeof(LeaseRenewal))]
[JsonSerializable(typeof(AddRequest))]
[JsonSerializable(typeof(ImagePatch))]
[JsonSerializable(typeof(SiteEvent))]
[JsonSerializable(typeof(IReadOnlyList<SiteEvent>))]
[JsonSerializable(typeof(StatusView))]
[JsonSerializable(typeof(SurfaceRefreshView))]
[JsonSerializable(typeof(SiteList))]
[JsonSerializable(typeof(TransferList))]
[JsonSerializable(typeof(PeerSetting))]
[JsonSerializable(typeof(PeerList))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(MetaValue))]
public sealed partial class ApiJson : JsonSerializerContext
{
    /// <summary>As a site and the command line write it: <see cref="LetterEncoder"/>.</summary>
    public static ApiJson Readable => field ??= new ApiJson(new JsonSerializerOptions(Default.Options) { Encoder = LetterEncoder.Instance });
}
