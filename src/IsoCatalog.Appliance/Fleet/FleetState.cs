using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>What a site has, said to another: enough for that one to see what it lacks. Not signed: everything it points to is.</summary>
/// <param name="Now">The site's wall clock.</param>
/// <param name="Sites">By site: of every site of which there is anything, this one included.</param>
internal sealed record FleetState(RandomId Fleet, string Site, DateTimeOffset Now, TrustHead Trust, IReadOnlyDictionary<string, SiteHeads> Sites)
{
    /// <summary>Bytes of JSON: 200 sites with eight documents each fit ten times.</summary>
    public const int MaxBytes = 1 << 20;
}

/// <param name="Sha256">Of the payload.</param>
internal sealed record TrustHead(long Version, Sha256Digest Sha256);

/// <param name="Documents">The payload hashes of the retained documents; their order means nothing.</param>
internal sealed record SiteHeads(IReadOnlyList<Sha256Digest> Documents, StatementHead? Holdings = null, StatementHead? Members = null);

/// <summary>Which one of a site's statements that replace each other.</summary>
internal sealed record StatementHead(long Epoch, long Seq, Sha256Digest Sha256);

/// <summary>Why the fleet listener does not do something.</summary>
/// <param name="Code">One of <see cref="FleetRefusalCode"/>.</param>
/// <param name="Trust">What trust document the listener has, so that a caller whose key is not known can bring a newer one, or fetch it.</param>
internal sealed record FleetRefusal(string Code, string Detail, TrustHead? Trust = null)
{
    public const int MaxBytes = 16 << 10;
}

internal static class FleetRefusalCode
{
    /// <summary>403: the caller's key is in no trust document that the listener has; it may exchange trust documents and nothing else.</summary>
    public const string UnknownKey = "unknown-key";

    /// <summary>403: the caller shows the listener's own key.</summary>
    public const string OwnKey = "own-key";

    /// <summary>404.</summary>
    public const string NotFound = "not-found";

    /// <summary>400 or 413.</summary>
    public const string InvalidRequest = "invalid-request";

    /// <summary>409: another fleet.</summary>
    public const string WrongFleet = "wrong-fleet";

    /// <summary>422: the trust document was not taken; the detail names the rule.</summary>
    public const string Refused = "refused";

    /// <summary>429.</summary>
    public const string TooManyRequests = "too-many-requests";
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    AllowDuplicateProperties = false,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    MaxDepth = 8)]
[JsonSerializable(typeof(FleetState))]
[JsonSerializable(typeof(FleetRefusal))]
internal sealed partial class FleetJson : JsonSerializerContext;
