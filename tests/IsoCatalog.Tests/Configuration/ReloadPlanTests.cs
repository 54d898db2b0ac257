using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Configuration;
using Xunit;

namespace IsoCatalog.Tests.Configuration;

/// <summary>Which changes of the file a running site takes. Every key of the file is in the table, the table is in docs/configuration.md, and each does as it says.</summary>
public sealed partial class ReloadPlanTests
{
    private const string Base =
        """
        site: ams
        data: /var/lib/isocatalog
        socket: /run/isocatalog/a.sock
        listen:
          api: "127.0.0.1:8080"
          iso: "0.0.0.0:80"
          isoTls: "0.0.0.0:443"
          isoPerAddress: 64
          fleet: "0.0.0.0:58888"
          swarm: "0.0.0.0:58889"
          metrics: "127.0.0.1:9100"
          standard: "0.0.0.0:6881"
          standardAllow: ["10.9.0.0/16"]
        tls: { api: { certificate: /etc/api.crt, key: /etc/api.key }, iso: { certificate: /etc/iso.crt, key: /etc/iso.key } }
        trustedProxies: ["10.0.0.1/32"]
        tokens: [ { name: one, role: panel, sha256: "5f1c0f3c9b7de21a4468ac0be97715d3f2806e4b91ac5d7703be1f6ed2c41111", allow: ["10.1.0.0/16"] } ]
        peers: [ { site: nyc, fleet: "nyc:1", swarm: "nyc:2" } ]
        fetch:
          streams: 4
          download: 1MB/s
          upload: 2MB/s
          timezone: Europe/Amsterdam
          schedule: [ { days: mon-fri, from: "09:00", to: "19:00", download: 3MB/s, upload: 4MB/s } ]
        inbox: { path: /srv/inbox, rescan: 60s }
        retired: { keep: 30d, quota: 200GiB }
        store: { floor: 1GiB }
        scrub: { every: 7d, rate: 50MB/s }
        alarms: { changes: 51, share: 52, newPerDay: 500 }
        hashing: auto
        offer: together
        log: { format: text, level: information }
        surfaces:
          - { name: bmc, kind: ipmi, group: ipmi, address: "10.0.0.5", allow: ["10.2.0.0/16"] }
          - { name: con, kind: volume, group: console, path: /srv/con, clientPath: /isos, readOnly: true, check: 11s, present: { smb: '\\a\{fileName}', nfs: 'b:/{fileName}' } }
          - name: dom
            kind: ovirt-iso-domain
            group: ovirt
            path: /exports/iso
            domain: 11111111-2222-3333-4444-555555555555
            check: 12s
            engine: { url: "https://engine.example/ovirt-engine", user: svc@internal, passwordFile: /etc/engine, caFile: /etc/ca.pem }

        """;

    /// <summary>Keys that have one value only, or are what an item of a list is known by.</summary>
    private static readonly string[] NothingToChange = ["fetch.want", "surfaces[].onDelete", "surfaces[].name", "surfaces[].kind"];

