using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace IsoCatalog.Core.Trust;

/// <summary>
/// What an approved newcomer gets: which fleet, which root keys, which trust document, who is there. Plain JSON without a secret; whoever can change it on its way
/// decides which fleet is joined, so it goes the way that the fingerprint went.
/// </summary>
public sealed record JoinFile
{
    public const int MaxBytes = 16 << 20;

    public string Type { get; init; } = "join";

    public required RandomId Fleet { get; init; }

    /// <summary>The root keys and threshold of <see cref="Trust"/>.</summary>
    public required TrustRoot Root { get; init; }

    /// <summary>The trust document that lists the newcomer.</summary>
    public required TrustRef Trust { get; init; }

    public required IReadOnlyList<JoinPeer> Peers { get; init; }

    /// <summary>Every trust document from the first to <see cref="Trust"/>: envelopes, base64.</summary>
    public required IReadOnlyList<byte[]> Chain { get; init; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }

    public static JoinFile Of(TrustChain chain, IReadOnlyList<JoinPeer> peers)
    {
        ArgumentNullException.ThrowIfNull(chain);
        return new()
        {
            Fleet = chain.Fleet,
            Root = chain.Current.Root,
            Trust = chain.Newest.Ref,
            Peers = peers,
            Chain = [.. chain.Links.Select(l => l.Envelope.ToJson())],
        };
    }

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, TrustJson.Default.JoinFile);

    /// <summary>Reads the file and follows its chain up to the trust document that it pins.</summary>
    public static bool TryRead(
        ReadOnlySpan<byte> json,
        [NotNullWhen(true)] out JoinFile? file,
        [NotNullWhen(true)] out TrustChain? chain,
        [NotNullWhen(false)] out RuleViolation? violation)
    {
        (file, chain) = (null, null);
        if (json.Length > MaxBytes)
        {
            violation = new(Rules.JoinForm, $"The join file has {json.Length} bytes; {MaxBytes} are allowed.");
            return false;
        }

        if (!SignedJson.TryRead(json, TrustJson.Default.JoinFile, Rules.JoinForm, out var read, out violation, TrustLink.MaxBytes * 4 / 3 + 4))
        {
            return false;
        }

        if (read.Type != "join" || read.Peers.Count > TrustDocument.MaxSites || read.Chain.Any(e => e is null)
            || read.Peers.Any(p => p is null || !SiteId.IsValid(p.Site) || p.Fleet.Length is 0 or > 300 || p.Swarm.Length is 0 or > 300))
        {
            violation = new(Rules.JoinForm, "A join file needs the type 'join', a chain of trust documents, and peers with a site id and two addresses. Ask the operator for a new one.");
            return false;
        }

        var outcome = TrustChain.Follow(read.Chain.Select(e => new ReadOnlyMemory<byte>(e)), read.Trust);
        if (outcome is not TrustOutcome.Accepted { Chain: var followed } || followed.Fleet != read.Fleet
            || followed.Current.Root.Threshold != read.Root.Threshold || !followed.Current.Root.Keys.ToHashSet(StringComparer.Ordinal).SetEquals(read.Root.Keys))
        {
            violation = new(
                Rules.JoinChain,
                "The trust documents in the join file do not lead to the fleet, root keys and trust document that it names"
                + $"{(outcome is TrustOutcome.Refused { Violation: var why } ? $" ({why})" : "")}. Ask the operator for a new one.");
            return false;
        }

        (file, chain) = (read, followed);
        return true;
    }
}

/// <param name="Fleet">host:port.</param>
/// <param name="Swarm">host:port.</param>
public sealed record JoinPeer(string Site, string Fleet, string Swarm);
