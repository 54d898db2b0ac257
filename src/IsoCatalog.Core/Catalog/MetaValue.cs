using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Catalog;

/// <summary>What people say about an image; never about its bytes.</summary>
public sealed record MetaValue
{
    private const string Other = "other";

    /// <summary>By language tag; <c>en</c> is what an answer without a language shows.</summary>
    public IReadOnlyDictionary<string, string> Titles { get; init; } = new Dictionary<string, string>();

    /// <summary>installer, live, rescue, drivers or other; other where an entry says nothing.</summary>
    public string Kind { get; init => field = value ?? Other; } = Other;

    public string? Group { get; init; }

    /// <summary>Smaller first; 0 is none, and comes after all that have one (<see cref="ImagePosition"/>).</summary>
    public int Order { get; init; }

    public ImageOs Os { get; init; } = new();

    public IReadOnlyList<string> Arch { get; init; } = [];

    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>A hidden image is in the catalog and the store, and on no surface.</summary>
    public bool Hidden { get; init; }

    public DateOnly? EolDate { get; init; }

    /// <summary>Kept as it was said; nothing goes by it yet.</summary>
    public string? Owner { get; init; }

    /// <summary>A protected image is not removed before the protection is taken off.</summary>
    public bool Protected { get; init; }

    /// <summary>together or asap; null means the site's setting.</summary>
    public string? Offer { get; init; }

    /// <summary>Members of later versions, kept when the entry is stated again.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

public sealed record ImageOs(
    string? Family = null, string? Distro = null, string? Version = null, string? Edition = null, string? Language = null);
