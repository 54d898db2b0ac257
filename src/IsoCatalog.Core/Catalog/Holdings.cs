using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>
/// What a site has verified and shows, signed by it: replaced as a whole, the highest (epoch, seq) counts, nothing is merged. Names no URL. Older than
/// <see cref="MaxAge"/>, by the receiver's clock since it came, it answers nothing.
/// </summary>
public sealed record Holdings
{
    public const string PayloadType = "application/vnd.isocatalog.holdings.v1+json";

    /// <summary>Bytes of a payload.</summary>
    public const int MaxPayload = 16 << 20;

    public const int MaxSurfaces = 64;

    public const int MaxImages = 20_000;

    public static readonly TimeSpan MaxAge = TimeSpan.FromSeconds(60);

    public string Type { get; init; } = "holdings";

    public required RandomId Fleet { get; init; }

    public required string Site { get; init; }

    public required long Epoch { get; init; }

    public required long Seq { get; init; }

    public required RandomId BootId { get; init; }

    public required DateTimeOffset Issued { get; init; }

    public required TrustRef Trust { get; init; }

    /// <summary>The newest document of each site that this site has admitted.</summary>
    public required IReadOnlyDictionary<string, DocumentRef> Catalog { get; init; }

    public required HeldStore Store { get; init; }

    public required IReadOnlyList<HeldSurface> Surfaces { get; init; }

    public required IReadOnlyList<HeldImage> Images { get; init; }

    /// <summary>Pairs that were computed here and found to be false.</summary>
    public IReadOnlyList<DisputeFinding> Disputed { get; init; } = [];

    public IReadOnlyList<string> Critical { get; init; } = [];

    public JsonElement? Ext { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    public byte[] ToPayload() => JsonSerializer.SerializeToUtf8Bytes(this, FormatJson.Default.Holdings);

    /// <summary>Is it to replace <paramref name="known"/>?</summary>
    public bool IsNewerThan(Holdings? known) => known is null || (Epoch, Seq).CompareTo((known.Epoch, known.Seq)) > 0;

    /// <summary>Verifies, then reads what was verified. Neither its age nor whether it is newer is checked here.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> envelopeJson, TrustChain trust, [NotNullWhen(true)] out Holdings? holdings, [NotNullWhen(false)] out RuleViolation? violation)
    {
        ArgumentNullException.ThrowIfNull(trust);
        if (!SiteStatement.TryOpen(
            envelopeJson, trust, (PayloadType, MaxPayload), FormatJson.Default.Holdings, (Rules.HoldingsForm, Rules.HoldingsSigner), h => (h.Fleet, h.Site),
            out holdings, out violation))
        {
            return false;
        }

        violation = holdings.Violation() is { } wrong ? wrong with { Signer = holdings.Site } : null;
        return violation is null;
    }

    private RuleViolation? Violation()
    {
        if (Type != "holdings" || !ManifestRules.IsCount(Epoch) || !ManifestRules.IsCount(Seq) || Critical.Count > 0
            || Catalog.Any(c => !SiteId.IsValid(c.Key) || c.Value is null) || Disputed.Any(d => d is null || !SiteId.IsValid(d.Signer)))
        {
            return new(Rules.HoldingsForm, $"The holdings of '{Site}' need the type 'holdings', epoch and seq from 1, and nothing that this version must know and does not.");
        }

        var fine = Surfaces.Count <= MaxSurfaces && Images.Count <= MaxImages && Catalog.Count <= TrustDocument.MaxSites && Disputed.Count <= MaxImages
            && Surfaces.All(s => s is not null && SiteId.IsValid(s.Name) && IsWord(s.Kind) && IsWord(s.Group) && (s.Problem is null || IsWord(s.Problem)))
            && Surfaces.DistinctBy(s => s.Name).Count() == Surfaces.Count && Images.All(i => i is not null) && Images.DistinctBy(i => i.Image).Count() == Images.Count
            && Images.All(i => i.Cells.All(c => c.Value is { } cell && IsWord(cell.State) && (cell.Code is null || IsWord(cell.Code))
                && (cell.Via is null || SiteId.IsValid(cell.Via)) && cell.Progress is null or (>= 0 and <= 1000) && Surfaces.Any(s => s.Name == c.Key)));
        return fine ? null : new(
            Rules.HoldingsLimits, $"The holdings of '{Site}' are out of bounds: {MaxSurfaces} surfaces, {MaxImages} images, each once; states and codes are words; no cell without its surface.");
    }

    /// <summary>Lower case, digits and '-', 32 at most.</summary>
    private static bool IsWord(string word) => word.Length is >= 1 and <= 32 && !word.AsSpan().ContainsAnyExcept(WordLetters);

    private static readonly System.Buffers.SearchValues<char> WordLetters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");
}

/// <summary>Bytes.</summary>
public sealed record HeldStore(long Free, long Total);

/// <param name="Group">ipmi, console or ovirt: what a panel asks for.</param>
/// <param name="Free">Bytes; null where nothing is copied to it, or it cannot be told.</param>
/// <param name="Problem">A machine-readable code when it offers nothing now.</param>
/// <param name="ProblemSince">From when on; after a quarter of an hour nobody waits for it.</param>
public sealed record HeldSurface(
    string Name, string Kind, string Group, long? Free = null, string? Problem = null, DateTimeOffset? ProblemSince = null);

/// <param name="Stored">A verified copy is in the site's store.</param>
/// <param name="Sha256Confirmed">The flat SHA-256 was computed here, not only the root.</param>
/// <param name="Cells">By surface.</param>
/// <param name="Offered">The site has begun to show it, after every wanted site was ready: nobody needs to wait any more.</param>
/// <param name="Retired">Removed, and its copy is kept so that it can be restored.</param>
public sealed record HeldImage(
    ImageId Image, bool Stored, bool Sha256Confirmed, IReadOnlyDictionary<string, HeldCell> Cells, bool Offered = false, bool Retired = false);

/// <param name="State">As in the ready matrix: advertised, staged, verifying, ... A reader must expect states that it does not know.</param>
/// <param name="Since">When the state began.</param>
/// <param name="Code">Machine-readable reason; null while advertised.</param>
/// <param name="Verified">When the bytes were last read back there and right (the receipt).</param>
/// <param name="Via">The replica that serves it; null when the site itself does.</param>
/// <param name="Progress">Thousandths of the work that the state is about.</param>
public sealed record HeldCell(
    string State, DateTimeOffset Since, string? Code = null, DateTimeOffset? Verified = null, string? Via = null, int? Progress = null)
{
    public const string Advertised = "advertised";

    [JsonIgnore]
    public bool IsAdvertised => State == Advertised;
}

/// <summary>A pair of SHA-256 and root that one site signed and another computed and found wrong.</summary>
/// <param name="Signer">The site that signed the false pair.</param>
public sealed record DisputeFinding(ImageId Image, long Size, Sha256Digest Root, string Signer, DateTimeOffset Found);
