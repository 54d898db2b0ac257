using System.Globalization;
using System.Text;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Images;
using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>What images are called by what their volume descriptor says. The ids are those of real products, most of them as osinfo-db's own tests list them.</summary>
public sealed class ImageRecognizerTests
{
    private const string Microsoft = "MICROSOFT CORPORATION";

    /// <summary>Label, publisher, application, file name; title, family, distro, version, kind, architecture.</summary>
    public static TheoryData<string, string> Known { get; } = new()
    {
        { "Debian 12.5.0 amd64 n|||x.iso", "Debian 12.5.0 netinst|linux|debian|12|installer|x86_64" },
        { "Debian 13.0.0 arm64 1|||x.iso", "Debian 13.0.0 (aarch64)|linux|debian|13|installer|aarch64" },
        { "Debian 9.13.0 M-A n|||x.iso", "Debian 9.13.0 netinst|linux|debian|9|installer|" },
        { "Debian 12.5.0 amd64 2|||x.iso", "Debian 12.5.0 disc 2|linux|debian|12|installer|x86_64" },
        { "d-live 12.10.0 gn amd64|DEBIAN LIVE PROJECT|DEBIAN LIVE|x.iso", "Debian 12.10.0 Live GNOME|linux|debian|12|live|x86_64" },
        { "Ubuntu-Server 22.04.4 LTS amd64|||x.iso", "Ubuntu 22.04.4 LTS Server|linux|ubuntu|22.04|installer|x86_64" },
        { "Ubuntu-Server 24.10 arm64|||x.iso", "Ubuntu 24.10 Server (aarch64)|linux|ubuntu|24.10|installer|aarch64" },
        { "Ubuntu 24.04 LTS amd64|||x.iso", "Ubuntu 24.04 LTS Desktop|linux|ubuntu|24.04|live|x86_64" },
        { "Xubuntu 22.04 LTS amd64|||x.iso", "Xubuntu 22.04 LTS|linux|ubuntu|22.04|live|x86_64" },
        { "Kali Linux amd64 1|||kali-linux-2024.1-installer-amd64.iso", "Kali Linux 2024.1|linux|kali|2024.1|installer|x86_64" },
        { "Kali Live|||x.iso", "Kali Linux Live|linux|kali||live|" },
        { "AlmaLinux-9-3-x86_64-dvd|||x.iso", "AlmaLinux 9.3|linux|almalinux|9|installer|x86_64" },
        { "AlmaLinux-8_10-x86_64-Live-KDE|||x.iso", "AlmaLinux 8.10 Live KDE|linux|almalinux|8|live|x86_64" },
        { "Rocky-10-0-aarch64-dvd|||x.iso", "Rocky Linux 10.0 (aarch64)|linux|rocky|10|installer|aarch64" },
        { "Rocky-9-3-x86_64-minimal|||x.iso", "Rocky Linux 9.3 minimal|linux|rocky|9|installer|x86_64" },
        { "Rocky-10-0-KDE|||x.iso", "Rocky Linux 10.0 Live KDE|linux|rocky|10|live|" },
        { "CentOS 7 x86_64|||x.iso", "CentOS 7|linux|centos|7|installer|x86_64" },
        { "CentOS-8-5-2111-x86_64-dvd|||x.iso", "CentOS 8.5|linux|centos|8|installer|x86_64" },
        { "CentOS-Stream-10-BaseOS-x86_64|||x.iso", "CentOS Stream 10|linux|centos|10|installer|x86_64" },
        { "Fedora-S-dvd-x86_64-40|||x.iso", "Fedora Linux 40 Server|linux|fedora|40|installer|x86_64" },
        { "Fedora-WS-Live-41-1-4|||x.iso", "Fedora Linux 41 Live Workstation|linux|fedora|41|live|" },
        { "RHEL-9-1-0-BaseOS-x86_64|||x.iso", "Red Hat Enterprise Linux 9.1|linux|rhel|9.1|installer|x86_64" },
        { "RHEL-10-0-BaseOS-aarch64|||x.iso", "Red Hat Enterprise Linux 10.0 (aarch64)|linux|rhel|10.0|installer|aarch64" },
        { "RHEL-7.9 Server.x86_64|||x.iso", "Red Hat Enterprise Linux 7.9|linux|rhel|7.9|installer|x86_64" },
        { "OL-9-3-0-BaseOS-x86_64|||x.iso", "Oracle Linux 9.3|linux|ol|9.3|installer|x86_64" },
        { "openSUSE-Leap-15.5-DVD-x86_64491|||x.iso", "openSUSE Leap 15.5 DVD|linux|opensuse|15.5|installer|x86_64" },
        { "openSUSE-Tumbleweed-DVD-x86_64|||x.iso", "openSUSE Tumbleweed DVD|linux|opensuse||installer|x86_64" },
        { "SLE-15-SP2-Full-x86_64209.21.001|||x.iso", "SUSE Linux Enterprise 15 SP2 Full|linux|sle|15|installer|" },
        { "ARCH_202402|ARCH LINUX <HTTPS://ARCHLINUX.ORG>|ARCH LINUX LIVE/RESCUE DVD|x.iso", "Arch Linux 2024.02|linux|archlinux|2024.02|live|" },
        { "Gentoo-amd64-20250209|||x.iso", "Gentoo Linux 20250209|linux|gentoo|20250209|live|x86_64" },
        { "nixos-minimal-23.11-x86_64|NIXOS|NIXOS|x.iso", "NixOS 23.11 minimal|linux|nixos|23.11|live|x86_64" },
        { "alpine-virt 3.19.1 x86_64|||x.iso", "Alpine Linux 3.19.1 Virtual|linux|alpinelinux|3.19|installer|x86_64" },
        { "14_0_RELEASE_AMD64_CD|||x.iso", "FreeBSD 14.0|freebsd|freebsd|14.0|installer|x86_64" },
        { "13_2_RELEASE_AMD64_DVD|||x.iso", "FreeBSD 13.2 DVD|freebsd|freebsd|13.2|installer|x86_64" },
        { "OpenBSD/amd64   7.4 Install CD|||x.iso", "OpenBSD 7.4|openbsd|openbsd|7.4|installer|x86_64" },
        { "NETBSD_94|||x.iso", "NetBSD 9.4|netbsd|netbsd|9.4|installer|" },
        { "OPNSENSE_INSTALL|||OPNsense-24.1-dvd-amd64.iso", "OPNsense 24.1|freebsd|opnsense|24.1|installer|" },
        { "PFSENSE|||pfSense-CE-2.7.2-RELEASE-amd64.iso", "pfSense 2.7.2|freebsd|pfsense|2.7.2|installer|" },
        { "ESXI-8.0U2-22380479-STANDARD|||x.iso", "VMware ESXi 8.0U2|esxi|esxi|8.0U2|installer|x86_64" },
        { "PVE|||proxmox-ve_8.1-2.iso", "Proxmox VE 8.1-2|linux|proxmox-ve|8.1-2|installer|" },
        { "PVE|||renamed.iso", "Proxmox VE|linux|proxmox-ve||installer|" },
        { "virtio-win-0.1.240|||x.iso", "VirtIO drivers for Windows 0.1.240|windows|||drivers|" },
        { "VBox_GAs_7.0.14|||x.iso", "VirtualBox Guest Additions 7.0.14||||drivers|" },
        { "VMware Tools|||x.iso", "VMware Tools||||drivers|" },
        { "RESCUE1101|||x.iso", "SystemRescue 11.01|linux|systemrescue|11.01|rescue|" },
        { "RESCUE800|||x.iso", "SystemRescue 8.00|linux|systemrescue|8.00|rescue|" },
        { "3.1.2-9-amd64||Clonezilla live|clonezilla-live-3.1.2-9-amd64.iso", "Clonezilla Live 3.1.2-9|linux|clonezilla|3.1.2-9|rescue|" },
        { "GParted-live|||gparted-live-1.6.0-1-amd64.iso", "GParted Live 1.6.0-1|linux|gparted|1.6.0-1|rescue|" },
        { "FINNIX 126|||x.iso", "Finnix 126|linux|finnix|126|rescue|" },
        { "MT86PLUS_64|||memtest86+x64.iso", "Memtest86+||memtest86plus||rescue|x86_64" },
        { "ISOIMAGE|HTTP://IPXE.ORG/|IPXE  - OPEN SOURCE NETWORK BOOT FIRMWARE|ipxe.iso", "iPXE||ipxe||other|" },
        { $"SSS_X64FRE_EN-US_DV9|{Microsoft}||en_windows_server_2019_x64_dvd.iso", "Windows Server 2019 (en-US)|windows|windows-server|2019|installer|x86_64" },
        { $"SSS_X64FREE_RU-RU_DV9|{Microsoft}||20348.169.210806-2348.fe_release_svc_refresh_SERVER_EVAL_x64FRE_ru-ru.iso", "Windows Server 2022 Evaluation (ru-RU)|windows|windows-server|2022|installer|x86_64" },
        { $"SSS_X64FRE_EN-US_DV9|{Microsoft}||x.iso", "Windows Server 2016 or later (en-US)|windows|windows-server||installer|x86_64" },
        { $"CCCOMA_X64FRE_EN-GB_DV9|{Microsoft}||Win11_22H2_EnglishInternational_x64v1.iso", "Windows 11 (en-GB)|windows|windows|11|installer|x86_64" },
        { $"CCCOMA_A64FRE_EN-GB_DV9|{Microsoft}||Win11_24H2_EnglishInternational_Arm64.iso", "Windows 11 (en-GB, aarch64)|windows|windows|11|installer|aarch64" },
        { $"J_CCSA_X86FRE_DE-DE_DV5|{Microsoft}||x.iso", "Windows 10 or 11 (de-DE, i686)|windows|windows||installer|i686" },
        { $"IR5_SSS_X64FREV_EN-US_DV9|{Microsoft}||x.iso", "Windows Server 2012 R2 (en-US)|windows|windows-server|2012 R2|installer|x86_64" },
        { $"HRM_SSSO_X64FRE_EN-US_DV5|{Microsoft}||x.iso", "Windows Server 2012 Essentials (en-US)|windows|windows-server|2012|installer|x86_64" },
        { $"IR3_CENA_X86FREV_EN-GB_DV9|{Microsoft}||x.iso", "Windows 8.1 Enterprise (en-GB, i686)|windows|windows|8.1|installer|i686" },
        { $"GRMSXFRER_CS_DVD|{Microsoft}||x.iso", "Windows Server 2008 R2 (cs)|windows|windows-server|2008 R2|installer|x86_64" },
        { $"GSP1RMCPRFRER_CS_DVD|{Microsoft}||x.iso", "Windows 7 (cs, i686)|windows|windows|7|installer|i686" },
        { "SSS_X64FRE_EN-US_DV9|SOMEBODY||x.iso", "" },
        { "MY_OWN_IMAGE|||x.iso", "" },
        { "DEBIAN_12|||x.iso", "" },
        { "|||x.iso", "" },
        { "ISOIMAGE|||grub-rescue-cdrom.iso", "grub-rescue-cdrom|||||" },
        { "CDROM|||Tools.ISO", "Tools|||||" },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Our_own_table_knows_what_hosting_customers_ask_for(string says, string expected)
    {
        var parts = says.Split('|');
        var found = ImageRecognizer.Recognize(SomeIso.With(parts[0], "LINUX", parts[1], parts[2]), parts[3], []).Image;

        Assert.Equal(expected, found is null ? "" : $"{found.Title}|{found.Os.Family}|{found.Os.Distro}|{found.Os.Version}|{found.Kind}|{string.Join(',', found.Arch)}");
    }

    [Theory]
    [InlineData("x.iso", "Sample 1, 2 or 10", null)]
    [InlineData("sample-10.iso", "Sample 10", "10")]
    [InlineData("sample_2_server.iso", "Sample 2", "2")]
    [InlineData("sample-2-10.iso", "Sample 1, 2 or 10", null)]
    [InlineData("sample-3.10.iso", "Sample 1, 2 or 10", null)]
    public void Of_several_products_with_one_label_the_one_that_the_name_names_is_meant_or_all_are_said(string fileName, string title, string? version)
    {
        var rules = Rules(string.Concat(new[] { 10, 2, 1 }.Select(v => Os($"Sample {v}", $"{v}", "<media arch=\"x86_64\"><iso><volume-id>^SAMPLE</volume-id></iso></media>"))));
        var found = ImageRecognizer.Recognize(SomeIso.With("SAMPLE"), fileName, rules).Image!;

        Assert.Equal((title, "linux", "sample", version), (found.Title, found.Os.Family, found.Os.Distro, found.Os.Version));
    }

    [Fact]
    public void What_the_matching_rules_do_not_agree_on_is_not_said()
    {
        var rules = Rules(Os("Sample 7", "7", """
            <variant id="server"><name>Sample Server 7</name></variant><variant id="server-netinst"><name>Sample Server 7</name></variant>
            <media arch="x86_64"><variant id="server"/><iso><volume-id>^S7</volume-id></iso></media>
            <media arch="i686" live="true"><variant id="server-netinst"/><iso><volume-id>^S7</volume-id></iso></media>
            """));
        var found = ImageRecognizer.Recognize(SomeIso.With("S7"), "x.iso", rules).Image!;

        Assert.Equal(("Sample 7 Server", null, "Server", "7"), (found.Title, found.Kind, found.Os.Edition, found.Os.Version));
        Assert.Empty(found.Arch);
    }

    [Fact]
    public void A_size_that_fits_says_more_than_a_label_and_one_that_does_not_fit_says_no()
    {
        var rules = Rules(Os("Sample 7", "7", """
            <variant id="minimal"/><variant id="full"/>
            <media arch="x86_64"><variant id="minimal"/><iso><volume-id>^S7</volume-id><volume-size>4096</volume-size></iso></media>
            <media arch="x86_64"><variant id="full"/><iso><volume-id>^S7</volume-id></iso></media>
            """));

        Assert.Equal("Sample 7 minimal", Title(rules, 4096));
        Assert.Equal("Sample 7 full", Title(rules, 8192));
        static string? Title(IReadOnlyList<ImageRule> rules, long size) => ImageRecognizer.Recognize(SomeIso.With("S7", size: size), "x.iso", rules).Image!.Title;
    }

    [Theory]
    [InlineData("S7", "LINUX", "Example", "APP", true)]
    [InlineData("S7", "LINUX", "Example", "", false)]
    [InlineData("S7", "", "Example", "APP", false)]
    [InlineData("S7", "LINUX", "example", "APP", false)]
    [InlineData("S8", "LINUX", "Example", "APP", false)]
    public void Every_id_that_a_rule_names_must_match(string volume, string system, string publisher, string application, bool known)
    {
        var rules = Rules(Os("Sample 7", "7", "<media arch=\"x86_64\"><iso><volume-id>S7</volume-id><system-id>LINUX</system-id><publisher-id>Ex</publisher-id><application-id>.+</application-id></iso></media>"));

        Assert.Equal(known, ImageRecognizer.Recognize(SomeIso.With(volume, system, publisher, application), "x.iso", rules).Image is not null);
    }

    [Fact]
    public void A_vague_rule_counts_only_where_nobody_knows_better()
    {
        var vague = """<libosinfo><os id="v"><name>Debian unknown</name><version>unknown</version><family>linux</family><distro>debian</distro><media arch="all"><iso><volume-id>(Debian|OTHER)</volume-id></iso></media></os></libosinfo>""";

        Assert.Equal("Debian 12.5.0 netinst", ImageRecognizer.Recognize(SomeIso.With("Debian 12.5.0 amd64 n"), "x.iso", Read(vague)).Image!.Title);
        Assert.Equal("Debian", ImageRecognizer.Recognize(SomeIso.With("OTHER"), "x.iso", Read(vague)).Image!.Title);
    }

    [Fact]
    public void A_rule_of_the_database_counts_before_our_own_table_which_makes_it_more_exact()
    {
        var debian = Read("""<libosinfo><os id="d"><name>Debian 12</name><version>12</version><family>linux</family><distro>debian</distro><media arch="x86_64"><iso><volume-id>Debian 12</volume-id></iso></media></os></libosinfo>""");
        var ours = Read("""<libosinfo><os id="o"><name>Our installer 3</name><version>3</version><family>linux</family><distro>ours</distro><media arch="x86_64"><iso><volume-id>Debian 12</volume-id></iso></media></os></libosinfo>""");

        Assert.Equal("Debian 12.5.0 netinst", ImageRecognizer.Recognize(SomeIso.With("Debian 12.5.0 amd64 n"), "x.iso", debian).Image!.Title);
        Assert.Equal("Our installer 3", ImageRecognizer.Recognize(SomeIso.With("Debian 12.5.0 amd64 n"), "x.iso", ours).Image!.Title);
    }

    [Fact]
    public void A_database_that_is_older_than_a_product_does_not_give_it_another_ones_name()
    {
        var rules = Read(string.Concat("<libosinfo>", string.Concat(new[] { 2016, 2019 }.Select(v =>
            $"<os id=\"{v}\"><name>Microsoft Windows Server {v}</name><version>10.0</version><family>winnt</family><distro>win</distro><media arch=\"x86_64\"><iso><volume-id>^SSS_X64FRE</volume-id></iso></media></os>")), "</libosinfo>"));

        Assert.Equal("Windows Server 2025 (en-US)", Title("26100.1742.240906-0331.ge_release_svc_refresh_SERVER_EVAL_x64FRE_en-us.iso"));
        Assert.Equal("Windows Server 2019 (en-US)", Title("windows_server_2019.iso"));
        Assert.Equal("Windows Server 2016 or later (en-US)", Title("x.iso"));
        string? Title(string name) => ImageRecognizer.Recognize(SomeIso.With("SSS_X64FRE_EN-US_DV9", publisher: Microsoft), name, rules).Image!.Title;
    }

    [Fact]
    public void Patterns_that_take_too_long_are_named_and_count_as_not_matching()
    {
        var rules = Rules(string.Concat(Enumerable.Range(0, 40).Select(i => Os($"Slow {i}", $"{i}", $"<media arch=\"x86_64\"><iso><volume-id>^(a+)+(?=!{i})$</volume-id></iso></media>")))
            + Os("Sample 7", "7", "<media arch=\"x86_64\"><iso><volume-id>^a+!$</volume-id></iso></media>"));
        var found = ImageRecognizer.Recognize(SomeIso.With(new string('a', 127) + "!"), "x.iso", rules);

        Assert.Equal("Sample 7", found.Image!.Title);
        Assert.Equal(10, found.Slow.Count);
    }

    [Fact]
    public void Whatever_is_recognised_may_be_signed()
    {
        var id = 0;
        foreach (var row in Known)
        {
            var parts = row.Data.Item1.Split('|');
            if (ImageRecognizer.Recognize(SomeIso.With(parts[0], "", parts[1], parts[2]), parts[3], []).Image is { } image)
            {
                var entry = new MetaEntry(Catalog.SomeImages.Id(id++), Stamp.Weakest("ams"), "tests", "recognised by " + image.Source, new AddedDescription(null, null, image).Over(null)!);
                Assert.True(StatedEntry.TryRead(StatedEntry.Of(entry).Json, out _, out var violation), $"{parts[0]}: {violation}");
            }
        }

        Assert.True(id > 50, id.ToString(CultureInfo.InvariantCulture));
    }

    private static string Os(string name, string version, string rest) =>
        $"<os id=\"http://example.org/{name.Replace(' ', '/')}\"><name>{name}</name><version>{version}</version><family>linux</family><distro>sample</distro>{rest}</os>";

    private static IReadOnlyList<ImageRule> Rules(string systems) => Read($"<libosinfo>{systems}</libosinfo>");

    private static IReadOnlyList<ImageRule> Read(string file)
    {
        var database = new OsinfoXml();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(file));
        Assert.Empty(database.Add(stream));
        return database.Rules();
    }
}