    public static TheoryData<string, string, string, string> Changes => new()
    {
        { "site", "site: ams", "site: fra", "site" },
        { "data", "data: /var/lib/isocatalog", "data: /var/lib/other", "data" },
        { "socket", "a.sock", "b.sock", "socket" },
        { "listen.api", "127.0.0.1:8080", "127.0.0.1:8081", "listen.api" },
        { "listen.iso", "0.0.0.0:80\"", "0.0.0.0:81\"", "listen.iso" },
        { "listen.isoTls", "0.0.0.0:443", "0.0.0.0:444", "listen.isoTls" },
        { "listen.isoPerAddress", "isoPerAddress: 64", "isoPerAddress: 65", "listen.isoPerAddress" },
        { "listen.fleet", "0.0.0.0:58888", "0.0.0.0:58887", "listen.fleet" },
        { "listen.swarm", "0.0.0.0:58889", "0.0.0.0:58886", "listen.swarm" },
        { "listen.metrics", "  metrics: \"127.0.0.1:9100\"\n", "", "listen.metrics" },
        { "listen.standard", "0.0.0.0:6881", "0.0.0.0:6882", "listen.standard" },
        { "listen.standardAllow", "10.9.0.0/16", "10.8.0.0/16", "listen.standardAllow" },
        { "tls.api.certificate", "api.crt", "new.crt", "tls.api.certificate" },
        { "tls.api.key", "api.key", "new.key", "tls.api.key" },
        { "tls.iso.certificate", "iso.crt", "new.crt", "tls.iso.certificate" },
        { "tls.iso.key", "iso.key", "new.key", "tls.iso.key" },
        { "trustedProxies", "10.0.0.1/32", "10.0.0.2/32", "trustedProxies" },
        { "tokens[].name", "name: one", "name: two", "tokens" },
        { "tokens[].role", "role: panel", "role: admin", "tokens" },
        { "tokens[].sha256", "1111\"", "1112\"", "tokens" },
        { "tokens[].allow", ", allow: [\"10.1.0.0/16\"]", "", "tokens" },
        { "peers[].site", "site: nyc", "site: msk", "peers" },
        { "peers[].fleet", "nyc:1", "nyc:3", "peers" },
        { "peers[].swarm", "nyc:2", "nyc:4", "peers" },
        { "fetch.streams", "streams: 4", "streams: auto", "fetch.streams" },
        { "fetch.download", "download: 1MB/s", "download: 0", "fetch.download" },
        { "fetch.upload", "upload: 2MB/s", "upload: 5MB/s", "fetch.upload" },
        { "fetch.timezone", "Europe/Amsterdam", "Europe/Moscow", "fetch.timezone" },
        { "fetch.schedule[].days", "mon-fri", "mon-thu", "fetch.schedule" },
        { "fetch.schedule[].from", "09:00", "09:30", "fetch.schedule" },
        { "fetch.schedule[].to", "19:00", "19:30", "fetch.schedule" },
        { "fetch.schedule[].download", "download: 3MB/s, ", "", "fetch.schedule" },
        { "fetch.schedule[].upload", "upload: 4MB/s", "upload: 0", "fetch.schedule" },
        { "inbox.path", "path: /srv/inbox", "path: /srv/drop", "inbox.path" },
        { "inbox.rescan", "rescan: 60s", "rescan: 61s", "inbox.rescan" },
        { "retired.keep", "keep: 30d", "keep: 31d", "retired.keep" },
        { "retired.quota", "200GiB", "201GiB", "retired.quota" },
        { "store.floor", "floor: 1GiB", "floor: 2GiB", "store.floor" },
        { "scrub.every", "every: 7d", "every: 8d", "scrub.every" },
        { "scrub.rate", "rate: 50MB/s", "rate: 0", "scrub.rate" },
        { "alarms.changes", "changes: 51", "changes: 53", "alarms.changes" },
        { "alarms.share", "share: 52", "share: 53", "alarms.share" },
        { "alarms.newPerDay", "newPerDay: 500", "newPerDay: 0", "alarms.newPerDay" },
        { "hashing", "hashing: auto", "hashing: platform", "hashing" },
        { "offer", "offer: together", "offer: asap", "offer" },
        { "log.format", "format: text", "format: json", "log.format" },
        { "log.level", "level: information", "level: debug", "log.level" },
        { "surfaces[].group", "kind: volume, group: console", "kind: volume, group: ovirt", "surfaces[1].group" },
        { "surfaces[].address", "10.0.0.5", "10.0.0.6", "surfaces[0].address" },
        { "surfaces[].allow", "10.2.0.0/16\"", "10.2.0.0/16\", \"10.3.0.0/16\"", "surfaces[0].allow" },
        { "surfaces[].path", "/srv/con", "/srv/can", "surfaces[1].path" },
        { "surfaces[].clientPath", "/isos", "/images", "surfaces[1].clientPath" },
        { "surfaces[].readOnly", "readOnly: true", "readOnly: false", "surfaces[1].readOnly" },
        { "surfaces[].check", "check: 11s", "check: 13s", "surfaces[1].check" },
        { "surfaces[].present.smb", "'\\\\a\\{fileName}'", "'\\\\c\\{fileName}'", "surfaces[1].present.smb" },
        { "surfaces[].present.nfs", "b:/{fileName}", "d:/{fileName}", "surfaces[1].present.nfs" },
        { "surfaces[].domain", "11111111-2222", "21111111-2222", "surfaces[2].domain" },
        { "surfaces[].engine.url", "engine.example", "engine2.example", "surfaces[2].engine.url" },
        { "surfaces[].engine.user", "svc@internal", "two@internal", "surfaces[2].engine.user" },
        { "surfaces[].engine.passwordFile", "/etc/engine", "/etc/engine2", "surfaces[2].engine.passwordFile" },
        { "surfaces[].engine.caFile", "/etc/ca.pem", "/etc/ca2.pem", "surfaces[2].engine.caFile" },
    };

