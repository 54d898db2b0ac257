using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Core.Catalog;

/// <summary>What is signed about the bytes. <c>(sha256, size, root)</c> never changes for an image.</summary>
public sealed record ImageValue
{
    // No property has one of these as its name: what is ignored by name is not kept either.
    private const string AddedBy = "addedBy";
    private const string AddedSite = "addedSite";
    private const string HashBy = "hashBy";
    private const string FaultyWarnings = "faultyWarnings";

    private const int LongestName = 200;

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    public required Sha256Digest Sha256 { get; init; }

    /// <summary>BitTorrent v2 root (BEP 52): what every read-back is compared with.</summary>
    public required Sha256Digest Root { get; init; }

    /// <summary>Bytes per piece of the torrent.</summary>
    public required int PieceLength { get; init; }

    public required Sha1Digest InfoV1 { get; init; }

    public required Sha256Digest InfoV2 { get; init; }

    /// <summary>The name on every surface; see <see cref="ImageFileName"/>.</summary>
    public required string FileName { get; init; }

    public required DateTimeOffset AddedAt { get; init; }

    /// <summary>What the image says of itself.</summary>
    public required ImageFacts Iso { get; init; }

    /// <summary>Members of later versions, kept when the entry is stated again.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>
    /// Who asked for the image to be added; null where nobody said it in a way that can be read. It goes with the value from entry to entry. It stands among the members that earlier versions
    /// keep and do not read, and is read as leniently as they would: no version refuses an entry for it.
    /// </summary>
    [JsonIgnore]
    public string? Adder => Said(AddedBy);

    /// <summary>The site that added it, as whoever signs the entry says: see <see cref="ImageOrigin"/>.</summary>
    [JsonIgnore]
    public string? AddingSite => Said(AddedSite);

    /// <summary>
    /// What it was taken in spite of; null as a rule. So many of the warnings, the first ones, are faults: earlier versions show them with the others. It stands among the members that they keep, and is
    /// read as leniently: where the number makes no sense every warning is one.
    /// </summary>
    [JsonIgnore]
    public ImageFaults? Faults => Said(HashBy) is { } by && Iso.Warnings.Count > 0
        ? new ImageFaults(by, [.. Iso.Warnings.Take(Number(FaultyWarnings) is { } count && count > 0 ? count : Iso.Warnings.Count)])
        : null;

    /// <param name="count">So many of the warnings are faults.</param>
    /// <param name="by">Who named the hash; cut where it is long.</param>
    public ImageValue WithFaults(int count, string by) => this with
    {
        Unknown = new Dictionary<string, JsonElement>(Unknown ?? [])
        {
            [HashBy] = JsonElementOf(Shown(by)),
            [FaultyWarnings] = JsonDocument.Parse($"{count}").RootElement,
        },
    };

    public ImageValue WithAdder(string by, string site) => this with
    {
        Unknown = new Dictionary<string, JsonElement>(Unknown ?? [])
        {
            [AddedBy] = JsonElementOf(by),
            [AddedSite] = JsonElementOf(site),
        },
    };

    public ImageValue WithoutAdder()
    {
        var others = new Dictionary<string, JsonElement>(Unknown ?? []);
        others.Remove(AddedBy);
        others.Remove(AddedSite);
        return this with { Unknown = others.Count > 0 ? others : null };
    }

    private static JsonElement JsonElementOf(string text) => JsonDocument.Parse($"\"{JsonEncodedText.Encode(text)}\"").RootElement;

    private static string Shown(string text) => string.Concat(text.Select(c => char.IsControl(c) || char.IsSurrogate(c) ? '?' : c).Take(LongestName / 2));

    private int? Number(string member) =>
        Unknown?.TryGetValue(member, out var said) == true && said.ValueKind == JsonValueKind.Number && said.TryGetInt32(out var number) ? number : null;

    private string? Said(string member) =>
        Unknown?.TryGetValue(member, out var said) == true && said.ValueKind == JsonValueKind.String && said.GetString() is { Length: > 0 and <= LongestName } text
            && !text.Any(char.IsControl)
            ? text
            : null;
}

/// <summary>The part of an image's own description that panels use.</summary>
public sealed record ImageFacts
{
    // No property has this name, as above.
    private const string EfiFile = "efiFile";

    public required string VolumeId { get; init; }

    public string PublisherId { get; init; } = "";

    public string ApplicationId { get; init; } = "";

    public DateTimeOffset? CreatedAt { get; init; }

    public bool Bios { get; init; }

    public bool Uefi { get; init; }

    public bool Hybrid { get; init; }

    public bool Udf { get; init; }

    /// <summary>By the boot files found: x86_64, aarch64, i686, riscv64, armv7l, loongarch64, ia64, riscv32, loongarch32, riscv128.</summary>
    public IReadOnlyList<string> Arch { get; init; } = [];

    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Members of later versions, kept when the entry is stated again.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    /// <summary>
    /// A file of the image is its EFI boot image; null where that was not looked at, as in images that earlier versions added, or could not be told. It stands among the members that these keep and do
    /// not read, and is read as leniently.
    /// </summary>
    [JsonIgnore]
    public bool? HasEfiImageFile =>
        Unknown?.TryGetValue(EfiFile, out var said) == true ? said.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null } : null;

    public ImageFacts WithEfiImageFile(bool? there) => there is not { } said
        ? this
        : this with { Unknown = new Dictionary<string, JsonElement>(Unknown ?? []) { [EfiFile] = JsonDocument.Parse(said ? "true" : "false").RootElement } };
}
