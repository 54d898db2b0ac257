using IsoCatalog.Appliance.Web;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;

namespace IsoCatalog.Tests.Web;

/// <summary>A page of a fleet that is in order, to be changed with <c>with</c>.</summary>
internal static class SomePage
{
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly CellView Available = new(CellState.Advertised, null, null, Now, null);

    private static readonly string[] Surfaces = ["bmc", "console", "ovirt"];

    public static LivePage Of(int sites, int images, string title = "Debian 12") => new(
        new StatusView(
            "site-0", "1.0", Now.AddHours(-3), "http://127.0.0.1:1", null, "/data", 1L << 40, images, 0, 0, "generic", "3", [], [], [],
            [.. Enumerable.Range(0, sites).Select(Site)], [], []),
        new PageQuery(),
        [.. Enumerable.Range(0, Math.Min(images, PageQuery.Rows)).Select(i => Image(i, title, sites))],
        images,
        images,
        images,
        [],
        [],
        new Dictionary<ImageId, string>(),
        Now,
        null);

    public static SiteStanding Site(int number) => new(
        $"site-{number}", number == 0, "ok", number == 0 ? null : Now.AddSeconds(-3), 3, 1,
        [.. Surfaces.Select(s => new SurfaceStanding(s, s, s, 1, 1, null, null))], 1L << 40, 1, 0, 0, null, null);

    public static ImageView Image(int number, string title, int sites, CellView? cell = null) => Image(number, title, sites, _ => cell ?? Available);

    /// <param name="cell">Of all surfaces of a site, by its number.</param>
    public static ImageView Image(int number, string title, int sites, Func<int, CellView> cell)
    {
        var value = SomeImages.Value(number + 1);
        return new ImageView(
            SomeImages.Id(number + 1), $"image-{number}.iso", title, value.Size, value.Sha256, value.Root, value.PieceLength, value.InfoV1, value.InfoV2,
            new MetaValue(), value.Iso, Now, "tests", false, new StoreView("present"),
            Enumerable.Range(0, sites).ToDictionary(
                s => $"site-{s}", s => (IReadOnlyDictionary<string, CellView>)Surfaces.ToDictionary(n => n, _ => cell(s))));
    }
}
