using System.Globalization;
using System.Net;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Configuration.Yaml;
using IsoCatalog.Core.Hashing;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Turns the tree of the file into the configuration. What is wrong is reported and replaced by its default, so that the rules that
/// look at several values can still run on the rest.</summary>
internal static class SiteReader
{
    private static readonly ValueReader<TimeSpan> AtLeastOneSecond = Quantities.DurationBetween(TimeSpan.FromSeconds(1), TimeSpan.MaxValue);
    private static readonly ValueReader<TimeSpan> AtLeastOneMinute = Quantities.DurationBetween(TimeSpan.FromMinutes(1), TimeSpan.MaxValue);

    private static readonly ValueReader<HashingChoice> Hashings = Words.Choice(
        ("auto", HashingChoice.Auto), ("avx512", HashingChoice.Avx512), ("avx2", HashingChoice.Avx2), ("platform", HashingChoice.Platform));

    private static readonly ValueReader<OfferPolicy> Offers = Words.Choice(("together", OfferPolicy.Together), ("asap", OfferPolicy.Asap));

    private static readonly ValueReader<Role> Roles = Words.Choice(("panel", Role.Panel), ("operator", Role.Operator), ("admin", Role.Admin));

    private static readonly ValueReader<LogFormat> LogFormats = Words.Choice(("text", LogFormat.Text), ("json", LogFormat.Json));

    private static readonly ValueReader<LogLevel> LogLevels = Words.Choice(
        ("trace", LogLevel.Trace), ("debug", LogLevel.Debug), ("information", LogLevel.Information), ("warning", LogLevel.Warning),
        ("error", LogLevel.Error), ("critical", LogLevel.Critical));

    /// <returns>Null only when the file holds no section at all.</returns>
    public static SiteConfiguration? Read(Node node, string baseDirectory, Problems problems)
    {
        if (Section.Open(node, "", KnownKeys.Root, problems) is not { } root)
        {
            return null;
        }

        var inFile = Paths.From(baseDirectory);
        var data = root.Require("data", inFile, "", "the folder that holds everything this site keeps, such as /var/lib/isocatalog");
        return new SiteConfiguration
        {
            Site = root.Require("site", Words.SiteId, "", "the id of this site, such as ams"),
            Folder = baseDirectory,
            Data = data,
            Socket = root.Get("socket", inFile, Path.Combine(data, "run", "isocatalog.sock")),
            Listen = Listen(root.Child("listen", "listen")),
            Tls = Tls(root.Child("tls", "tls"), inFile),
            TrustedProxies = root.List<IPNetwork>("trustedProxies", Addresses.Network, "Remove it if there is no proxy."),
            Tokens = [.. root.Items("tokens", most: 1000).Select(item => Token(item.Node, item.Path, problems)).OfType<TokenConfiguration>()],
            Peers = FetchReader.Peers(root),
            Fetch = FetchReader.Fetch(root.Child("fetch", "fetch")),
            Inbox = Inbox(root.Child("inbox", "inbox"), data),
            Retired = Retired(root.Child("retired", "retired")),
            Store = new StoreConfiguration { Floor = root.Child("store", "store")?.Get("floor", Quantities.Size, 1L << 30) ?? 1L << 30 },
            Scrub = Scrub(root.Child("scrub", "scrub")),
            Alarms = Alarms(root.Child("alarms", "alarms")),
            Hashing = root.Get("hashing", Hashings, HashingChoice.Auto),
            Offer = root.Get("offer", Offers, OfferPolicy.Together),
            Log = Log(root.Child("log", "log")),
            Surfaces = SurfaceReader.Surfaces(root, inFile),
        };
    }

    private static ListenConfiguration Listen(Section? section)
    {
        var defaults = new ListenConfiguration();
        return section is null ? defaults : new ListenConfiguration
        {
            Api = section.Get("api", Addresses.Listener, defaults.Api),
            Iso = section.Get("iso", Addresses.Listener, defaults.Iso),
            IsoTls = section.Get<IPEndPoint?>("isoTls", Addresses.Listener!, null),
            IsoPerAddress = section.Get("isoPerAddress", Number(8, 4096), defaults.IsoPerAddress),
            Fleet = section.Get<IPEndPoint?>("fleet", Addresses.Listener!, null),
            Swarm = section.Get<IPEndPoint?>("swarm", Addresses.Listener!, null),
            Metrics = section.Get<IPEndPoint?>("metrics", Addresses.Listener!, null),
            Standard = section.Get<IPEndPoint?>("standard", Addresses.Listener!, null),
            StandardAllow = section.List<IPNetwork>("standardAllow", Addresses.Network, "Write the networks of the standard clients, or remove it."),
        };
    }

