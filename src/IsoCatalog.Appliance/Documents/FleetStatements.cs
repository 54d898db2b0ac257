using System.Collections.Immutable;
using System.Security.Cryptography;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// What sites say of themselves and replace as a whole, of each the newest by (epoch, seq): their holdings, and the replicas that they vouch for. Passed on byte
/// for byte. Called under the ledger's lock; not thread-safe.
/// </summary>
internal sealed class FleetStatements(string site, SiteFolders folders, DocumentDisk disk, TimeProvider time)
{
    public ImmutableSortedDictionary<string, Statement> Holdings { get; private set; } = ImmutableSortedDictionary.Create<string, Statement>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, SignedStatement> Members { get; private set; } =
        ImmutableSortedDictionary.Create<string, SignedStatement>(StringComparer.Ordinal);

    /// <summary>What is not of an active site, or cannot be used, is dropped; it comes again.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public void Load(TrustChain trust)
    {
        foreach (var (from, path) in FilesIn(folders.Holdings))
        {
            // Nobody knows how long it lay there: it counts for the order of statements, and as old.
            if (IsActive(trust, from) && HoldingsOf(trust, from, DocumentFiles.Read(path, MaxEnvelope(Core.Catalog.Holdings.MaxPayload)), null, out _) is { } holdings)
            {
                Holdings = Holdings.SetItem(from, holdings);
            }
            else
            {
                DocumentFiles.Drop(path);
            }
        }

        foreach (var (from, path) in FilesIn(folders.Members))
        {
            if (IsActive(trust, from) && MembersOf(trust, from, DocumentFiles.Read(path, MaxEnvelope(Core.Catalog.Members.MaxPayload)), out _) is { } members)
            {
                Members = Members.SetItem(from, members);
            }
            else if (from != site)
            {
                DocumentFiles.Drop(path);
            }
        }
    }

    /// <summary>After the trust document changed: sites that take no part any more say nothing, nor does what a site said by a key that it has no more.</summary>
    public void Follow(TrustChain trust)
    {
        Holdings = Holdings.RemoveRange(Holdings.Where(h => h.Key != site && (!IsActive(trust, h.Key) || HoldingsOf(trust, h.Key, h.Value.Envelope, null, out _) is null))
            .Select(h => h.Key));
        Members = Members.RemoveRange(Members.Where(m => m.Key != site && (!IsActive(trust, m.Key) || MembersOf(trust, m.Key, m.Value.Envelope, out _) is null))
            .Select(m => m.Key));
    }

    /// <summary>The number of this site's next holdings in that epoch.</summary>
    public long NextSeq(long epoch) => (Holdings.GetValueOrDefault(site) is { } last && last.Epoch == epoch ? last.Seq : 0) + 1;

    /// <summary>Not written down: after a restart everything is looked at anew, and the epoch is another one.</summary>
    public void SignHoldings(Holdings holdings, SigningKey key)
    {
        var payload = holdings.ToPayload();
        var envelope = key.Sign(Core.Catalog.Holdings.PayloadType, payload).ToJson();
        Holdings = Holdings.SetItem(
            site, new Statement(holdings.Epoch, holdings.Seq, new Sha256Digest(SHA256.HashData(payload)), envelope, time.GetUtcNow(), holdings));
    }

    public AdmitReport AdmitHoldings(TrustChain trust, string from, byte[] envelope)
    {
        if (HoldingsOf(trust, from, envelope, time.GetUtcNow(), out var violation) is not { } statement)
        {
            return new AdmitReport(Violation: violation);
        }

        if (!statement.IsAfter(Holdings.GetValueOrDefault(from)))
        {
            return new AdmitReport();
        }

        disk.Keep(folders.HoldingsFile(from), envelope);
        Holdings = Holdings.SetItem(from, statement);
        return new AdmitReport(Changed: true);
    }

    public AdmitReport AdmitMembers(TrustChain trust, string from, byte[] envelope)
    {
        if (MembersOf(trust, from, envelope, out var violation) is not { } statement)
        {
            return new AdmitReport(Violation: violation);
        }

        if (!statement.IsAfter(Members.GetValueOrDefault(from)))
        {
            return new AdmitReport();
        }

        disk.Keep(folders.MembersFile(from), envelope);
        Members = Members.SetItem(from, statement);
        return new AdmitReport(Changed: true);
    }

    public static Statement? HoldingsOf(TrustChain trust, string from, byte[] envelope, DateTimeOffset? at, out RuleViolation? violation)
    {
        if (!Core.Catalog.Holdings.TryOpen(envelope, trust, out var holdings, out violation))
        {
            return null;
        }

        violation = OtherThanAsked("holdings", from, holdings.Site);
        return violation is null ? new Statement(holdings.Epoch, holdings.Seq, PayloadHash(envelope), envelope, at, holdings) : null;
    }

    private static SignedStatement? MembersOf(TrustChain trust, string from, byte[] envelope, out RuleViolation? violation)
    {
        if (!Core.Catalog.Members.TryOpen(envelope, trust, out var members, out violation))
        {
            return null;
        }

        violation = OtherThanAsked("members", from, members.Site);
        return violation is null ? new SignedStatement(members.Epoch, members.Seq, PayloadHash(envelope), envelope) : null;
    }

    private static RuleViolation? OtherThanAsked(string what, string asked, string came) =>
        asked == came ? null : new RuleViolation("garbage", $"The {what} of '{asked}' were asked for, and those of '{came}' came.");

    private static Sha256Digest PayloadHash(byte[] envelope)
    {
        _ = Envelope.TryParse(envelope, envelope.Length, out var read, out _);
        return new Sha256Digest(SHA256.HashData(read!.Payload));
    }

    private static int MaxEnvelope(int payload) => (payload / 3 * 4) + 16384;

    private static IEnumerable<(string Site, string Path)> FilesIn(string folder) => Directory.EnumerateFiles(folder, "*.json")
        .Select(f => (Path.GetFileNameWithoutExtension(f), f)).Where(f => SiteId.IsValid(f.Item1)).ToList();

    private static bool IsActive(TrustChain trust, string id) => trust.Current.Sites.GetValueOrDefault(id) is { Status: SiteStatus.Active };
}
