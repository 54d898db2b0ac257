using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using IsoCatalog.Appliance.Configuration.Values;
using IsoCatalog.Appliance.Configuration.Yaml;

namespace IsoCatalog.Appliance.Configuration;

/// <summary>Reads what the file says about other sites.</summary>
internal static class FetchReader
{
    private static readonly string[] DayWords = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

    private static readonly DnsEndPoint Nowhere = new("invalid", 1);

    public static IReadOnlyList<PeerConfiguration> Peers(Section root)
    {
        var peers = new List<PeerConfiguration>();
        foreach (var (node, path) in root.Items("peers", most: 200))
        {
            if (Section.Open(node, path, "peer", root.Problems) is { } section)
            {
                peers.Add(new PeerConfiguration(
                    section.Require("site", Words.SiteId, "", "the other site's id, such as nyc"),
                    section.Require("fleet", Addresses.Remote, Nowhere, "where its fleet listener answers, host:port"),
                    section.Require("swarm", Addresses.Remote, Nowhere, "where its swarm listener answers, host:port")));
            }
        }

        return peers;
    }

    public static FetchConfiguration Fetch(Section? section) => section is null ? new FetchConfiguration() : new FetchConfiguration
    {
        Want = section.Get("want", Words.Choice(("all", WantedImages.All)), WantedImages.All),
        Streams = section.Get<int?>("streams", Streams, null),
        Download = section.Get<long>("download", Quantities.Rate, 0),
        Upload = section.Get<long>("upload", Quantities.Rate, 0),
        Schedule = [.. section.Items("schedule", most: 100).Select(item => Window(item.Node, item.Path, section.Problems)).OfType<RateWindow>()],
        TimeZone = section.Get("timezone", TimeZone, TimeZoneInfo.Utc),
    };

    private static RateWindow? Window(Node node, string path, Problems problems)
    {
        if (Section.Open(node, path, "window", problems) is not { } section)
        {
            return null;
        }

        var window = new RateWindow(
            section.Require<IReadOnlySet<DayOfWeek>>("days", Days, FrozenSet<DayOfWeek>.Empty, "such as mon-fri, or sat,sun, or daily"),
            section.Require<TimeOnly>("from", Time, default, "when the window begins, such as \"09:00\""),
            section.Require<TimeOnly>("to", Time, default, "when the window ends, such as \"19:00\""),
            section.Get<long?>("download", OptionalRate, null),
            section.Get<long?>("upload", OptionalRate, null));
        if (window.From == window.To && !problems.IsBad(section.PathOf("from")) && !problems.IsBad(section.PathOf("to")))
        {
            problems.Add(section.PathOf("to"), "The window ends when it begins. For a whole day write from \"00:00\" to \"23:59\".");
        }

        if (!section.Has("download") && !section.Has("upload"))
        {
            problems.Add(section.Self, path, "The window changes nothing: it needs download, upload or both.");
        }

        return window;
    }

    private static string? OptionalRate(Node.Scalar scalar, out long? value)
    {
        var wrong = Quantities.Rate(scalar, out var rate);
        value = rate;
        return wrong;
    }

    private static string? Streams(Node.Scalar scalar, out int? value)
    {
        value = null;
        if (scalar is { Kind: ScalarKind.Text, Text: "auto" })
        {
            return null;
        }

        value = scalar.Kind == ScalarKind.Integer && int.TryParse(scalar.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? count
            : null;
        return value is >= 1 and <= 64 ? null : $"{Quote.Of(scalar.Text)} is neither auto nor a number from 1 to 64.";
    }

    private static string? Time(Node.Scalar scalar, out TimeOnly value)
    {
        value = default;
        return scalar.Kind == ScalarKind.Text && TimeOnly.TryParseExact(scalar.Text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out value)
            ? null
            : $"{Quote.Of(scalar.Text)} is not a time: \"00:00\" to \"23:59\", in quotes.";
    }

    private static string? Days(Node.Scalar scalar, out IReadOnlySet<DayOfWeek> value)
    {
        var days = new HashSet<DayOfWeek>();
        value = days;
        foreach (var part in scalar.Text == "daily" ? ["mon-sun"] : scalar.Text.Split(','))
        {
            var ends = part.Trim().Split('-');
            var (first, last) = (Array.IndexOf(DayWords, ends[0]), Array.IndexOf(DayWords, ends[^1]));
            if (ends.Length > 2 || first < 0 || last < 0)
            {
                return $"{Quote.Of(scalar.Text)} names no days: write mon, tue, wed, thu, fri, sat, sun, a range such as mon-fri,"
                    + " several with commas, or daily.";
            }

            for (var day = first; ; day = (day + 1) % 7)
            {
                days.Add((DayOfWeek)day);
                if (day == last)
                {
                    break;
                }
            }
        }

        return null;
    }

    private static string? TimeZone(Node.Scalar scalar, out TimeZoneInfo value)
    {
        value = TimeZoneInfo.Utc;
        if (Words.Text(scalar, out var name) is { } wrong)
        {
            return wrong;
        }

        try
        {
            value = TimeZoneInfo.FindSystemTimeZoneById(name);
            return null;
        }
        catch (Exception missing) when (missing is TimeZoneNotFoundException or InvalidTimeZoneException or System.Security.SecurityException
            or ArgumentException or IOException or UnauthorizedAccessException)
        {
            return $"{Quote.Of(name)} is no time zone of this machine. Write one such as Europe/Amsterdam; if it is right, install the"
                + " tzdata package.";
        }
    }
}