    private static IEnumerable<Setting> All => [.. Settings.OfSite, .. Settings.OfSurface];

    [Fact]
    public void Every_key_of_the_file_is_in_the_table_and_has_a_change_that_is_tried()
    {
        var leaves = Leaves().ToList();

        Assert.All(leaves.Except(["surfaces[].name", "surfaces[].kind"]), leaf => Assert.NotNull(SettingOf(leaf)));
        Assert.All(All, setting => Assert.Contains(leaves, leaf => Covers(setting.Path, leaf)));
        Assert.Equal(
            leaves.Except(NothingToChange).Order(StringComparer.Ordinal), Changes.Select(change => change.Data.Item1).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_page_has_the_same_table()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "configuration.md"));
        var rows = Row().Matches(page[page.IndexOf("## Changes while the site runs", StringComparison.Ordinal)..])
            .SelectMany(row => Key().Matches(row.Groups["keys"].Value).Select(key => (key.Groups["key"].Value, Taken: row.Groups["what"].Value == "taken")));

        Assert.Equal(
            All.Select(setting => (setting.Path, setting.Take is not null)).Append(("surfaces[].name", false)).Append(("surfaces[].kind", false)).Order(),
            rows.Order());
    }

    [Theory]
    [MemberData(nameof(Changes))]
    public void A_change_is_taken_or_named_with_its_place_and_nothing_else_is(string key, string before, string after, string path)
    {
        Assert.Contains(before, Base, StringComparison.Ordinal);
        var at = Base.IndexOf(before, StringComparison.Ordinal);
        var (running, file) = (Read(Base).Configuration, Read(string.Concat(Base.AsSpan(0, at), after, Base.AsSpan(at + before.Length))));
        var setting = SettingOf(key)!;

        var plan = ReloadPlan.Of(running, file);

        if (setting.Take is null)
        {
            Assert.Empty(plan.Taken);
            var named = Assert.Single(plan.NeedRestart);
            Assert.Equal(path, named.Path);
            Assert.InRange(named.Line, 1, 60);
            Assert.Contains("restart", named.Message, StringComparison.Ordinal);
            Assert.Empty(ReloadPlan.Of(running, new ConfigurationResult.Loaded("f", plan.Next, [], file.Places)).Taken);
        }
        else
        {
            Assert.Equal([path], plan.Taken);
            Assert.Empty(plan.NeedRestart);

            // What was taken is what the file says, and the next reading of it finds nothing more to do.
            Assert.Empty(ReloadPlan.Of(plan.Next, file).Taken);
            Assert.Single(ReloadPlan.Of(plan.Next, Read(Base)).Taken);
        }
    }

    [Fact]
    public void The_same_in_other_words_is_no_change()
    {
        var other = Base.Replace("60s", "1m", StringComparison.Ordinal).Replace("1GiB", "1024MiB", StringComparison.Ordinal)
            .Replace("hashing: auto\n", "", StringComparison.Ordinal).Replace("isoPerAddress: 64", "isoPerAddress: 64   # as always", StringComparison.Ordinal);

        var plan = ReloadPlan.Of(Read(Base).Configuration, Read(other));

        Assert.Empty(plan.Taken);
        Assert.Empty(plan.NeedRestart);
    }

    [Fact]
    public void Surfaces_are_known_by_their_names_wherever_they_stand()
    {
        var lines = Base.Split('\n').ToList();
        var bmc = lines.FindIndex(line => line.Contains("name: bmc", StringComparison.Ordinal));
        var moved = lines[bmc].Replace("10.2.0.0/16", "10.4.0.0/16", StringComparison.Ordinal);
        lines.RemoveAt(bmc);
        lines.Insert(lines.Count - 1, moved);

        var plan = ReloadPlan.Of(Read(Base).Configuration, Read(string.Join('\n', lines)));

        Assert.Equal(["surfaces[2].allow"], plan.Taken);
        Assert.Empty(plan.NeedRestart);
        Assert.Equal("10.4.0.0/16", plan.Next.Surfaces.OfType<SurfaceConfiguration.Ipmi>().Single().Allow[0].ToString());
    }

    [Fact]
    public void A_surface_that_comes_goes_or_becomes_another_needs_a_restart_and_is_named()
    {
        var changed = Base.Replace("name: bmc", "name: bmc-2", StringComparison.Ordinal).Replace("name: con, kind: volume, group: console, path: /srv/con, clientPath: /isos, readOnly: true, check: 11s, present: { smb: '\\\\a\\{fileName}', nfs: 'b:/{fileName}' }", "name: con, kind: ipmi", StringComparison.Ordinal);

        var plan = ReloadPlan.Of(Read(Base).Configuration, Read(changed));

        Assert.Equal(["surfaces", "surfaces[0]", "surfaces[1].kind"], plan.NeedRestart.Select(p => p.Path).Order(StringComparer.Ordinal));
        Assert.Equal(["bmc", "con", "dom"], plan.Next.Surfaces.Select(surface => surface.Name));
    }

    [Fact]
    public void A_listener_does_not_begin_or_end_to_speak_tls_by_a_reload()
    {
        var without = Base.Replace("api: { certificate: /etc/api.crt, key: /etc/api.key }, ", "", StringComparison.Ordinal);

        var ends = ReloadPlan.Of(Read(Base).Configuration, Read(without));
        var begins = ReloadPlan.Of(Read(without).Configuration, Read(Base));

        Assert.Equal(("tls.api", "tls.api"), (Assert.Single(ends.NeedRestart).Path, Assert.Single(begins.NeedRestart).Path));
        Assert.NotNull(ends.Next.Tls.Api);
        Assert.Null(begins.Next.Tls.Api);
        Assert.Empty(ends.Taken);
        Assert.Empty(begins.Taken);
    }

    private static ConfigurationResult.Loaded Read(string text) => ConfigurationFile.Parse(text, "site.yaml", "/etc/isocatalog") switch
    {
        ConfigurationResult.Loaded loaded => loaded,
        ConfigurationResult.Invalid invalid => throw new InvalidOperationException(invalid.Problems[0].Describe("site.yaml")),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private static Setting? SettingOf(string leaf) => All.Where(setting => Covers(setting.Path, leaf)).MaxBy(setting => setting.Path.Length);

    private static bool Covers(string path, string leaf) => path == leaf || leaf.StartsWith(path + ".", StringComparison.Ordinal);

    /// <summary>The keys of the file that hold a value, as paths.</summary>
    private static IEnumerable<string> Leaves() => Below(KnownKeys.Root, "").Distinct(StringComparer.Ordinal);

    private static IEnumerable<string> Below(string section, string path) => KnownKeys.BySection[section].SelectMany(key => (section, key) switch
    {
        (KnownKeys.Root, "tokens") => Below("token", "tokens[]."),
        (KnownKeys.Root, "peers") => Below("peer", "peers[]."),
        (KnownKeys.Root, "surfaces") => SurfaceKinds.All.SelectMany(kind => Below(kind, "surfaces[].")),
        (KnownKeys.Root, "listen" or "tls" or "fetch" or "inbox" or "retired" or "store" or "scrub" or "alarms" or "log") => Below(key, key + "."),
        ("tls", _) => Below("certificate", $"{path}{key}."),
        ("fetch", "schedule") => Below("window", "fetch.schedule[]."),
        (_, "present" or "engine") => Below(key, $"{path}{key}."),
        _ => [path + key],
    });

    [GeneratedRegex(@"^\| (?<keys>`[^|]*) \| (?<what>taken|restart)\b", RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<key>[^`]+)`", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Key();
}
