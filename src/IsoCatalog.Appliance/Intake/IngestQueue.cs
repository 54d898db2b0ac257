using System.Collections.Concurrent;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Intake;

/// <summary>
/// The adds that run and the last hundred that ended. Two copy, read and hash at a time: more would only share one disk. What is being received, however slowly,
/// keeps none of them waiting. Thread-safe.
/// </summary>
internal sealed class IngestQueue(Ingest ingest, TimeProvider time, IHostApplicationLifetime lifetime, ILogger<IngestQueue> log) : IDisposable
{
    private const int AtOnce = 2;
    private const int Kept = 100;

    /// <summary>Each has a buffer.</summary>
    private const int ReceivedAtOnce = 64;

    private readonly ConcurrentDictionary<string, Job> _jobs = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _slots = new(AtOnce, AtOnce);
    private readonly SemaphoreSlim _uploads = new(ReceivedAtOnce, ReceivedAtOnce);

    public IEnumerable<Job> Jobs => _jobs.Values.OrderByDescending(j => j.Started);

    /// <summary>The image that a file became, if it is among the adds of lately and did not change since; null when it is not.</summary>
    public ImageId? Became(Receipt file) => _jobs.Values
        .Where(j => j is { Request: IngestRequest.FromFile { Read: { } read }, Outcome: Outcome<CatalogImage>.Done } && read == file)
        .Select(j => ((Outcome<CatalogImage>.Done)j.Outcome!).Value.Id).Cast<ImageId?>().FirstOrDefault();

    public Job? Find(string id) => _jobs.GetValueOrDefault(id);

    /// <summary>Starts an add that goes on without its asker; it ends with the site.</summary>
    public Job Start(IngestRequest request)
    {
        var job = new Job(request, time.GetUtcNow());
        _jobs[job.Id] = job;
        Forget();
        job.Work = RunAsync(job, lifetime.ApplicationStopping);
        return job;
    }

    /// <summary>Runs an add whose bytes come from the asker, and ends with it.</summary>
    public async Task<Outcome<CatalogImage>> RunAsync(IngestRequest request, CancellationToken cancellationToken)
    {
        var job = new Job(request, time.GetUtcNow());
        _jobs[job.Id] = job;
        Forget();
        return await RunAsync(job, cancellationToken);
    }

    public void Dispose()
    {
        _slots.Dispose();
        _uploads.Dispose();
    }

    private async Task<Outcome<CatalogImage>> RunAsync(Job job, CancellationToken cancellationToken)
    {
        try
        {
            using var upload = new IngestPlace(_uploads);
            using var slot = new IngestPlace(_slots);
            if (job.Request is IngestRequest.FromStream)
            {
                await upload.TakeAsync(cancellationToken);
            }

            job.Outcome = await Task.Run(() => ingest.AddAsync(job.Request, job.Progress, slot, cancellationToken), cancellationToken);
        }
        catch (OperationCanceledException)
        {
            job.Outcome = new Refusal(RefusalCode.UploadIncomplete, $"{job.Request.Label} was not added: it was broken off. Add it again.");
        }
        catch (Exception e)
        {
            // A defect; a job that went on for ever would hide it.
            Log.Unexpected(log, job.Request.Label, e);
            job.Outcome = new Refusal(RefusalCode.Unexpected, $"{job.Request.Label} was not added: something went wrong inside; the log has the details.");
        }

        job.Ended = time.GetUtcNow();
        return job.Outcome;
    }

    private void Forget()
    {
        foreach (var old in _jobs.Values.Where(j => j.Ended is not null).OrderByDescending(j => j.Ended).Skip(Kept))
        {
            _jobs.TryRemove(old.Id, out _);
        }
    }

    internal sealed class Job(IngestRequest request, DateTimeOffset started)
    {
        public string Id { get; } = Guid.CreateVersion7().ToString("N");

        public IngestRequest Request => request;

        public DateTimeOffset Started => started;

        public DateTimeOffset? Ended { get; set; }

        public IngestProgress Progress { get; } = new();

        public Outcome<CatalogImage>? Outcome { get; set; }

        /// <summary>Ends when the job does; never faults for an expected refusal.</summary>
        public Task<Outcome<CatalogImage>>? Work { get; set; }
    }
}
