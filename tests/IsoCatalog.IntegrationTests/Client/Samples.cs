using IsoCatalog.Client;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.IntegrationTests.Client;

/// <summary>Answers of a site called ams.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Then = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    public static ImageId Id(string firstDigits) =>
        ImageId.TryParse("sha256:" + firstDigits.PadRight(64, '0'), out var id) ? id : throw new ArgumentException("Hexadecimal digits.", nameof(firstDigits));

    public static Dictionary<string, CellView> Everywhere(CellState state = CellState.Advertised, string? code = null, string? reason = null) => new()
    {
        ["bmc"] = new CellView(CellState.Advertised, null, null, Then, null),
        ["console"] = new CellView(state, reason, code, Then, null),
    };

    public static ImageView Image(
        string digits = "abcdef", string name = "debian.iso", IReadOnlyDictionary<string, CellView>? cells = null, string title = "Debian") => new(
        Id(digits),
        name,
        title,
        5 << 20,
        Id(digits).Sha256,
        new Sha256Digest(new byte[32]),
        1 << 18,
        new Sha1Digest(new byte[20]),
        new Sha256Digest(new byte[32]),
        new MetaValue { Kind = "installer", Tags = ["stable"] },
        new ImageFacts { VolumeId = "DEBIAN_12", Bios = true, Uefi = true },
        Then,
        "socket",
        Deleted: false,
        new StoreView("present"),
        new Dictionary<string, IReadOnlyDictionary<string, CellView>> { ["ams"] = cells ?? Everywhere() });

    public static AvailableAnswer Available(params string[] names) => new("ams", "console", Then, [.. names.Select((name, i) => new AvailableImage(
        Id($"abcde{i}"), name, "Debian", 5 << 20, Id($"abcde{i}").Sha256, true, "installer", null, 0, [], new ImageOs(), ["x86_64"], new ImageBoot(true, true),
        "DEBIAN_12", null, Then, new SurfaceMount(Path: "/isos/" + name)))]);

    public static StatusView Status(params DriftView[] drift) => new(
        "ams", "1.2.3", Then, "127.0.0.1:8080", "0.0.0.0:8088", "/var/lib/isocatalog", 1L << 40, 1, 0, 0, "avx512", "3.40.1",
        [new SurfaceView("bmc", "ipmi", "ipmi", 1, 1, null, null), new SurfaceView("console", "volume", "console", 0, 1, "The folder is gone.", "/srv/isos")],
        [],
        drift,
        [],
        [],
        []);

    public static JobView Job(string state, string step = "copying", Problem? problem = null) => new(
        "job1", "add", "/isos/debian.iso", state, step, 1, 2, Then, state == "running" ? null : Then, state == "done" ? Id("abcdef") : null, problem);

    public static LeaseView Lease() => new("lease1", Id("abcdef"), "bmc", "10.0.0.7", Then, Then.AddHours(1), new SurfaceMount(Url: "http://10.0.0.5/t/debian.iso"));
}
