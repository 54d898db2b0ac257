using System.Text;
using System.Xml;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Images;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Files as osinfo-db has them, written for these tests, and such that are none.</summary>
public sealed class OsinfoXmlTests
{
    private const string Sample =
        """
        <?xml version="1.0"?>
        <libosinfo version="0.0.1">
          <!-- Of a system that there is not. -->
          <os id="http://example.org/sample/7">
            <name xml:lang="de">Beispiel 7</name>
            <name>Sample OS 7</name>
            <version>7</version>
            <family>linux</family>
            <distro>sample</distro>
            <variant id="server-netinst"><name>Sample OS Server 7</name></variant>
            <media arch="x86_64" live="true">
              <url>https://example.org/sample.iso</url>
              <iso>
                <volume-id>^SAMPLE-7</volume-id>
                <system-id>LINUX</system-id>
                <publisher-id>Example</publisher-id>
                <application-id>.+</application-id>
                <volume-size>4096</volume-size>
              </iso>
            </media>
            <media arch="all"><variant id="server-netinst"/><iso><volume-id>SAMPLE-NET</volume-id></iso></media>
            <media arch="aarch64" installer="false"><iso><volume-id>SAMPLE-TOOLS</volume-id></iso></media>
            <media arch="i686"><kernel>vmlinuz</kernel></media>
            <media arch="i686"><iso/></media>
          </os>
        </libosinfo>
        """;

    [Fact]
    public void Of_each_media_its_patterns_are_taken_with_what_the_system_is()
    {
        var rules = Rules(Sample);

        Assert.Equal(3, rules.Count);
        Assert.Equal(new KnownProduct("http://example.org/sample/7", "Sample OS 7", "linux", "sample", "7"), rules[0].Product);
        Assert.Equal(("^SAMPLE-7", "LINUX", "Example", ".+", 4096), (rules[0].VolumeId!.Text, rules[0].SystemId!.Text, rules[0].PublisherId!.Text, rules[0].ApplicationId!.Text, rules[0].VolumeSize));
        Assert.Equal(("x86_64", "live", false), (rules[0].Arch, rules[0].Kind, rules[0].IsVague));
        Assert.Equal((null, "installer", "Server netinst", true), (rules[1].Arch, rules[1].Kind, rules[1].Edition, rules[1].IsVague));
        Assert.Equal(("aarch64", null), (rules[2].Arch, rules[2].Kind));
    }

    [Fact]
    public void Files_come_in_any_order_and_add_to_each_other()
    {
        const string Media = """<libosinfo><os id="http://example.org/win/9"><media arch="x86_64"><iso><volume-id>W9</volume-id><l10n-language regex="true" l10n-language-map="http://example.org/map">_([A-Z-]+)</l10n-language></iso></media></os></libosinfo>""";
        const string Name = """<libosinfo><os id="http://example.org/win/9"><name>Microsoft Windows Server 2029</name><version>12.0</version><family>winnt</family><distro>win</distro></os></libosinfo>""";
        const string Map = """<libosinfo><datamap id="http://example.org/map"><entry inval="DE" outval="de_CH"/><entry inval="X"/></datamap></libosinfo>""";

        var rule = Assert.Single(Rules(Media, Name, Map));
        Assert.Equal(new KnownProduct("http://example.org/win/9", "Windows Server 2029", "windows", "windows-server", "2029"), rule.Product);
        var found = ImageRecognizer.Recognize(SomeIso.With("W9_DE"), "w.iso", [rule]).Image!;
        Assert.Equal(("Windows Server 2029 (de-CH)", "de-CH"), (found.Title, found.Os.Language));
        Assert.Equal(Describe([rule]), Describe(Rules(Map, Media, Name)));
    }

    [Theory]
    [InlineData("<name>Fedora unknown</name><version>unknown</version>", "Fedora", null)]
    [InlineData("<name>Red Hat Enterprise Linux 9 Unknown</name><version>9-unknown</version>", "Red Hat Enterprise Linux 9", null)]
    [InlineData("<name>Arch Linux</name><release-status>rolling</release-status>", "Arch Linux", null)]
    [InlineData("<name>Rolling 9</name><version>9</version><release-status>rolling</release-status>", "Rolling 9", "9")]
    public void A_system_without_settled_releases_is_vague(string facts, string name, string? version)
    {
        var rule = Assert.Single(Rules($"""<libosinfo><os id="x">{facts}<media arch="x86_64"><iso><volume-id>X</volume-id></iso></media></os></libosinfo>"""));
        Assert.Equal((true, name, version), (rule.IsVague, rule.Product.Name, rule.Product.Version));
    }

