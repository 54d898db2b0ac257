using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Documents;

/// <summary>
/// What others have that was signed with this site's key and not by this process: whatever it means, what is signed from now on has to be above it. Called under the
/// ledger's lock; not thread-safe.
/// </summary>
internal sealed class OwnHistory(string site, OwnPast past, SiteAlarms alarms, TimeProvider time)
{
    /// <summary>Of two machines that run with the keys of one site, each goes above the other no more often.</summary>
    private static readonly TimeSpan OutbidPause = TimeSpan.FromMinutes(1);

    private const string Document = "document";

    private long _outbid;

    /// <summary>The highest epoch that was found; 0 when nothing was.</summary>
    public long Found { get; private set; }

    /// <summary>What was found is not restated yet.</summary>
    public bool IsToRestate { get; private set; }

    /// <summary>Is a writer to give way to one of a higher epoch now?</summary>
    public bool Ends(SiteWriter writer) => writer.Epoch <= Found && (_outbid == 0 || time.GetElapsedTime(_outbid) >= OutbidPause);

    /// <summary>A writer gave way.</summary>
    public void Outbid() => _outbid = time.GetTimestamp();

    /// <summary>All that the catalog knows of this site is signed again, in this epoch.</summary>
    public void Restated(long epoch) => IsToRestate &= epoch <= Found;

    /// <param name="writer">What this process signs with; null before it has signed anything.</param>
    /// <param name="peer">Who handed it on; null if nobody knows any more.</param>
    public void Weigh(AdmittedDocument document, SiteWriter? writer, string? peer) => Weigh(
        new OwnWord(document.Ref.Epoch, document.Ref.Seq, document.Manifest.BootId, document.Manifest.Issued), Document, writer, peer);

    /// <inheritdoc cref="Weigh(AdmittedDocument, SiteWriter?, string?)"/>
    public void Weigh(Holdings holdings, SiteWriter? writer, string peer) => Weigh(
        new OwnWord(holdings.Epoch, holdings.Seq, holdings.BootId, holdings.Issued), "holdings", writer, peer);

    /// <inheritdoc cref="Weigh(AdmittedDocument, SiteWriter?, string?)"/>
    public void Weigh(Members members, string peer) =>
        Weigh(new OwnWord(members.Epoch, members.Seq, null, members.Issued), "members", writer: null, peer);

    private void Weigh(OwnWord found, string what, SiteWriter? writer, string? peer)
    {
        var finding = past.Weigh(found, what == Document, writer?.BootId);
        if (finding == OwnFinding.Known)
        {
            return;
        }

        // A writer that began without it does not know what it says.
        (Found, IsToRestate) = (Math.Max(Found, what == Document ? Math.Max(found.Epoch, writer?.Epoch ?? 0) : found.Epoch), true);
        if (alarms.Standing.Any(a => a.Code == (finding == OwnFinding.Cloned ? SiteAlarms.DocumentsForked : SiteAlarms.RolledBack)))
        {
            return;
        }

        var words = $"{peer ?? "another site"} has its {what} {found.Epoch}/{found.Seq}, signed at {found.Issued:yyyy-MM-dd HH:mm:ss} UTC";
        if (finding == OwnFinding.Cloned)
        {
            alarms.Set(
                SiteAlarms.DocumentsForked,
                $"Another machine signs as this site, '{site}': {words}, after this process started ({past.Started:yyyy-MM-dd HH:mm:ss} UTC). Two machines run from copies of "
                + "one data folder, or the site's key is in wrong hands. Stop the other one; if nobody knows of one, take the site out of the fleet and let it in with new keys. "
                + "What both said is in the catalog. Once that is settled: isocatalog confirm documents-forked.",
                site);
            return;
        }

        var newest = past.Newest is { } known ? $"document {known.Epoch}/{known.Seq}" : "no document at all";
        alarms.Set(
            SiteAlarms.RolledBack,
            $"The data folder of this site, '{site}', is older than what the site has signed: {words}; the newest here was {newest}, in epoch {past.Epoch}. It was restored "
            + "from a copy, or its machine was set back. What it had put into the catalog is there again, and is restated above all that was found. Leases that were given "
            + "meanwhile are not known here, and images that only this site had are gone: add them again. Once you have seen to it: isocatalog confirm rolled-back.");
    }
}
