using System.Diagnostics;

namespace IsoCatalog.Appliance.Telemetry;

/// <summary>Figures of the process, under the names that Prometheus' own client libraries use.</summary>
internal static class RuntimeFigures
{
    private static readonly double StartTime = ReadStartTime();

    public static bool Owns(string name) => name.StartsWith("process_", StringComparison.Ordinal) || name.StartsWith("dotnet_", StringComparison.Ordinal);

    public static void WriteTo(PrometheusText text)
    {
        text.Family("dotnet_gc_collections_total", "counter", "Garbage collections by generation.");
        for (var generation = 0; generation <= GC.MaxGeneration; generation++)
        {
            text.Sample(
                "dotnet_gc_collections_total", PrometheusText.Label("generation", PrometheusText.Number(generation)),
                PrometheusText.Number(GC.CollectionCount(generation)));
        }

        One(text, "dotnet_gc_heap_size_bytes", "gauge", "Bytes on the managed heap.", PrometheusText.Number(GC.GetTotalMemory(forceFullCollection: false)));
        One(text, "dotnet_gc_pause_seconds_total", "counter", "Time spent in garbage collection pauses.", PrometheusText.Number(GC.GetTotalPauseDuration().TotalSeconds));
        One(text, "dotnet_threadpool_threads", "gauge", "Threads of the pool.", PrometheusText.Number(ThreadPool.ThreadCount));
        if (!OperatingSystem.IsBrowser() && !OperatingSystem.IsIOS() && !OperatingSystem.IsTvOS())
        {
            One(text, "process_cpu_seconds_total", "counter", "User and system time used.", PrometheusText.Number(Environment.CpuUsage.TotalTime.TotalSeconds));
        }

        One(text, "process_resident_memory_bytes", "gauge", "Resident memory.", PrometheusText.Number(Environment.WorkingSet));
        One(text, "process_start_time_seconds", "gauge", "When the process began, since the Unix epoch.", PrometheusText.Number(StartTime));
    }

    private static void One(PrometheusText text, string name, string type, string help, string value)
    {
        text.Family(name, type, help);
        text.Sample(name, "", value);
    }

    private static double ReadStartTime()
    {
        using var self = Process.GetCurrentProcess();
        return (self.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds;
    }
}
