using System.Collections.Immutable;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Carries out the moves of aliases that wait for an image, as soon as that is ready everywhere, and tells how far they are. Thread-safe.</summary>
internal sealed class AliasMover(string site, SiteLedger ledger, AliasBook book, Setbacks setbacks, TimeProvider time, ILogger<AliasMover> log) : LastingLoop(new Restarts("Moving aliases", setbacks, time, log))
{
    private const int Kept = 100;

    private readonly Rounds _rounds = new(ledger, setbacks, TimeSpan.FromSeconds(5), time, log);

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
        var step = _held.GetValueOrDefault(move.Job) is { } refusal ? refusal.InFull
            : hindrances.Count == 0 ? "moving"
            : $"waiting for {string.Join(", ", hindrances.Select(h => h.Surface is null ? h.Site : $"{h.Surface} at {h.Site}").Take(10))}";
        return new AliasJob(move, Subject(view, move), step, places - hindrances.Count, places);
    }

    protected override Task RunAsync(CancellationToken stoppingToken) => _rounds.RunAsync(Chores, stoppingToken);

    private IEnumerable<Chore> Chores()
    {
        foreach (var move in ledger.View.AliasMoves.Values)
        {
            // Most of the time there is nothing to do, and that is seen without keeping anybody else from the ledger.
            var (view, now) = (ledger.View, time.GetUtcNow());
            if ((AliasPlan.Next(view, site, move, now) == AliasStep.Wait ? CellPlan.PatienceEnds(view, now) : now) is { } from)
            {
                yield return new Chore($"Moving {Subject(view, move)}", move.Image, async cancellationToken =>
                {
                    await ledger.AskClocksAsync(cancellationToken);
                    return CarryOut(move);
                }) { With = move.Job, From = from };
            }
        }
    }

    /// <returns>Why it could not be moved, in words; null when it was, or is not to be.</returns>
    private string? CarryOut(AliasMove move)
    {
        lock (_gate)
        {
            switch (book.CarryOut(move))
            {
                case Outcome<AliasStep>.Refused { Refusal: var refusal }:
                    _held = _held.SetItem(move.Job, refusal);
                    return refusal.InFull;
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

            return null;
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
        $"{move.Alias} to {view.NameOf(move.Image)}";
}

/// <summary>A move of an alias, waiting or ended.</summary>
/// <param name="Step">In words.</param>
/// <param name="Done">Of <paramref name="Total"/> surfaces of all sites: those where its image is available.</param>
/// <param name="Ended">Null while it waits.</param>
/// <param name="Refusal">Why it ended without having moved.</param>
internal sealed record AliasJob(AliasMove Move, string Subject, string Step, int Done, int Total, DateTimeOffset? Ended = null, Refusal? Refusal = null);
