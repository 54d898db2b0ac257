using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Which images have a faulty structure and are offered because somebody named their hash. Pure.</summary>
internal static class FaultDrift
{
    public static IEnumerable<DriftView> Of(SiteView view) =>
        from image in view.Catalog.Live
        let faults = image.Value.Faults
        where faults is not null
        select new DriftView(
            ReasonCode.ImageFaulty,
            $"{image.FileName} is faulty. {faults} It is offered like any other: if it does not do what it should, isocatalog rm {image.FileName}.",
            null,
            image.Id,
            image.Value.AddedAt);
}