    private static AlarmConfiguration Alarms(Section? section)
    {
        var defaults = new AlarmConfiguration();
        return section is null ? defaults : new AlarmConfiguration
        {
            Changes = section.Get("changes", Number(1, 1_000_000), defaults.Changes),
            Share = section.Get("share", Number(1, 100), defaults.Share),
            NewPerDay = section.Get("newPerDay", Number(0, 1_000_000), defaults.NewPerDay),
        };
    }

    private static ValueReader<int> Number(int least, int most) => (Node.Scalar scalar, out int value) =>
        scalar.Kind == ScalarKind.Integer & int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value >= least && value <= most
            ? null
            : $"{Quote.Of(scalar.Text)} is no number from {least} to {most}.";

    private static TlsConfiguration Tls(Section? section, ValueReader<string> path) => new()
    {
        Api = Certificate(section?.Child("api", "certificate"), path),
        Iso = Certificate(section?.Child("iso", "certificate"), path),
    };

    private static CertificateConfiguration? Certificate(Section? section, ValueReader<string> path) => section is null ? null : new(
        section.Require("certificate", path, "", "the PEM file with the certificate and its intermediates"),
        section.Require("key", path, "", "the PEM file with the private key"));

    private static TokenConfiguration? Token(Node node, string path, Problems problems) =>
        Section.Open(node, path, "token", problems) is not { } section ? null : new TokenConfiguration(
            path,
            section.Require("name", Words.Name, "", "who uses the token, such as panel"),
            section.Require<Role>("role", Roles, Role.Panel, "panel, operator or admin"),
            section.Require<Sha256Digest>("sha256", TokenHash, default, "the token's SHA-256; 'isocatalog token' makes a token and"
                + " prints both"),
            section.List<IPNetwork>("allow", Addresses.Network, "Remove it to allow the token from anywhere."));

    // What stands here may be a token that somebody put in place of its hash, so it is never shown.
    private static string? TokenHash(Node.Scalar scalar, out Sha256Digest value) => Sha256Digest.TryParse(scalar.Text, out value)
        ? null
        : "This must be the SHA-256 of the token, 64 hexadecimal digits, in quotes. 'isocatalog token' makes a token and prints its hash.";

    private static InboxConfiguration Inbox(Section? section, string data) => new(section?.Get("path", Paths.From(Rooted(data)), "") switch
    {
        null or "" => Path.Combine(data, "inbox"),
        var path => path,
    })
    {
        Rescan = section?.Get("rescan", AtLeastOneSecond, TimeSpan.FromSeconds(60)) ?? TimeSpan.FromSeconds(60),
    };

    private static string Rooted(string data) => data.Length == 0 ? "/" : data;

    private static RetiredConfiguration Retired(Section? section)
    {
        var defaults = new RetiredConfiguration();
        return section is null ? defaults : new RetiredConfiguration
        {
            Keep = section.Get("keep", AtLeastOneSecond, defaults.Keep),
            Quota = section.Get("quota", Quantities.SizeAboveZero, defaults.Quota),
        };
    }

    private static ScrubConfiguration Scrub(Section? section)
    {
        var defaults = new ScrubConfiguration();
        return section is null ? defaults : new ScrubConfiguration
        {
            Every = section.Get("every", AtLeastOneMinute, defaults.Every),
            Rate = section.Get("rate", Quantities.Rate, defaults.Rate),
        };
    }

    private static LogConfiguration Log(Section? section) => section is null ? new LogConfiguration() : new LogConfiguration
    {
        Format = section.Get("format", LogFormats, LogFormat.Text),
        Level = section.Get("level", LogLevels, LogLevel.Information),
    };
}
