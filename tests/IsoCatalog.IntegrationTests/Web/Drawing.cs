using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IsoCatalog.Appliance.Web;
using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.IntegrationTests.Web;

/// <summary>What a <see cref="DrawnSite"/> shows: many images at many sites, each with three surfaces.</summary>
internal static class Drawing
{
    public static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    public static readonly CellView Advertised = new(CellState.Advertised, null, null, Now.AddHours(-2), null);

    private static readonly string[] Surfaces = ["bmc", "console", "ovirt"];
    private static readonly string[] Names =
        ["ams", "arn", "cdg", "dfw", "fra", "gru", "hel", "hkg", "iad", "jnb", "lax", "lhr", "mad", "msk", "nyc", "sin", "sjc", "syd", "tyo", "waw"];

    private static readonly string[] Systems =
        ["AlmaLinux 10.1", "Alpine Linux 3.23", "Debian 12.12", "Debian 13.2", "Fedora Server 43", "FreeBSD 15.0", "openSUSE Leap 16.0", "Proxmox VE 9.1", "Rocky Linux 10.1",
            "SystemRescue 12.02", "Ubuntu Server 24.04.3", "Windows Server 2025"];

    private static readonly string[] Editions = ["minimal", "netinst", "DVD", "live", "boot only"];

    public static LivePage Page(int images, int sites, Func<int, string, CellView>? cell = null)
    {
        var shown = Enumerable.Range(0, images).Select(i => Image(i, sites, cell)).ToList();
        var ready = shown.Count(i => i.Ready.Values.All(s => s.Values.All(c => c is { State: CellState.Advertised, Code: null })));
        return new LivePage(
            new StatusView(
                Names[0], "1.0", Now.AddHours(-30), "http://127.0.0.1:1", null, "/data", 7L << 40, images, 0, 0, "generic", "3", [], [], [],
                [.. Enumerable.Range(0, sites).Select(s => Site(s, shown))], [], []),
            new PageQuery(), shown, images, images, ready, [], [], shown.ToDictionary(i => i.Id, i => i.Name), Now, null);
    }

    public static ImageView Image(int number, int sites, Func<int, string, CellView>? cell = null)
    {
        var title = $"{Systems[number % Systems.Length]} {Editions[number / Systems.Length % Editions.Length]}";
        return new ImageView(
            new ImageId(Digest($"image {number}")),
            title.ToLowerInvariant().Replace(' ', '-') + ".iso",
            title,
            (300L << 20) + (number * (91L << 20)),
            Digest($"image {number}"),
            Digest($"root {number}"),
            1 << 20,
            default,
            Digest($"v2 {number}"),
            new MetaValue(),
            new ImageFacts { VolumeId = string.Create(CultureInfo.InvariantCulture, $"VOLUME_{number}") },
            Now.AddDays(-1),
            "operator",
            false,
            new StoreView("present"),
            Names.Take(sites).ToDictionary(
                s => s, s => (IReadOnlyDictionary<string, CellView>)Surfaces.ToDictionary(n => n, _ => cell?.Invoke(number, s) ?? Advertised)));
    }

    public static CellView Fetching(double share) => new(CellState.Fetching, "Its bytes are on the way.", ReasonCode.Fetching, Now.AddMinutes(-1), share);

    public static TransferView Transfer(ImageView image, double share) => new(
        image.Id, image.Name, image.Root, "fetching", image.Size, (long)(image.Size * share), 0, 31e6, image.Size * (1 - share) / 31e6, 4, Now.AddMinutes(-1), null, null,
        [new TransferPeer("nyc", 31e6, 0, 4, 0.02, 1)]);

    private static SiteStanding Site(int number, List<ImageView> images)
    {
        var (name, self) = (Names[number], number == 0);
        return new SiteStanding(
            name, self, "ok", self ? null : Now.AddSeconds(-2), self ? null : 2, 3,
            [
                .. Surfaces.Select(s => new SurfaceStanding(
                    s, s, s, images.Count(i => i.Ready[name][s].State == CellState.Advertised), images.Count, null, null)),
            ],
            (7L << 40) - (number * (211L << 30)), images.Count, images.Count(i => i.Ready[name]["bmc"].State == CellState.Fetching), 0, null,
            self ? null : new SiteLink("192.0.2.1:8444", Now.AddHours(-29), Now, null, null, null, 0.021, 0));
    }

    private static Sha256Digest Digest(string of) => new(SHA256.HashData(Encoding.UTF8.GetBytes(of)));
}
