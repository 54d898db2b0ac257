using IsoCatalog.Appliance.Configuration;

namespace IsoCatalog.Appliance.Sync;

/// <summary>Which limits hold at an hour. Pure.</summary>
internal static class RateSchedule
{
    /// <summary>Bytes a second, 0 for no limit. The first window that holds decides; what it leaves out stays general.</summary>
    public static (long Download, long Upload) At(FetchConfiguration fetch, DateTimeOffset now)
    {
        var local = TimeZoneInfo.ConvertTime(now, fetch.TimeZone);
        var window = fetch.Schedule.FirstOrDefault(w => Holds(w, local.DayOfWeek, TimeOnly.FromTimeSpan(local.TimeOfDay)));
        return (window?.Download ?? fetch.Download, window?.Upload ?? fetch.Upload);
    }

    /// <summary>A window that ends before it begins ends on the next day, so its early part belongs to the day before.</summary>
    private static bool Holds(RateWindow window, DayOfWeek day, TimeOnly time) => window.From < window.To
        ? window.Days.Contains(day) && time >= window.From && time < window.To
        : (window.Days.Contains(day) && time >= window.From) || (window.Days.Contains((DayOfWeek)(((int)day + 6) % 7)) && time < window.To);
}
