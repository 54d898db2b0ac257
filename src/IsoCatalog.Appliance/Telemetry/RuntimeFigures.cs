using System.Diagnostics;
using System.Globalization;
using Prometheus;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>Figures of the process, under the names that Prometheus' own client libraries use.</summary>
internal static class RuntimeFigures
{
    /// <summary>Adds them; they are read when the registry is written.</summary>
    public static void AddTo(CollectorRegistry registry)
    {
        var factory = Metrics.WithCustomRegistry(registry);
        var collections = factory.CreateCounter("dotnet_gc_collections_total", "Garbage collections by generation.", "generation");
        var heap = factory.CreateGauge("dotnet_gc_heap_size_bytes", "Bytes on the managed heap.");
        var pause = factory.CreateCounter("dotnet_gc_pause_seconds_total", "Time spent in garbage collection pauses.");
        var threads = factory.CreateGauge("dotnet_threadpool_threads", "Threads of the pool.");
        var cpu = factory.CreateCounter("process_cpu_seconds_total", "User and system time used.");
        var resident = factory.CreateGauge("process_resident_memory_bytes", "Resident memory.");
        using var self = Process.GetCurrentProcess();
        factory.CreateGauge("process_start_time_seconds", "When the process began, since the Unix epoch.")
            .Set((self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds);
        registry.AddBeforeCollectCallback(() =>
        {
            for (var generation = 0; generation <= GC.MaxGeneration; generation++)
            {
                collections.WithLabels(generation.ToString(CultureInfo.InvariantCulture)).IncTo(GC.CollectionCount(generation));
            }

            heap.Set(GC.GetTotalMemory(forceFullCollection: false));
            pause.IncTo(GC.GetTotalPauseDuration().TotalSeconds);
            threads.Set(ThreadPool.ThreadCount);
            if (!OperatingSystem.IsBrowser() && !OperatingSystem.IsIOS() && !OperatingSystem.IsTvOS())
            {
                cpu.IncTo(Environment.CpuUsage.TotalTime.TotalSeconds);
            }

            resident.Set(Environment.WorkingSet);
        });
    }
}
