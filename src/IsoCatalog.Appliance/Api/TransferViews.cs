using System.Text.Json;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Swarm;

namespace IsoCatalog.Appliance.Api;

/// <summary>What comes from other sites and goes to them, as the API shows it. Pure.</summary>
internal static class TransferViews
{
    private const string Waiting = "waiting";
    private const string Verifying = "verifying";

    /// <param name="swarm">Null at a site that exchanges nothing.</param>
    public static TransferList Of(SiteView view, SwarmEngine? swarm) => swarm is null
        ? new TransferList([], [])
        : Of(view, swarm.Transfers.ToDictionary(t => t.Torrent.Root, t => t.Progress), swarm.Peers);

    /// <param name="running">The transfers of the swarm, by the root of their image.</param>
    public static TransferList Of(SiteView view, IReadOnlyDictionary<Sha256Digest, TransferProgress> running, IReadOnlyList<PeerSnapshot> peers)
    {
        var images = view.Catalog.Images.Values.Where(i => !i.Deleted).DistinctBy(i => i.Value.Root).ToDictionary(i => i.Value.Root);
        var moving = running.Where(r => r.Value.State is TransferState.Checking or TransferState.Fetching or TransferState.Finishing).ToDictionary();
        return new TransferList(
            [
                .. moving.Select(r => Moving(images.GetValueOrDefault(r.Key), r.Key, r.Value, view))
                    .Concat(images.Values.Where(i => !moving.ContainsKey(i.Value.Root) && view.IsWanted(i.Id))
                        .Select(i => view.FileOf(i) is StoreFile.Fetching fetching ? Still(i, fetching) : null).OfType<TransferView>())
                    .OrderBy(t => t.Name, NaturalOrder.Comparer),
            ],
            [
                .. peers.Where(p => p.UploadRate > 0)
                    .OrderBy(p => p.Name, StringComparer.Ordinal).ThenByDescending(p => p.UploadRate)
                    .Select(p => new UploadView(
                        p.Name, images.GetValueOrDefault(p.Root)?.Id, images.GetValueOrDefault(p.Root)?.FileName, Math.Round(p.UploadRate), p.Sent, p.Progress)),
            ]);
    }

    private static TransferView Moving(CatalogImage? image, Sha256Digest root, TransferProgress progress, SiteView view)
    {
        var fetching = image is null ? null : view.FileOf(image) as StoreFile.Fetching;
        return new TransferView(
            image?.Id,
            image?.FileName,
            root,
            JsonNamingPolicy.KebabCaseLower.ConvertName(progress.State.ToString()),
            progress.Size,
            progress.Verified,
            progress.Fetched,
            Math.Round(progress.Rate),
            progress is { State: TransferState.Fetching, Rate: >= 1 } ? Math.Ceiling((progress.Size - progress.Verified) / progress.Rate) : null,
            progress.RequestsInFlight,
            fetching?.Since,
            progress.StallReason is null ? null : ReasonCode.WaitingForSource,
            progress.StallReason,
            [
                .. progress.Peers.OrderByDescending(p => p.DownloadRate).ThenBy(p => p.Name, StringComparer.Ordinal).Select(p => new TransferPeer(
                    p.Name,
                    Math.Round(p.DownloadRate),
                    Math.Round(p.UploadRate),
                    p.RequestsInFlight,
                    p.RoundTrip > TimeSpan.Zero ? p.RoundTrip.TotalSeconds : null,
                    p.Progress)),
            ]);
    }

    /// <summary>Before its transfer begins, between two attempts, and after its last byte.</summary>
    private static TransferView Still(CatalogImage image, StoreFile.Fetching fetching)
    {
        var verifying = fetching.Code == ReasonCode.Verifying;
        return new TransferView(
            image.Id,
            image.FileName,
            image.Value.Root,
            verifying ? Verifying : Waiting,
            image.Value.Size,
            verifying ? image.Value.Size : (long)(fetching.Progress * image.Value.Size),
            Fetched: 0,
            Rate: 0,
            SecondsLeft: null,
            RequestsInFlight: 0,
            fetching.Since,
            fetching.Code,
            fetching.Reason,
            Peers: []);
    }
}
