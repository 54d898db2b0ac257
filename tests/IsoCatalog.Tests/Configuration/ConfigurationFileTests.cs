using System.Diagnostics;
using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Appliance.Configuration;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.Tests.Configuration;

public sealed class ConfigurationFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid())).FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_annotated_file_and_every_example_load_without_a_warning()
    {
        var files = Directory.GetFiles(Repository.Config, "*.yaml", SearchOption.AllDirectories);

        Assert.True(files.Length >= 4);
        Assert.All(files, file =>
        {
            var loaded = Loaded(ConfigurationFile.Load(file));
            Assert.DoesNotContain(loaded.Warnings, warning => warning.Path != "tokens");
        });
    }

    [Fact]
    public void The_annotated_file_names_every_key()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Config, "site.yaml"));

        Assert.All(
            KnownKeys.BySection.Where(section => section.Key != SurfaceKinds.OvirtDisks).SelectMany(section => section.Value),
            key => Assert.Matches($@"\b{key}\b", text));
    }

    [Fact]
    public void The_annotated_file_still_loads_when_its_commented_keys_are_taken_in()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Config, "site.yaml"));
        string[] keys = ["isoTls", "isoPerAddress", "metrics", "fleet", "swarm", "standard", "standardAllow", "tls", "api", "iso", "trustedProxies", "socket", "peers", "fetch", "want",
            "streams", "download", "upload", "timezone", "schedule"];
        var lines = text.Split('\n').Select(line =>
            line.TrimStart() is ['#', ' ', ..] comment
            && (keys.Any(key => comment[2..].TrimStart().StartsWith(key + ": ", StringComparison.Ordinal) || comment[2..].TrimEnd() == key + ":" )
                || comment.TrimStart('#', ' ').StartsWith("- { ", StringComparison.Ordinal))
                ? line[..line.IndexOf('#', StringComparison.Ordinal)] + comment[2..]
                : line);

        var loaded = Loaded(ConfigurationFile.Parse(string.Join('\n', lines), "site.yaml", "/etc/isocatalog"));

        Assert.Equal(new IPEndPoint(IPAddress.Any, 443), loaded.Configuration.Listen.IsoTls);
        Assert.Equal("/etc/isocatalog/tls/iso.key", loaded.Configuration.Tls.Iso!.Key);
        Assert.Equal(50_000_000, loaded.Configuration.Fetch.Schedule[0].Upload);
        Assert.Single(loaded.Configuration.Peers);
    }

    [Fact]
    public void What_the_annotated_file_shows_as_defaults_are_the_defaults()
    {
        var least = Loaded(ConfigurationFile.Parse("site: ams\ndata: /var/lib/isocatalog\n", "site.yaml", "/etc")).Configuration;
        var shown = Loaded(ConfigurationFile.Load(Path.Combine(Repository.Config, "site.yaml"))).Configuration;

        Assert.Empty(shown.Listen.StandardAllow);
        Assert.Empty(least.Listen.StandardAllow);
        Assert.Equal(shown.Listen with { StandardAllow = least.Listen.StandardAllow }, least.Listen);
        Assert.Equal(shown.Inbox, least.Inbox);
        Assert.Equal("/var/lib/isocatalog/inbox", least.Inbox.Path);
        Assert.Equal(shown.Retired, least.Retired);
        Assert.Equal(shown.Store, least.Store);
        Assert.Equal(shown.Scrub, least.Scrub);
        Assert.Equal(shown.Alarms, least.Alarms);
        Assert.Equal(shown.Log, least.Log);
        Assert.Equal((shown.Hashing, shown.Offer), (least.Hashing, least.Offer));
        Assert.Equal("/var/lib/isocatalog/run/isocatalog.sock", least.Socket);
        Assert.Equal((TimeSpan.FromDays(30), 200L << 30), (least.Retired.Keep, least.Retired.Quota));
    }

    [Fact]
    public void Values_become_what_they_mean()
    {
        var site = Loaded(ConfigurationFile.Load(Path.Combine(Repository.Cases, "good-everything.yaml"))).Configuration;

        Assert.Equal(new IPEndPoint(IPAddress.IPv6Loopback, 9464), site.Listen.Metrics);
        Assert.Equal(Path.Combine(Repository.Cases, "b.key"), site.Tls.Iso!.Key);
        Assert.Equal([IPNetwork.Parse("10.0.0.2/32"), IPNetwork.Parse("fd00::/8")], site.TrustedProxies);
        Assert.Equal(("/srv/in", TimeSpan.FromSeconds(1)), (site.Inbox.Path, site.Inbox.Rescan));
        Assert.Equal((TimeSpan.FromHours(12), 1024L), (site.Retired.Keep, site.Retired.Quota));
        Assert.Equal((TimeSpan.FromMinutes(1), 0L), (site.Scrub.Every, site.Scrub.Rate));
        Assert.Equal(0, site.Alarms.NewPerDay);
        Assert.Equal((HashingChoice.Avx2, OfferPolicy.Asap), (site.Hashing, site.Offer));
        Assert.Equal((LogFormat.Json, LogLevel.Debug), (site.Log.Format, site.Log.Level));
        Assert.Equal([Role.Panel, Role.Operator, Role.Admin], site.Tokens.Select(token => token.Role));
        Assert.Equal("7d1a54127b222502f5b79b5fb0803061152a44f92b37e23c6527baf665d4da9a", site.Tokens[0].Sha256.ToString());
        var bmc = Assert.IsType<SurfaceConfiguration.Ipmi>(site.Surfaces[0]);
        Assert.Equal(IPAddress.Parse("10.0.0.5"), bmc.Address);
        Assert.Equal([IPNetwork.Parse("10.0.0.0/8"), IPNetwork.Parse("10.9.9.9/32")], bmc.Allow);
        var volume = Assert.IsType<SurfaceConfiguration.Volume>(site.Surfaces[1]);
        Assert.Equal(("/srv/console-isos", "/isos", true), (volume.Path, volume.ClientPath, volume.ReadOnly));
        Assert.Equal((@"\\10.0.0.5\iso\{fileName}", "h:/e/{fileName}"), (volume.Present.Smb, volume.Present.Nfs));
        Assert.Equal((SurfaceGroup.Ovirt, "surfaces[2]"), (site.Surfaces[2].Group, site.Surfaces[2].Place));
        Assert.Equal(Path.Combine(Repository.Cases, "relative", "vm"), ((SurfaceConfiguration.Volume)site.Surfaces[2]).Path);
    }

    [Fact]
    public void A_window_over_midnight_and_days_over_the_weekend_are_understood()
    {
        var fetch = Loaded(ConfigurationFile.Parse(
            "site: ams\ndata: /d\nfetch: { streams: 4, timezone: Europe/Moscow, schedule: [ { days: 'fri-mon, wed', from: '22:30', to: '06:00', download: 1MiB/s } ] }\n",
            "site.yaml", "/etc")).Configuration.Fetch;

        Assert.Equal("Europe/Moscow", fetch.TimeZone.Id);
        Assert.Equal(4, fetch.Streams);
        Assert.Equal(
            [DayOfWeek.Sunday, DayOfWeek.Monday, DayOfWeek.Wednesday, DayOfWeek.Friday, DayOfWeek.Saturday], fetch.Schedule[0].Days.Order());
        Assert.Equal((new TimeOnly(22, 30), new TimeOnly(6, 0)), (fetch.Schedule[0].From, fetch.Schedule[0].To));
        Assert.Equal((1L << 20, (long?)null), (fetch.Schedule[0].Download, fetch.Schedule[0].Upload));
    }

    [Fact]
    public void A_problem_is_printed_with_file_line_column_and_path()
    {
        var invalid = Invalid(ConfigurationFile.Parse("site: ams\ndata: /d\nsurfaces:\n  - name: a\n    kind: volumes\n    path: /x\n", "site.yaml", "/"));

        Assert.Equal(
            "site.yaml:5:11: surfaces[0].kind: 'volumes' is not one of ipmi, volume, ovirt-iso-domain, ovirt-disks. Did you mean volume?",
            Assert.Single(invalid.Problems).Describe(invalid.FileName));
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_one_clear_problem()
    {
        var missing = Path.Combine(_folder, "none.yaml");
        Assert.Contains("There is no such file", OnlyProblem(missing), StringComparison.Ordinal);
        Assert.Contains("There is no such file", OnlyProblem(Path.Combine(_folder, "no", "such", "folder.yaml")), StringComparison.Ordinal);
        Assert.Contains("This is a folder", OnlyProblem(_folder), StringComparison.Ordinal);

        var large = Path.Combine(_folder, "large.yaml");
        File.WriteAllText(large, "site: ams\n" + new string('#', ConfigurationFile.MaxLength));
        Assert.Contains("longer than 1048576 bytes", OnlyProblem(large), StringComparison.Ordinal);
        Assert.Contains("longer than 1048576 bytes", OnlyProblem("/dev/zero"), StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_named_with_their_place()
    {
        var file = Path.Combine(_folder, "site.yaml");
        File.WriteAllBytes(file, [.. "site: ams\ndata: /d"u8, 0xC3, 0x28, .. "\n"u8]);
        var problem = Assert.Single(Invalid(ConfigurationFile.Load(file)).Problems);
        Assert.Equal((2, 9), (problem.Line, problem.Column));

        File.WriteAllBytes(file, Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("site: ams\n")).ToArray());
        Assert.Contains("not UTF-8", OnlyProblem(file), StringComparison.Ordinal);

        File.WriteAllBytes(file, [.. Encoding.UTF8.GetPreamble(), .. "site: ams\r\ndata: /d\r\n"u8]);
        Assert.Equal("ams", Loaded(ConfigurationFile.Load(file)).Configuration.Site);
    }

    [Fact]
    public void Problems_beyond_two_hundred_are_counted()
    {
        var text = "site: ams\ndata: /d\n" + string.Concat(Enumerable.Range(0, 500).Select(i => $"k{i}x: 1\n"));

        var problems = Invalid(ConfigurationFile.Parse(text, "site.yaml", "/")).Problems;

        Assert.Equal(201, problems.Count);
        Assert.Contains("300 more problems", problems[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_cannot_forge_lines_or_cost_their_length_many_times()
    {
        var forged = Invalid(ConfigurationFile.Parse("site: ams\ndata: /d\n\"x\\nsite.yaml:1:1: all is well\": 1\n", "site.yaml", "/"));
        Assert.DoesNotContain('\n', Assert.Single(forged.Problems).Describe("site.yaml"));

        var watch = Stopwatch.StartNew();
        Invalid(ConfigurationFile.Parse("? " + new string('k', 600_000) + "\n: [" + string.Concat(Enumerable.Repeat("1,", 45_000)) + "]\n", "site.yaml", "/"));
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"{watch.Elapsed}");
    }

    [Fact]
    public void A_token_that_stands_in_place_of_its_hash_is_not_shown()
    {
        var problems = Invalid(ConfigurationFile.Parse(
            "site: ams\ndata: /d\ntokens: [ { name: a, role: panel, sha256: hunter2hunter2 } ]\n", "site.yaml", "/")).Problems;

        Assert.DoesNotContain("hunter2", string.Join('\n', problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{a: ", "}")]
    [InlineData("- ", "")]
    [InlineData("? ", "")]
    [InlineData("!!seq [", "]")]
    [InlineData("&a [", "]")]
    public void A_bomb_is_refused_quickly(string open, string close)
    {
        var watch = Stopwatch.StartNew();
        foreach (var count in (int[])[20, 1000, 100_000])
        {
            Invalid(ConfigurationFile.Parse("offer: " + Repeat(open, count) + Repeat(close, count), "site.yaml", "/"));
            Invalid(ConfigurationFile.Parse("site:\n  " + Repeat(open, count) + "x" + Repeat(close, count), "site.yaml", "/"));
        }

        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");

        static string Repeat(string text, int count) => string.Concat(Enumerable.Repeat(text, count));
    }

    [Fact]
    public void No_mutation_of_a_good_file_throws()
    {
        var good = File.ReadAllText(Path.Combine(Repository.Config, "site.yaml")).Split('\n').Where(line => !line.TrimStart().StartsWith('#')).ToArray();
        string[] pieces = ["[", "]", "{", "}", ":", ": ", "- ", "\n", "\n  ", "'", "\"", "&a ", "*a", "!!x ", "|", ">", "~", "%", "---\n", "...\n", "? ", ",", "\t", "0",
            "9999999999999999999", "\u0000", "\ud800", "é", "😀", "null", "0x", ".inf", "<<: ", "@", "`", "#", "\\", "10.0.0.0/8", "::/0", "30d"];
        var edits = Gen.Choose(0, 1_000_000).ArrayOf(12);

        Prop.ForAll(edits.ToArbitrary(), numbers =>
        {
            var text = Mutate(string.Join('\n', good), numbers, pieces);
            var result = ConfigurationFile.Parse(text, "site.yaml", "/etc/isocatalog");
            return result is ConfigurationResult.Loaded || (result is ConfigurationResult.Invalid { Problems.Count: > 0 } invalid
                && invalid.Problems.All(problem => problem.Describe("site.yaml").IndexOfAny(['\n', '\r', '\0']) < 0));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(4000).WithQuietOnSuccess(true));
    }

    private static string Mutate(string text, int[] numbers, string[] pieces)
    {
        for (var i = 0; i + 2 < numbers.Length; i += 3)
        {
            var at = numbers[i] % (text.Length + 1);
            var length = Math.Min(text.Length - at, numbers[i + 1] % 40);
            text = (numbers[i + 2] % 4) switch
            {
                0 => text.Remove(at, length),
                1 => text.Insert(at, pieces[numbers[i + 1] % pieces.Length]),
                2 => text.Insert(at, text.Substring(at, length)),
                _ => text.Remove(at, length).Insert(at, pieces[numbers[i + 1] % pieces.Length]),
            };
        }

        return text;
    }

    private static string OnlyProblem(string file) => Assert.Single(Invalid(ConfigurationFile.Load(file)).Problems).Describe(file);

    private static ConfigurationResult.Loaded Loaded(ConfigurationResult result) => result is ConfigurationResult.Loaded loaded
        ? loaded
        : throw new Xunit.Sdk.XunitException(string.Join('\n', ((ConfigurationResult.Invalid)result).Problems.Select(p => p.Describe(result.FileName))));

    private static ConfigurationResult.Invalid Invalid(ConfigurationResult result) => Assert.IsType<ConfigurationResult.Invalid>(result);
}
