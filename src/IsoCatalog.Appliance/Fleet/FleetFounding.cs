using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Trust;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>How a site comes into a fleet: it founds one, or asks, is approved, and joins. Works on files; nothing of the site may run but where said.</summary>
internal static class FleetFounding
{
    private const int FleetPort = 58888;
    private const int SwarmPort = 58889;
    private const UnixFileMode Readable = (UnixFileMode)0b110_100_100;

    /// <summary>Where others reach a site at that host, by its configured ports; where the system chooses a port, the usual one stands for it.</summary>
    public static SiteAddress AddressOf(string host, ListenConfiguration listen)
    {
        var shown = host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;
        return new SiteAddress($"{shown}:{Port(listen.Fleet, FleetPort)}", $"{shown}:{Port(listen.Swarm, SwarmPort)}");

        static int Port(System.Net.IPEndPoint? at, int usual) => at is { Port: > 0 } ? at.Port : usual;
    }

    /// <summary>Makes a fleet of this one site. Its keys are there already.</summary>
    public static void Found(SiteConfiguration configuration, IReadOnlyList<SigningKey> roots, int threshold, SiteAddress? address, DateTimeOffset now)
    {
        var folders = new SiteFolders(configuration.Data, configuration.Inbox.Path);
        var document = TrustDocument.First(RandomId.New(), [.. roots.Select(r => r.Public)], threshold, TrustDrafts.Whole(now), TrustDrafts.Lifetime)
            .WithSite(configuration.Site, SiteKeys.ReadSigningPublic(folders), SiteKeys.ReadTlsPublic(folders), address);
        TrustStore.Begin(folders, [TrustDrafts.Sign(document, roots).ToJson()]);
    }

    /// <summary>Writes the join request beside the site's data.</summary>
    /// <returns>What an operator compares.</returns>
    public static string Ask(SiteConfiguration configuration, string? display, SiteAddress address, DateTimeOffset now)
    {
        var folders = new SiteFolders(configuration.Data, configuration.Inbox.Path);
        using var keys = SiteKeys.Load(folders);
        var envelope = JoinRequest.Of(configuration.Site, keys.Signing.Public, SiteKeys.ReadTlsPublic(folders), address, TrustDrafts.Whole(now), display)
            .SignedBy(keys.Signing);
        DurableFile.WriteAtomically(folders.JoinRequest, envelope.ToJson(), Readable);
        return JoinRequest.FingerprintOf(envelope);
    }

    /// <exception cref="FleetFoundingException">It is no join request, or its signature is not by the key in it.</exception>
    public static (JoinRequest Request, string Fingerprint) ReadRequest(ReadOnlySpan<byte> envelope) =>
        JoinRequest.TryRead(envelope, out var request, out var fingerprint, out var violation)
            ? (request, fingerprint)
            : throw new FleetFoundingException($"This is no join request that can be used: {violation}");

    /// <summary>The trust document that lets the site in, signed by these keys: perhaps not by enough yet.</summary>
    /// <param name="folders">Of the site where it is approved: what that knows of a site that had the name before goes below what the new one signs.</param>
    /// <exception cref="FleetFoundingException">The fleet has such a site, or one with its keys.</exception>
    public static Envelope Approve(TrustChain chain, JoinRequest request, SiteFolders folders, IReadOnlyList<SigningKey> roots, DateTimeOffset now)
    {
        var (sign, tls) = (VerifyingKey.FromPem(request.Sign.Public), VerifyingKey.FromPem(request.Tls.Public));
        if (chain.Current.Sites.TryGetValue(request.Site, out var there) && there.Status == SiteStatus.Active)
        {
            throw new FleetFoundingException(
                $"The fleet has a site '{request.Site}' already. Give the new one another id, or remove the old one first: isocatalog trust remove-site {request.Site}.");
        }

        return chain.Current.Keys.ContainsKey(sign.KeyId) || chain.Current.Keys.ContainsKey(tls.KeyId)
            ? throw new FleetFoundingException("A key of the request is in the trust document already. Every site needs its own: make new ones with 'isocatalog init'.")
            : TrustDrafts.Sign(TrustDocument.After(chain.Newest, TrustDrafts.Whole(now), TrustDrafts.Lifetime)
                .WithSite(request, chain.Current.Sites.ContainsKey(request.Site) ? StoredHeads.LastEpochOf(folders, chain, request.Site) : 0), roots);
    }

    /// <summary>What a newcomer joins with: the same for every newcomer of this trust document.</summary>
    public static JoinFile Invitation(TrustChain chain) => JoinFile.Of(
        chain,
        [
            .. chain.Current.Sites.Where(s => s.Value is { Status: SiteStatus.Active, Address: not null })
                .OrderBy(s => s.Key, StringComparer.Ordinal)
                .Select(s => new JoinPeer(s.Key, s.Value.Address!.Fleet, s.Value.Address.Swarm)),
        ]);

    /// <summary>Checks the join file and takes its trust documents.</summary>
    /// <exception cref="FleetFoundingException">The file is wrong, or not for this site; nothing was changed.</exception>
    public static JoinFile Join(SiteConfiguration configuration, ReadOnlySpan<byte> json)
    {
        var folders = new SiteFolders(configuration.Data, configuration.Inbox.Path);
        if (!JoinFile.TryRead(json, out var file, out var chain, out var violation))
        {
            throw new FleetFoundingException($"This is no join file that can be used: {violation}");
        }

        var (sign, tls) = (SiteKeys.ReadSigningPublic(folders), SiteKeys.ReadTlsPublic(folders));
        if (!chain.Current.Sites.TryGetValue(configuration.Site, out var me) || me.Status != SiteStatus.Active
            || !me.Keys.Contains(sign.KeyId, StringComparer.Ordinal) || !me.Keys.Contains(tls.KeyId, StringComparer.Ordinal))
        {
            throw new FleetFoundingException(
                $"The join file does not let in site '{configuration.Site}' with the keys of {folders.Keys}. Was it made from this site's {folders.JoinRequest}?");
        }

        if (TrustStore.Exists(folders) && TrustStore.Load(folders).Chain.Fleet != file.Fleet)
        {
            throw new FleetFoundingException(
                $"Site '{configuration.Site}' belongs to another fleet already ({folders.Trust}). A site changes its fleet only by being made anew, with an empty data folder.");
        }

        TrustStore.Begin(folders, file.Chain);
        return file;
    }
}

/// <summary>A step of founding or joining cannot be done; the message says why and what to do. Nothing was changed.</summary>
internal sealed class FleetFoundingException(string message) : Exception(message);
