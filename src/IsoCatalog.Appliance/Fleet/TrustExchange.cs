using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>Trust documents with one other site: what it has and this one lacks, and both ways when the two do not know each other's keys.</summary>
/// <param name="refused">What is not asked for again for a while.</param>
/// <param name="took">Counts and shows a refusal; whether there was none.</param>
internal sealed class TrustExchange(PeerClient client, DocumentBook documents, RefusedDocuments refused, Func<AdmitReport, Sha256Digest?, bool> took)
{
    private const int MaxTrustVersions = 2048;

    /// <summary>Version by version, because each is signed by the roots of the one before.</summary>
    /// <returns>False when something of it was refused.</returns>
    public async Task<bool> FetchAsync(TrustHead theirs, CancellationToken cancellationToken)
    {
        var ours = documents.Fleet;
        if (theirs.Version == ours.TrustVersion && theirs.Sha256 != ours.TrustHash && !refused.Holds(theirs.Sha256))
        {
            // Two documents of one version, both signed by the roots or not: the rules say what it is, and that it is to be seen.
            return took(documents.AdmitTrust(await client.GetTrustAsync(theirs.Version, anyKey: false, cancellationToken), late: true), theirs.Sha256);
        }

        for (var i = 0; i < MaxTrustVersions && documents.Fleet.TrustVersion is var have && have < theirs.Version; i++)
        {
            var report = documents.AdmitTrust(await client.GetTrustAsync(have + 1, anyKey: false, cancellationToken), late: true);
            if (!took(report, null) || !report.Changed)
            {
                return report.Violation is null;
            }
        }

        return true;
    }

    /// <summary>One of the two does not know the other's key. That may be because a key was changed and one of them has not heard of it.</summary>
    /// <returns>Whether one of the two knows more now, so that it is worth while to ask again at once.</returns>
    public async Task<bool> MendAsync(PeerException why, CancellationToken cancellationToken)
    {
        var anyKey = why.Fault == PeerFault.WrongKey;
        var before = documents.Fleet.TrustVersion;
        try
        {
            for (var i = 0; i < MaxTrustVersions; i++)
            {
                var report = documents.AdmitTrust(await client.GetTrustAsync(documents.Fleet.TrustVersion + 1, anyKey, cancellationToken), late: true);
                if (!took(report, null) || !report.Changed)
                {
                    return false;
                }
            }
        }
        catch (PeerException e) when (e.Fault == PeerFault.NotFound)
        {
            // It has nothing newer; perhaps we do.
        }

        for (var next = (why.Trust?.Version ?? documents.Fleet.TrustVersion - 1) + 1; next <= documents.Fleet.TrustVersion; next++)
        {
            if (documents.ReadTrust(next) is not { } envelope)
            {
                return false;
            }

            try
            {
                await client.PostTrustAsync(envelope, anyKey, cancellationToken);
            }
            catch (PeerException e) when (e.Fault == PeerFault.Refused && e.Trust is { } theirs && theirs.Version < next - 1)
            {
                next = theirs.Version;
            }
        }

        return documents.Fleet.TrustVersion > before || why.Trust?.Version < before;
    }
}