    [Fact]
    public void A_rule_that_is_not_understood_is_left_out_and_the_others_are_taken()
    {
        var database = new OsinfoXml();
        var problems = database.Add(Stream(Sample.Replace("^SAMPLE-7", "(SAMPLE", StringComparison.Ordinal).Replace("SAMPLE-TOOLS", "[[", StringComparison.Ordinal)));

        Assert.Equal(2, problems.Count);
        Assert.Contains("the volume-id '(SAMPLE' is not understood", problems[0], StringComparison.Ordinal);
        Assert.Equal("SAMPLE-NET", Assert.Single(database.Rules()).VolumeId!.Text);
    }

    public static TheoryData<string, string> NoFiles { get; } = new()
    {
        { "empty", "" },
        { "not XML", "PK\u0003\u0004" },
        { "another root", "<html><os id=\"x\"/></html>" },
        { "cut off", Sample[..400] },
        { "two roots", Sample + "<libosinfo/>" },
        { "a bomb of entities", "<!DOCTYPE l [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><libosinfo>&b;</libosinfo>" },
        { "a file of the machine", "<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><libosinfo><os id=\"x\"><name>&a;</name></os></libosinfo>" },
        { "a DTD from elsewhere", "<!DOCTYPE l SYSTEM \"http://127.0.0.1:1/x.dtd\"><libosinfo/>" },
        { "too deep", "<libosinfo>" + string.Concat(Enumerable.Repeat("<os>", 100_000)) },
        { "too long", "<libosinfo>" + new string(' ', OsinfoXml.MaxCharacters) + "</libosinfo>" },
        { "a character that there is not", "<libosinfo>\u0000</libosinfo>" },
    };

    [Theory]
    [MemberData(nameof(NoFiles))]
    public void What_is_no_such_file_is_refused_as_a_whole(string what, string text)
    {
        var database = new OsinfoXml();
        Assert.Throws<XmlException>(() => database.Add(Stream(text)));
        Assert.True(database.Rules().Count == 0, what);
    }

    [Fact]
    public void Whatever_becomes_of_the_bytes_it_is_read_or_refused()
    {
        var bytes = Encoding.UTF8.GetBytes(Sample);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2000), Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var damaged = bytes.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                damaged[random.Next(damaged.Length)] = random.Next(3) == 0 ? (byte)"<>/&;:\"'="[random.Next(9)] : (byte)random.Next(256);
            }

            var database = new OsinfoXml();
            try
            {
                database.Add(new MemoryStream(damaged, 0, random.Next(4) == 0 ? random.Next(damaged.Length) : damaged.Length));
            }
            catch (XmlException)
            {
                Assert.Empty(database.Rules());
            }

            return database.Rules().Count <= 4;
        }));
    }

    [Fact]
    public void Texts_are_made_safe_and_those_that_are_too_long_are_none()
    {
        var rule = Assert.Single(Rules(
            $"""<libosinfo><os id="x"><name> Evil&#x202E; &#10;OS </name><version>{new string('9', 500)}</version><family>{new string('f', 101)}</family><distro>Da&#9;sh</distro><media arch="{new string('a', 200)}"><iso><volume-id>X</volume-id></iso></media></os></libosinfo>"""));

        Assert.Equal(new KnownProduct("x", "Evil\uFFFD OS", null, "da sh", null), rule.Product);
        Assert.Null(rule.Arch);
    }

    [Fact]
    public void There_are_never_more_rules_than_are_allowed()
    {
        var database = new OsinfoXml();
        var many = Stream("<libosinfo><os id=\"x\"><name>X</name>" + string.Concat(Enumerable.Repeat("<media arch=\"all\"><iso><volume-size>1</volume-size></iso></media>", 15_000)) + "</os></libosinfo>");
        Assert.Empty(database.Add(many));
        many.Position = 0;
        Assert.Contains("more than 20000 rules", Assert.Single(database.Add(many)), StringComparison.Ordinal);
        Assert.Equal(OsinfoXml.MaxRules, database.Rules().Count);
    }

    private static IReadOnlyList<ImageRule> Rules(params ReadOnlySpan<string> files)
    {
        var database = new OsinfoXml();
        foreach (var file in files)
        {
            Assert.Empty(database.Add(Stream(file)));
        }

        return database.Rules();
    }

    private static string Describe(IEnumerable<ImageRule> rules) => string.Join('\n', rules.Select(r => $"{r.Product} {r.VolumeId?.Text} {r.Language?.Text} {string.Join(',', r.LanguageNames ?? new Dictionary<string, string>())}"));

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));
}
