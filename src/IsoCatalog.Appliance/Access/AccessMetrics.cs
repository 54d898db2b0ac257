using System.Diagnostics.Metrics;

namespace IsoCatalog.Appliance.Access;

internal sealed class AccessMetrics(IMeterFactory meters)
{
    private readonly Counter<long> _refused = meters.Create("IsoCatalog.Access")
        .CreateCounter<long>("isocatalog.api.refused", "{request}", "API requests that were refused, by the reason.");

    /// <param name="code">One of <see cref="AccessCode"/>, so the series are bounded.</param>
    public void Refused(string code) => _refused.Add(1, new KeyValuePair<string, object?>("code", code));
}
