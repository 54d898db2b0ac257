using System.Collections.Immutable;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Carries out the moves of aliases that wait for an image, as soon as that is ready everywhere, and tells how far they are. Thread-safe.</summary>
internal sealed class AliasMover(string site, SiteLedger ledger, AliasBook book, TimeProvider time, ILogger<AliasMover> log) : BackgroundService
{
    private const int Kept = 100;

    /// <summary>What is not a change of the view: another site becomes too old to be waited for, a refusal ends.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);

    /// <summary>Around each change of a move and the end of its job, so that a job is always either the one or the other.</summary>
    private readonly Lock _gate = new();
    private ImmutableQueue<AliasJob> _ended = [];
    private ImmutableDictionary<string, Refusal> _held = ImmutableDictionary.Create<string, Refusal>(StringComparer.Ordinal);

    /// <summary>Moves that wait, and the last hundred that ended since the start.</summary>
    public IReadOnlyList<AliasJob> Jobs
    {
        get
        {
            lock (_gate)
            {
                return [.. ledger.View.AliasMoves.Values.Select(Job).Concat(_ended.Reverse()).OrderByDescending(j => j.Move.Since)];
            }
        }
    }

    public AliasJob? Find(string id) => Jobs.FirstOrDefault(j => j.Move.Job == id);

    /// <inheritdoc cref="AliasBook.Set"/>
    public Outcome<AliasChange> Set(string alias, ImageId image, int? keep, string by)
    {
        lock (_gate)
        {
            var outcome = book.Set(alias, image, keep, by);
            if (outcome is Outcome<AliasChange>.Done { Value: { Replaced: { } replaced } change })
            {
                End_NeedsLock(replaced, change.Waiting is null && replaced.Image == image && replaced.KeepVersions == keep ? null : new Refusal(
                    RefusalCode.Superseded, $"{alias} was told to point to another image meanwhile.", replaced.Image));
            }

            return outcome;
        }
    }

    /// <inheritdoc cref="AliasBook.Remove"/>
    public Outcome<AliasChange> Remove(string alias, string by)
    {
        lock (_gate)
        {
            var outcome = book.Remove(alias, by);
            if (outcome is Outcome<AliasChange>.Done { Value.Replaced: { } replaced })
            {
                End_NeedsLock(replaced, new Refusal(RefusalCode.Superseded, $"{alias} was taken away meanwhile.", replaced.Image));
            }

            return outcome;
        }
    }

    /// <summary>How it stands with a move that waits.</summary>
    public AliasJob Job(AliasMove move)
    {
        var view = ledger.View;
        var hindrances = AliasPlan.WaitsFor(view, site, move.Image, time.GetUtcNow()).ToList();
        var places = view.Surfaces.Length + view.Others.Values.Sum(o => o.Surfaces?.Length ?? 1);
        var step = _held.GetValueOrDefault(move.Job) is { } refusal ? refusal.Message
            : hindrances.Count == 0 ? "moving"
            : $"waiting for {string.Join(", ", hindrances.Select(h => h.Surface is null ? h.Site : $"{h.Surface} at {h.Site}").Take(10))}";
        return new AliasJob(move, Subject(view, move), step, places - hindrances.Count, places);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var signal = ledger.Signal();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var move in ledger.View.AliasMoves.Values)
                {
                    Tend(move);
                }
            }
            catch (Exception e) when (DiskFault.IsOutside(e) || e is Microsoft.Data.Sqlite.SqliteException)
            {
                Log.AliasWillRetry(log, e);
                await Task.Delay(Again, time, stoppingToken);
            }

            using var timer = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            await Task.WhenAny(
                Task.Delay(ledger.View.AliasMoves.IsEmpty ? Timeout.InfiniteTimeSpan : Again, time, timer.Token),
                signal.WaitToReadAsync(timer.Token).AsTask());
            await timer.CancelAsync();
            signal.TryRead(out _);
        }
    }

    private void Tend(AliasMove move)
    {
        // Most of the time there is nothing to do, and that is seen without keeping anybody else from the ledger.
        if (AliasPlan.Next(ledger.View, site, move, time.GetUtcNow()) == AliasStep.Wait)
        {
            return;
        }

        lock (_gate)
        {
            CarryOut_NeedsLock(move);
        }
    }

    private void CarryOut_NeedsLock(AliasMove move)
    {
        switch (book.CarryOut(move))
        {
            case Outcome<AliasStep>.Refused { Refusal: var refusal }:
                _held = _held.SetItem(move.Job, refusal);
                break;
            case Outcome<AliasStep>.Done { Value: AliasStep.Move }:
                End_NeedsLock(move, null);
                break;
            case Outcome<AliasStep>.Done { Value: AliasStep.GiveUp }:
                var view = ledger.View;
                End_NeedsLock(move, CatalogRules.MayPointTo(view, move.Image) ?? new Refusal(RefusalCode.NotFound, "The image was removed.", move.Image));
                break;
            case Outcome<AliasStep>.Done { Value: AliasStep.Overtaken }:
                var entry = ledger.View.Catalog.AliasOf(move.Alias);
                End_NeedsLock(move, entry is { Deleted: false } && entry.Target == move.Image ? null : new Refusal(
                    RefusalCode.Superseded, $"{move.Alias} was {(entry is { Deleted: false } ? "moved elsewhere" : "taken away")} at {entry?.Stamp.Site} later than this was asked for.", move.Image));
                break;
        }
    }

    private void End_NeedsLock(AliasMove move, Refusal? refusal)
    {
        var view = ledger.View;
        var places = view.Surfaces.Length + view.Others.Values.Sum(o => o.Surfaces?.Length ?? 1);
        _held = _held.Remove(move.Job);
        _ended = _ended.Enqueue(
            new AliasJob(move, Subject(view, move), refusal is null ? "moved" : "not moved", refusal is null ? places : 0, places, time.GetUtcNow(), refusal));
        if (_ended.Count() > Kept)
        {
            _ended = _ended.Dequeue();
        }
    }

    private static string Subject(SiteView view, AliasMove move) =>
        $"{move.Alias} to {view.Catalog.Images.GetValueOrDefault(move.Image)?.FileName ?? move.Image.ToString()}";
}

/// <summary>A move of an alias, waiting or ended.</summary>
/// <param name="Step">In words.</param>
/// <param name="Done">Of <paramref name="Total"/> surfaces of all sites: those where its image is available.</param>
/// <param name="Ended">Null while it waits.</param>
/// <param name="Refusal">Why it ended without having moved.</param>
internal sealed record AliasJob(AliasMove Move, string Subject, string Step, int Done, int Total, DateTimeOffset? Ended = null, Refusal? Refusal = null);
