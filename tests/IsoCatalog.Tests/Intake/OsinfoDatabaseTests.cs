using System.Text;
using IsoCatalog.Appliance.Intake;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using IsoCatalog.Tests.Images;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.Tests.Intake;

/// <summary>osinfo-db as it lies on a machine: the real one, and folders in which anything may lie.</summary>
public sealed class OsinfoDatabaseTests : IDisposable
{
    private const string Package = "osinfo-db";

    private static readonly Warnings RealWarnings = new();

    private static readonly Lazy<OsinfoDatabase> Real = new(() => new OsinfoDatabase(OsinfoDatabase.UsualFolders, RealWarnings));

    private readonly TempFolder _folder = new();
    private readonly Warnings _log = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Ids as the makers' images have them (osinfo-db's own tests list them), and what the database of Debian 12 says of them.</summary>
    [Theory]
    [InlineData("Debian 11.0.0 amd64 n", "", "", "", 193024, "Debian 11.0.0 netinst|linux|debian|11|installer|x86_64")]
    [InlineData("Ubuntu-Server 22.04 LTS amd64", "", "", "", 713766, "Ubuntu 22.04 LTS Server|linux|ubuntu|22.04|installer|x86_64")]
    [InlineData("AlmaLinux-9-0-x86_64-dvd", "", "", "", 1, "AlmaLinux 9.0|linux|almalinux|9|installer|x86_64")]
    [InlineData("Rocky-9-0-x86_64-dvd", "", "", "", 1, "Rocky Linux 9.0|linux|rocky|9|installer|x86_64")]
    [InlineData("Fedora-S-dvd-x86_64-37", "LINUX", "", "", 1, "Fedora Linux 37 Server|linux|fedora|37|installer|x86_64")]
    [InlineData("Fedora-S-dvd-x86_64-40", "", "", "", 1275647, "Fedora Linux 40 Server|linux|fedora|40|installer|x86_64")]
    [InlineData("CentOS-8-5-2111-x86_64-dvd", "LINUX", "", "", 403768, "CentOS 8.5 netinst|linux|centos|8|installer|x86_64")]
    [InlineData("RHEL-9-1-0-BaseOS-x86_64", "", "", "", 412160, "Red Hat Enterprise Linux 9.1|linux|rhel|9.1|installer|x86_64")]
    [InlineData("13_1_RELEASE_AMD64_DVD", "FreeBSD", "THE FREEBSD PROJECT.  HTTPS://WWW.FREEBSD.ORG/", "", 2256335, "FreeBSD 13.1 DVD|freebsd|freebsd|13.1|installer|x86_64")]
    [InlineData("ARCH_202101", "", "ARCH LINUX <HTTPS://WWW.ARCHLINUX.ORG>", "ARCH LINUX LIVE/RESCUE CD", 353446, "Arch Linux 2021.01|linux|archlinux|2021.01|live|x86_64")]
    [InlineData("CESE_X64FREE_EN-US_DV5", "", "MICROSOFT CORPORATION", "CDIMAGE 2.56 (01/01/2005 TM)", 1746893, "Windows 10 Enterprise Long Term Servicing Branch Evaluation (en-US)|windows|windows|10|installer|x86_64")]
    [InlineData("SSS_X64FREV_EN-US_DV9", "", "MICROSOFT CORPORATION", "CDIMAGE 2.56 (01/01/2005 TM)", 2677798, "Windows Server 2016 or later (en-US)|windows|windows-server||installer|x86_64")]
    [InlineData("IR3_CENA_X86FREV_EN-GB_DV9", "", "MICROSOFT CORPORATION", "CDIMAGE 2.53 (01/01/2005 TM)", 1439762, "Windows 8.1 Enterprise (en-GB, i686)|windows|windows|8.1|installer|i686")]
    [InlineData("GSP1RMCPRXFRER_CS_DVD", "", "MICROSOFT CORPORATION", "CDIMAGE 2.54 (01/01/2005 TM)", 1559664, "Windows 7 Professional (cs-CZ)|windows|windows|7|installer|x86_64")]
    [InlineData("pureos_live", "", "", "", 1, "")]
    [InlineData("TEST_IMAGE", "LINUX", "ISOCATALOG TESTS", "", 1, "")]
    public void The_real_database_knows_the_makers_images(string volume, string system, string publisher, string application, long blocks, string expected)
    {
        Counterpart.RequireFile("/usr/share/osinfo/VERSION", Package);
        var found = Real.Value.Recognize(SomeIso.With(volume, system, publisher, application, blocks * 2048), "x.iso");

        Assert.Equal(expected, found is null ? "" : $"{found.Title}|{found.Os.Family}|{found.Os.Distro}|{found.Os.Version}|{found.Kind}|{string.Join(',', found.Arch)}");
        Assert.Empty(RealWarnings.Said);
    }

    [Fact]
    public void Every_rule_of_the_real_database_is_understood()
    {
        Counterpart.RequireFile("/usr/share/osinfo/VERSION", Package);
        var database = new OsinfoXml();
        foreach (var path in Directory.EnumerateFiles("/usr/share/osinfo/os", "*.xml", SearchOption.AllDirectories))
        {
            using var file = File.OpenRead(path);
            Assert.Empty(database.Add(file));
        }

        var rules = database.Rules();
        Assert.True(rules.Count > 2000, $"{rules.Count}");
        Assert.All(rules, r => Assert.False(string.IsNullOrEmpty(r.Product.Name)));
    }

    [Fact]
    public void An_administrators_file_replaces_that_of_the_package_and_a_change_counts_at_the_next_add()
    {
        var (package, etc) = (_folder.Combine("usr"), _folder.Combine("etc"));
        Write(package, "os/example.org/one.xml", Os("One 1", "^ONE"));
        Write(package, "os/example.org/two.xml", Os("Two 2", "^TWO"));
        var database = new OsinfoDatabase([package, etc, _folder.Combine("nowhere")], _log);
        Assert.Equal(("One 1", "Two 2", null), (Title("ONE"), Title("TWO"), Title("THREE")));

        Write(etc, "os/example.org/one.xml", Os("Our one", "^(ONE|THREE)"));
        Assert.Equal(("Our one", "Two 2", "Our one"), (Title("ONE"), Title("TWO"), Title("THREE")));

        File.Delete(Path.Combine(package, "os/example.org/two.xml"));
        Directory.Delete(etc, recursive: true);
        Assert.Equal(("One 1", null, null), (Title("ONE"), Title("TWO"), Title("THREE")));
        Assert.Empty(_log.Said);

        string? Title(string volume) => database.Recognize(SomeIso.With(volume), "x.iso")?.Title;
    }

    [Fact]
    public async Task Whatever_lies_in_the_folder_is_left_out_with_one_warning_and_the_rest_counts()
    {
        var (root, os) = (_folder.Combine("usr"), _folder.Combine("usr", "os", "example.org"));
        Write(root, "os/example.org/good.xml", Os("Good 1", "^GOOD"));
        Write(root, "os/example.org/cut.xml", Os("Cut 1", "^CUT")[..60]);
        Write(root, "os/example.org/bomb.xml", "<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>" + Os("&a;", "^BOMB"));
        Write(root, "os/example.org/large.xml", Os("Large 1", "^LARGE") + new string(' ', 2 << 20));
        Write(root, "os/example.org/slow.xml", Os("Slow 1", "^(a+)+(?=!)b"));
        Write(root, "os/example.org/wrong.xml", Os("Wrong 1", "("));
        Write(root, "os/example.org/note.txt", "not looked at");
        Write(root, "devices/x.xml", "nor this");
        Directory.CreateDirectory(Path.Combine(os, "folder.xml"));
        File.CreateSymbolicLink(Path.Combine(os, "nowhere.xml"), "/nonexistent");
        File.CreateSymbolicLink(Path.Combine(os, "loop"), "..");
        File.CreateSymbolicLink(Path.Combine(os, "linked.xml"), Path.Combine(os, "good.xml"));
        (await Counterpart.RunAsync("mkfifo", [Path.Combine(os, "pipe.xml")], TestContext.Current.CancellationToken)).Succeeded();
        var database = new OsinfoDatabase([root], _log);

        Assert.Equal("Good 1", database.Recognize(SomeIso.With("GOOD"), "x.iso")!.Title);
        Assert.Null(database.Recognize(SomeIso.With("BOMB"), "x.iso"));
        foreach (var name in (string[])["cut.xml", "bomb.xml", "large.xml", "wrong.xml", "nowhere.xml", "pipe.xml"])
        {
            Assert.Single(_log.Said, w => w.Contains($"example.org/{name} ", StringComparison.Ordinal));
        }

        var said = _log.Said.Count;
        var aaa = SomeIso.With(new string('a', 127) + "!");
        Assert.Null(database.Recognize(aaa, "x.iso"));
        Assert.Null(database.Recognize(aaa, "x.iso"));
        Assert.Contains("takes too long", Assert.Single(_log.Said.Skip(said)), StringComparison.Ordinal);
    }

    [Fact]
    public void Of_many_broken_files_some_are_named_and_the_others_counted()
    {
        for (var i = 0; i < 30; i++)
        {
            Write(_folder.Path, $"os/example.org/{i:00}.xml", "broken");
        }

        new OsinfoDatabase([_folder.Path], _log).Recognize(SomeIso.With("X"), "x.iso");
        Assert.Equal(21, _log.Said.Count);
        Assert.Contains("10 more files", _log.Said[^1], StringComparison.Ordinal);
    }

    private static string Os(string name, string pattern) =>
        $"<libosinfo><os id=\"http://example.org/{name.Replace(' ', '/').Replace("&a;", "a", StringComparison.Ordinal)}\"><name>{name}</name><version>1</version><media arch=\"x86_64\"><iso><volume-id>{pattern}</volume-id></iso></media></os></libosinfo>";

    private static void Write(string root, string name, string text)
    {
        var path = Path.Combine(root, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text, Encoding.UTF8);
    }

    private sealed class Warnings : ILogger<OsinfoDatabase>
    {
        public List<string> Said { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel >= LogLevel.Warning)
            {
                Said.Add(formatter(state, exception));
            }
        }
    }
}
