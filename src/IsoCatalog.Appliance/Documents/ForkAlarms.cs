using IsoCatalog.Appliance.Events;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Documents;

/// <summary>That a site signed two histories, at whoever has seen both.</summary>
internal static class ForkAlarms
{
    public static void Raise(SiteAlarms alarms, IReadOnlyList<ForkEvidence> forks, ILogger log)
    {
        foreach (var fork in forks)
        {
            Log.Forked(log, fork.Site, fork.Kind, fork.Epoch, fork.Seq, fork.First, fork.Second);
            alarms.Set(
                SiteAlarms.DocumentsForked,
                $"Site '{fork.Site}' signed two documents for one place in its count ({fork.Epoch}/{fork.Seq}: {fork.First} and {fork.Second}). It was restored from a backup "
                + "or cloned, or its key is in wrong hands. Both are in the catalog; find out which it was, then say so at each site that shows this: "
                + "isocatalog confirm documents-forked.",
                fork.Site);
        }
    }
}
