using IsoCatalog.Core.Catalog;
using IsoCatalog.Tests.Trust;

namespace IsoCatalog.Tests.Catalog;

/// <summary>Wrong: keeps only the document with the highest (epoch, seq) of a site, the first seen of equals, and never heals.</summary>
internal sealed class HeadOnlySite(SomeFleet fleet, string id, int skew) : ModelSite(fleet, id, skew)
{
    protected override Admission Admit(Parcel parcel, DateTimeOffset clock)
    {
        var before = Catalog;
        var outcome = base.Admit(parcel, clock);
        if (outcome is not Admission.Admitted { Document: var document } admitted)
        {
            return outcome;
        }

        var head = before.Sites.GetValueOrDefault(document.Site)?.Head;
        if (head is not null && (head.Ref.Epoch, head.Ref.Seq).CompareTo((document.Ref.Epoch, document.Ref.Seq)) >= 0)
        {
            return new Admission.Known(before);
        }

        var catalog = admitted.Catalog with { Sites = admitted.Catalog.Sites.SetItem(document.Site, new SiteRecord { Retained = [document] }) };
        return admitted with { Catalog = catalog with { View = catalog.Joined() } };
    }

    protected override void Heal(long now)
    {
    }
}

/// <summary>Wrong: a document from the future is refused for ever.</summary>
internal sealed class ImpatientSite(SomeFleet fleet, string id, int skew) : ModelSite(fleet, id, skew)
{
    protected override void Accept(Admission admission, Parcel parcel)
    {
        if (admission is Admission.Pending { Reason: PendingReason.Future })
        {
            Settle(parcel);
            return;
        }

        base.Accept(admission, parcel);
    }
}
