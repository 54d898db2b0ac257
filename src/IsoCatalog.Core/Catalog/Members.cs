using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Core.Catalog;

/// <summary>The replicas that a site vouches for, signed by it. Counts only towards that site and its replicas, never between sites.</summary>
public sealed record Members
{
    public const string PayloadType = "application/vnd.isocatalog.members.v1+json";

    public const int MaxPayload = 256 << 10;

    public const int MaxMembers = 256;

    public string Type { get; init; } = "members";

    public required RandomId Fleet { get; init; }

    public required string Site { get; init; }

    public required long Epoch { get; init; }

    public required long Seq { get; init; }

    public required DateTimeOffset Issued { get; init; }

    [JsonPropertyName("members")]
    public required IReadOnlyList<Member> All { get; init; }

    public IReadOnlyList<string> Critical { get; init; } = [];

    public JsonElement? Ext { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    public byte[] ToPayload() => JsonSerializer.SerializeToUtf8Bytes(this, FormatJson.Default.Members);

    /// <summary>Verifies, then reads what was verified. Whether it is newer than a known one, and who asks, is the caller's to check.</summary>
    public static bool TryOpen(
        ReadOnlySpan<byte> envelopeJson, TrustChain trust, [NotNullWhen(true)] out Members? members, [NotNullWhen(false)] out RuleViolation? violation)
    {
        ArgumentNullException.ThrowIfNull(trust);
        if (!SiteStatement.TryOpen(
            envelopeJson, trust, (PayloadType, MaxPayload), FormatJson.Default.Members, (Rules.MembersForm, Rules.MembersSigner), m => (m.Fleet, m.Site),
            out members, out violation))
        {
            return false;
        }

        var fine = members.Type == "members" && ManifestRules.IsCount(members.Epoch) && ManifestRules.IsCount(members.Seq) && members.Critical.Count == 0
            && members.All.Count <= MaxMembers && members.All.All(m => m is not null && SiteId.IsValid(m.Id))
            && members.All.DistinctBy(m => m.Id).Count() == members.All.Count && members.All.DistinctBy(m => m.Spki).Count() == members.All.Count;
        violation = fine ? null : new(Rules.MembersForm, $"The members of '{members.Site}' need the type 'members', epoch and seq from 1, and up to {MaxMembers} replicas, each id and key once.") { Signer = members.Site };
        return violation is null;
    }
}

/// <param name="Id">Like a site id, unique at the site.</param>
/// <param name="Spki">SHA-256 of its TLS key's SubjectPublicKeyInfo.</param>
public sealed record Member(string Id, Sha256Digest Spki, DateTimeOffset Expires);
