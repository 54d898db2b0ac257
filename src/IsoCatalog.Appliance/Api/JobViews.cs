using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>Adds and moves of aliases as the API shows jobs.</summary>
internal static class JobViews
{
    /// <summary>Aliases first, then adds; each kind from its newest.</summary>
    public static IEnumerable<JobView> Of(AliasMover mover, IngestQueue queue) => mover.Jobs.Select(Of).Concat(queue.Jobs.Select(Of));

    /// <returns>Null when there is no such job.</returns>
    public static JobView? Find(string id, AliasMover mover, IngestQueue queue) =>
        mover.Find(id) is { } move ? Of(move) : queue.Find(id) is { } add ? Of(add) : null;

    public static JobView Of(AliasJob job) => new(
        job.Move.Job,
        JobKinds.Alias,
        job.Subject,
        State(job.Ended is not null, job.Refusal),
        job.Step,
        job.Done,
        job.Total,
        job.Move.Since,
        job.Ended,
        job.Move.Image,
        job.Refusal is null ? null : Problems.Of(job.Refusal));

    public static JobView Of(IngestQueue.Job job)
    {
        var outcome = job.Ended is null ? null : job.Outcome;
        var refusal = (outcome as Outcome<CatalogImage>.Refused)?.Refusal;
        return new JobView(
            job.Id,
            "add",
            job.Request.Label,
            State(outcome is not null, refusal),
            outcome is null ? job.Progress.Step : refusal is null ? "added" : "refused",
            job.Progress.Done,
            job.Progress.Total,
            job.Started,
            job.Ended,
            (outcome as Outcome<CatalogImage>.Done)?.Value.Id ?? refusal?.Image,
            refusal is null ? null : Problems.Of(refusal));
    }

    private static string State(bool ended, Refusal? refusal) => !ended ? "running" : refusal is null ? "done" : "failed";
}
