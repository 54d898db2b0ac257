using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Documents;

/// <summary>The trust documents of the fleet on disk, one file a version, byte for byte as they came. Not thread-safe.</summary>
internal sealed class TrustStore
{
    private const UnixFileMode Mode = (UnixFileMode)0b110_100_100;

    private readonly SiteFolders _folders;
    private readonly DocumentDisk? _disk;

    private TrustStore(SiteFolders folders, DocumentDisk? disk, TrustChain chain) => (_folders, _disk, Chain) = (folders, disk, chain);

    public TrustChain Chain { get; private set; }

    public static bool Exists(SiteFolders folders) => File.Exists(folders.TrustFile(1));

    /// <exception cref="SiteStartException">There is none, or what lies there is not a chain of trust documents.</exception>
    /// <param name="disk">Of a running site; null: of one that does not run.</param>
    public static TrustStore Load(SiteFolders folders, DocumentDisk? disk = null)
    {
        if (!Exists(folders))
        {
            throw new SiteStartException(
                "trust-missing",
                File.Exists(folders.JoinRequest)
                    ? $"This site waits to be let into a fleet: take {folders.JoinRequest} to the keeper of its root keys (isocatalog trust add-site), then run "
                        + "'isocatalog join FILE' with the file that comes back."
                    : $"{folders.TrustFile(1)} is missing: this site belongs to no fleet. Run 'isocatalog init' for a fleet of its own or 'isocatalog init --join' for "
                        + "another's; if it had one, put the folder back from a backup.");
        }

        var envelopes = new List<ReadOnlyMemory<byte>>();
        try
        {
            for (var version = 1L; File.Exists(folders.TrustFile(version)); version++)
            {
                envelopes.Add(Read(folders.TrustFile(version)));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SiteStartException("trust-unreadable", $"{folders.Trust}: {e.Message} Make it readable for the user that runs the site.", e);
        }

        var outcome = TrustChain.Follow(envelopes, pinned: null);
        if (outcome is not TrustOutcome.Accepted { Chain: var chain })
        {
            throw new SiteStartException(
                "trust-invalid",
                $"{folders.Trust} does not hold this fleet's trust documents: {(outcome as TrustOutcome.Refused)?.Violation.ToString() ?? "a version is missing"} "
                + "Put the folder back from a backup.");
        }

        var store = new TrustStore(folders, disk, chain);
        if (File.Exists(Fork(folders, chain)) && chain.Offer(Read(Fork(folders, chain))) is TrustOutcome.Forked { Chain: var split })
        {
            store.Chain = split;
        }

        return store;
    }

    /// <summary>Writes the documents of a fleet that this site founds or joins.</summary>
    /// <exception cref="IOException">Something of it may be there; the same call again completes it.</exception>
    public static void Begin(SiteFolders folders, IReadOnlyList<byte[]> envelopes)
    {
        // The first version last: as long as it is missing, there is no fleet.
        for (var version = envelopes.Count; version >= 1; version--)
        {
            DurableFile.WriteAtomically(folders.TrustFile(version), envelopes[version - 1], Mode);
        }
    }

    /// <summary>Offers a document, and keeps it if it is the next one.</summary>
    /// <param name="late">It is in force whether it can be stored or not: whoever brought it has it.</param>
    /// <exception cref="IOException">It had to be stored and could not be; nothing was changed.</exception>
    public AdmitReport Admit(ReadOnlySpan<byte> envelope, bool late = false)
    {
        switch (Chain.Offer(envelope))
        {
            case TrustOutcome.Accepted { Chain: var next }:
                var before = next.Links.Length - 2;
                if (next.Links[before] != Chain.Newest)
                {
                    // The end of a split may have chosen the other one.
                    Write(_folders.TrustFile(before + 1), next.Links[before].Envelope.ToJson(), late);
                }

                Write(_folders.TrustFile(next.Current.Version), envelope, late);
                Chain = next;
                return new AdmitReport(Changed: true);
            case TrustOutcome.Forked { Chain: var split } when split != Chain:
                Write(Fork(_folders, Chain), envelope, late);
                Chain = split;
                return new AdmitReport(Changed: true, Violation: Doubled(split));
            case TrustOutcome.Forked:
                return new AdmitReport(Violation: Doubled(Chain));
            case TrustOutcome.Ahead { From: var from, To: var to }:
                return new AdmitReport(Violation: new RuleViolation(Rules.TrustGap, $"Trust documents {from} to {to} are missing here; they come first."));
            case TrustOutcome.Refused { Violation: var violation }:
                return new AdmitReport(Violation: violation);
            default:
                return new AdmitReport();
        }
    }

    /// <summary>The envelope of a version; null when it is not there.</summary>
    public byte[]? ReadVersion(long version)
    {
        try
        {
            var path = _folders.TrustFile(version);
            return version < 1 || version > Chain.Current.Version ? null : _disk?.Find(path) ?? Read(path);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private void Write(string path, ReadOnlySpan<byte> envelope, bool late)
    {
        if (_disk is null)
        {
            DurableFile.WriteAtomically(path, envelope, Mode);
        }
        else if (late)
        {
            _disk.Keep(path, envelope.ToArray());
        }
        else
        {
            _disk.Write(path, envelope.ToArray());
        }
    }

    private static RuleViolation Doubled(TrustChain chain) => new(
        Rules.TrustFork,
        $"The root keys have signed two trust documents {chain.Split?.Kept.Document.Version}: {chain.Split?.Kept.Sha256} and {chain.Split?.Other.Sha256}. Somebody misused "
        + "root keys. The first stays in force; the holders of the keys must sign a next one that names the right one.");

    private static string Fork(SiteFolders folders, TrustChain chain) => folders.TrustFile(chain.Current.Version) + ".other";

    private static byte[] Read(string path)
    {
        using var file = File.OpenRead(path);
        return file.Length <= TrustLink.MaxBytes
            ? File.ReadAllBytes(path)
            : throw new IOException($"{path} has {file.Length} bytes; no trust document is that long.");
    }
}
