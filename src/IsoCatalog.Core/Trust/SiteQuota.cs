using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// How much one site may state in one of its documents; a member that is null limits nothing. It is weighed on the document alone, so that every site refuses the same.
/// </summary>
public sealed record SiteQuota
{
    /// <summary>Documents that were signed under an earlier trust version are not weighed: a site that did not know the quota keeps what it has.</summary>
    public required long Since { get; init; }

    /// <summary>Entries of any kind, tombstones included.</summary>
    public int? Entries { get; init; }

    /// <summary>Images that are put, each with a name.</summary>
    public int? Names { get; init; }

    /// <summary>Aliases that point to an image.</summary>
    public int? Aliases { get; init; }

    /// <summary>Bytes of the images that are put, as they are said to be.</summary>
    public long? Bytes { get; init; }

    /// <summary>Members of later versions.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}
