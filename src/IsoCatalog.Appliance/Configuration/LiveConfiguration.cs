namespace IsoCatalog.Appliance.Configuration;

/// <summary>
/// What holds now: as the site was started, with what was taken since from a file that changed (<see cref="ReloadPlan"/>). Who needs such a value asks for it when it
/// is needed, or follows <see cref="Replaced"/>. Thread-safe.
/// </summary>
internal sealed class LiveConfiguration(SiteConfiguration first)
{
    private volatile SiteConfiguration _now = first;

    /// <summary>A snapshot: whoever needs several values of it takes it once.</summary>
    public SiteConfiguration Now => _now;

    /// <summary>Called with each new one, one at a time, after it holds; must neither wait nor fail.</summary>
    public Action<SiteConfiguration>? Replaced { get; set; }

    /// <summary>By one caller at a time.</summary>
    public void Replace(SiteConfiguration next)
    {
        _now = next;
        Replaced?.Invoke(next);
    }
}
