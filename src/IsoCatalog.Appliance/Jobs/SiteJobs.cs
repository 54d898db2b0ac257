using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Appliance.Keeping;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Mounts;
using IsoCatalog.Appliance.Publishing;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Appliance.Sync;
using IsoCatalog.Core.Readiness;
using Quartz;

namespace IsoCatalog.Appliance.Jobs;

/// <summary>When things happen again. What happens is the business of the room that does it.</summary>
internal static class SiteJobs
{
    /// <param name="time">The site's: a schedule that went by a clock that is set back would stand still until the clock is there again.</param>
    public static void Add(IServiceCollection services, SiteConfiguration configuration, IReadOnlyList<SurfacePublisher> publishers, TimeProvider time)
    {
        services.AddQuartz(quartz =>
        {
            quartz.UseTimeProvider(time);
            foreach (var publisher in publishers)
            {
                quartz.ScheduleJob<ObserveSurface>(
                    trigger => trigger.WithIdentity("observe-" + publisher.Name)
                        .UsingJobData(ObserveSurface.Surface, publisher.Name)
                        .WithSimpleSchedule(SurfaceFactory.CheckOf(configuration.Surfaces.FirstOrDefault(s => s.Name == publisher.Name)), null),
                    job => job.WithIdentity("observe-" + publisher.Name));
            }

            Every<LookForData>(quartz, TimeSpan.FromSeconds(1));
            Every<TendReserve>(quartz, TimeSpan.FromSeconds(2));
            Every<LookAtFiles>(quartz, TimeSpan.FromSeconds(10));
            Every<StatStore>(quartz, TimeSpan.FromSeconds(10));
            Every<RescanInbox>(quartz, configuration.Inbox.Rescan);
            Every<KeepDocuments>(quartz, TimeSpan.FromSeconds(10));
            Every<EndLeases>(quartz, TimeSpan.FromSeconds(10));
            Every<EvictRetired>(quartz, TimeSpan.FromSeconds(10));
            Every<ReadAgain>(quartz, TimeSpan.FromMinutes(1));
        });
        services.AddQuartzHostedService(hosted => hosted.WaitForJobsToComplete = false);
    }

    private static void Every<TJob>(IQuartzBuilder quartz, TimeSpan period)
        where TJob : class, IJob =>
        quartz.ScheduleJob<TJob>(trigger => trigger.WithIdentity(typeof(TJob).Name).WithSimpleSchedule(period, null));
}

/// <summary>Compares a surface with what should be there.</summary>
[DisallowConcurrentExecution]
internal sealed class ObserveSurface(IReadOnlyList<SurfacePublisher> publishers, FileSentry sentry) : IJob
{
    public const string Surface = "surface";

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        await sentry.CompareAsync(publishers.First(p => p.Name == context.MergedJobDataMap.GetString(Surface)), cancellationToken);
}

/// <summary>Looks whether the data folder is still there: no event says that its file system was unmounted while the site has files of it open.</summary>
[DisallowConcurrentExecution]
internal sealed class LookForData(SiteLedger ledger, ImageStore store, Doubts doubts, IReadOnlyList<SurfacePublisher> publishers, FileSentry sentry) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        var away = store.Absence() is not null;
        var surfaces = ledger.View.Surfaces;
        var changed = publishers.Where(p => away != (surfaces.First(s => s.Name == p.Name).ProblemCode == ReasonCode.DataMissing)).ToList();
        if (changed.Count > 0 && !away)
        {
            doubts.StatStore(cancellationToken);
        }

        await Task.WhenAll(changed.Select(p => sentry.CompareAsync(p, cancellationToken)));
    }
}

/// <summary>Looks at the room on the disk, and takes the reserve again when it was given up.</summary>
[DisallowConcurrentExecution]
internal sealed class TendReserve(Reserve reserve, ImageStore store, IHostApplicationLifetime site) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        if (site.ApplicationStarted.IsCancellationRequested && store.Absence() is null)
        {
            reserve.Tend();
        }

        return ValueTask.CompletedTask;
    }
}

/// <summary>Looks how many more files can be opened.</summary>
[DisallowConcurrentExecution]
internal sealed class LookAtFiles(FileRoom files) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        files.Look();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Compares the store's files with their receipts, and looks for files that belong to nothing.</summary>
[DisallowConcurrentExecution]
internal sealed class StatStore(Doubts doubts, FileSentry sentry, DriftReport drift) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        sentry.WatchAgain(cancellationToken);
        doubts.StatStore(cancellationToken);
        drift.LookForOrphans();
        drift.Look();
        return ValueTask.CompletedTask;
    }
}

/// <summary>Looks at documents that wait for their time, signs one's own anew when it is due, and deletes what nobody names any more.</summary>
[DisallowConcurrentExecution]
internal sealed class KeepDocuments(DocumentBook documents, FleetParts fleet) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        documents.Keep(republish: fleet.Exchange?.Peers.Count > 0);
        return ValueTask.CompletedTask;
    }
}

[DisallowConcurrentExecution]
internal sealed class RescanInbox(Inbox inbox) : IJob
{
    public ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        inbox.Rescan();
        return ValueTask.CompletedTask;
    }
}

[DisallowConcurrentExecution]
internal sealed class EndLeases(SiteLedger ledger, Leases leases) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        await ledger.AskClocksAsync(cancellationToken);
        leases.Expire();
    }
}

[DisallowConcurrentExecution]
internal sealed class EvictRetired(SiteLedger ledger, RetiredKeeper retired) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default)
    {
        await ledger.AskClocksAsync(cancellationToken);
        retired.Evict();
    }
}

/// <summary>Reads what was not read for long enough. How long is counted from file to file, so that a restart begins nothing anew.</summary>
[DisallowConcurrentExecution]
internal sealed class ReadAgain(Scrub scrub, LiveConfiguration configuration) : IJob
{
    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) =>
        await scrub.RunAsync(configuration.Now.Scrub.Every, cancellationToken);
}
