using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Api;

/// <summary>
/// What a caller of the role panel gets of the same answers: the site's own reasons name its folders, other systems and commands, and are for those who run it. A panel, and whoever it shows them to, gets
/// the code in words. Pure.
/// </summary>
internal static class PanelViews
{
    /// <summary>The type of an event about an image, which says itself why.</summary>
    private const string Image = "image";

    /// <summary>What happened, in words that name what is anybody's: images, surfaces, aliases and leases.</summary>
    private static readonly string[] Plain = [Image, "surface", "alias", "mount"];

    /// <param name="caller">Who asks.</param>
    /// <param name="image">As an operator gets it.</param>
    /// <param name="site">This one: of others nothing but codes came here.</param>
    public static ImageView For(Caller caller, ImageView image, string site) => caller.Is(Role.Operator) ? image : image with
    {
        Store = image.Store with { Reason = image.Store.Reason is null ? null : ReasonWords.Of(image.Store.Code) },
        Ready = image.Ready.ToDictionary(r => r.Key, r => r.Key != site ? r.Value : r.Value.ToDictionary(c => c.Key, c => Of(c.Value))),
    };

    public static AliasView For(Caller caller, AliasView alias) => caller.Is(Role.Operator) || alias.Waiting is not { } waiting ? alias : alias with
    {
        Waiting = waiting with { WaitsFor = [.. waiting.WaitsFor.Select(w => w with { Reason = ReasonWords.Of(w.Code) })] },
    };

    public static SiteEvent For(Caller caller, SiteEvent happened) => caller.Is(Role.Operator) ? happened
        : happened.Code is { } code && happened.Type is not Image ? happened with { Text = ReasonWords.Of(code) }
        : Plain.Contains(happened.Type) ? happened
        : happened with { Text = "Something changed at the site. Its operators can see what." };

    /// <summary>Why an image is recalled was said for everybody who meets the recall, and is kept.</summary>
    private static CellView Of(CellView cell) =>
        cell.Reason is null || cell.Code is ReasonCode.Blocked or ReasonCode.WaitingForSites ? cell : cell with { Reason = ReasonWords.Of(cell.Code) };
}
