using System.Globalization;
using System.Text.RegularExpressions;
using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Core.Images;

/// <summary>
/// Our own table, for what osinfo-db does not know, or does not know exactly, and where it is not installed: how the makers of images that hosting customers ask for label them. The patterns are matched
/// without case; <c>v</c> is the version, <c>a</c> the architecture, <c>e</c> the edition. Where the label has no version, the file's name may, as its maker gives it.
/// </summary>
internal static class KnownImages
{
    private const string Linux = "linux";
    private const string Installer = "installer";
    private const string Live = "live";
    private const string Rescue = "rescue";
    private const string Drivers = "drivers";
    private const string Machine = "(?<a>x86_64|aarch64|ppc64le|s390x|i[3-6]86|riscv64|loongarch64)";
    private const string Dotted = @"(?<v>\d+(\.\d+)*)";

    private static readonly Dictionary<string, string> Editions = new(StringComparer.Ordinal)
    {
        ["n"] = "netinst", ["NET"] = "netinst", ["BO"] = "bootonly", ["boot-only"] = "bootonly",
        ["st"] = "Standard", ["std"] = "Standard", ["ext"] = "Extended", ["virt"] = "Virtual", ["xen"] = "Xen",
        ["gn"] = "GNOME", ["kd"] = "KDE", ["xf"] = "Xfce", ["ci"] = "Cinnamon", ["ma"] = "MATE", ["lx"] = "LXDE", ["lq"] = "LXQt",
        ["S"] = "Server", ["E"] = "Everything", ["WS"] = "Workstation", ["SB"] = "Silverblue",
        ["dvd"] = "", ["dvd1"] = "", ["CD"] = "", ["1"] = "", ["Install"] = "",
    };

    private static readonly Known[] Table =
    [
        new(@"^Debian (?<v>\d+(\.\d+)+) (?<a>\S+) (?<e>\S+)", "Debian {v}", Linux, "debian", Installer) { ReleaseParts = 1 },
        new(@"^d-live (nf )?(?<v>\S+) (?<e>[a-z]+) (?<a>\S+)", "Debian {v} Live", Linux, "debian", Live) { ReleaseParts = 1 },
        new(@"^Ubuntu-Server (?<v>\d+(\.\d+)+)(?<l> LTS)? (?<a>\S+)", "Ubuntu {v}{l} Server", Linux, "ubuntu", Installer) { Edition = "Server", ReleaseParts = 2 },
        new(@"^Ubuntu (?<v>\d+(\.\d+)+)(?<l> LTS)? (?<a>\S+)", "Ubuntu {v}{l} Desktop", Linux, "ubuntu", Live) { Edition = "Desktop", ReleaseParts = 2 },
        new(@"^(?<n>[KXL]ubuntu|Edubuntu|Ubuntu[- ](MATE|Budgie|Studio|Unity|Cinnamon|Kylin)) (?<v>\d+(\.\d+)+)(?<l> LTS)? (?<a>\S+)", "{n} {v}{l}", Linux, "ubuntu", Live) { ReleaseParts = 2 },
        new(@"^Linux Mint (?<v>\d+(\.\d+)?) (?<e>\w+) (?<a>64|32)-bit", "Linux Mint {v}", Linux, "linuxmint", Live),
        new(@"^Kali[- ]Live", "Kali Linux {v} Live", Linux, "kali", Live) { FileVersion = @"kali-linux-(?<v>\d{4}\.\d[a-z]?)" },
        new(@"^Kali[- ]Linux( (?<v>\d{4}\.\d\S*))?( (?<a>[a-z]+\d+))?( (?<e>n|\d))?", "Kali Linux {v}", Linux, "kali", Installer) { FileVersion = @"kali-linux-(?<v>\d{4}\.\d[a-z]?)" },
        new($@"^AlmaLinux-(?<v>\d+([-._]\d+)?)-{Machine}-Live(-(?<e>\w+))?", "AlmaLinux {v} Live", Linux, "almalinux", Live) { ReleaseParts = 1, Dots = "-_" },
        new($@"^AlmaLinux-(?<v>\d+([-._]\d+)?)-{Machine}(-(?<e>\w+))?", "AlmaLinux {v}", Linux, "almalinux", Installer) { ReleaseParts = 1, Dots = "-_" },
        new($@"^Rocky-(?<v>\d+([-._]\d+)?)-{Machine}(-(?<e>[\w-]+))?", "Rocky Linux {v}", Linux, "rocky", Installer) { ReleaseParts = 1, Dots = "-_" },
        new(@"^Rocky-(?<v>\d+([-._]\d+)?)-(?<e>KDE|XFCE|MATE|Cinnamon|Workstation(-Lite)?)", "Rocky Linux {v} Live", Linux, "rocky", Live) { ReleaseParts = 1, Dots = "-_" },
        new($@"^CentOS-Stream-(?<v>\d+)-(BaseOS-)?{Machine}", "CentOS Stream {v}", Linux, "centos", Installer),
        new($@"^CentOS-(?<v>\d+(-\d)?)(-\d{{4}})?-(BaseOS-)?{Machine}", "CentOS {v}", Linux, "centos", Installer) { ReleaseParts = 1, Dots = "-" },
        new($@"^CentOS[ _](?<v>\d+(\.\d+)?)[ _](Final|{Machine})", "CentOS {v}", Linux, "centos", Installer),
        new($@"^Fedora-(?<e>\w+)-(dvd|ostree)-{Machine}-(?<v>\d+)", "Fedora Linux {v}", Linux, "fedora", Installer),
        new($@"^Fedora-(?<e>\w+)-Live-({Machine}-)?(?<v>\d+)", "Fedora Linux {v} Live", Linux, "fedora", Live),
        new(@"^fedora-coreos-(?<v>\d+)", "Fedora CoreOS {v}", Linux, "fedora", Live),
        new($@"^RHEL-(?<v>\d+[-.]\d+)([-.]\d+)?[- ]((BaseOS|Server)[-.])?{Machine}", "Red Hat Enterprise Linux {v}", Linux, "rhel", Installer) { Dots = "-" },
        new($@"^OL-(?<v>\d+-\d+)-\d+-BaseOS-{Machine}", "Oracle Linux {v}", Linux, "ol", Installer) { Dots = "-" },
        new($@"^OL-?(?<v>\d+\.\d+)[ -](Server\.)?{Machine}", "Oracle Linux {v}", Linux, "ol", Installer),
        new($@"^openSUSE-Leap-(?<v>\d+\.\d+)-(?<e>DVD|NET)-{Machine}", "openSUSE Leap {v}", Linux, "opensuse", Installer),
        new(@"^openSUSE_Leap_(?<v>\d+\.\d+)_(?<e>\w+)_Live", "openSUSE Leap {v} Live", Linux, "opensuse", Live),
        new(@"^openSUSE_Leap_(?<v>\d+\.\d+)_Rescue", "openSUSE Leap {v} Rescue", Linux, "opensuse", Rescue),
        new($@"^openSUSE-Tumbleweed-(?<e>DVD|NET)-{Machine}", "openSUSE Tumbleweed", Linux, "opensuse", Installer),
        new(@"^SLE-(?<v>\d+)(-(?<l>SP\d))?-(?<e>Full|Online|Installer|Server|Desktop)", "SUSE Linux Enterprise {v} {l}", Linux, "sle", Installer),
        new(@"^ARCH_(?<v>\d{4}\d{2})$", "Arch Linux {v}", Linux, "archlinux", Live) { Split = 4 },
        new(@"^MANJARO_(?<e>[A-Z]+)_", "Manjaro", Linux, "manjaro", Live),
        new(@"^Gentoo[- ](?<a>\w+)[- ](?<v>\d{8})", "Gentoo Linux {v}", Linux, "gentoo", Live),
        new($@"^nixos-(?<e>\w+)-(?<v>\d+\.\d+)-{Machine}", "NixOS {v}", Linux, "nixos", Live),
        new(@"^alpine-(?<e>\w+) (?<v>\d+\.\d+(\.\d+)?(_\w+)?) (?<a>\w+)", "Alpine Linux {v}", Linux, "alpinelinux", Installer) { ReleaseParts = 2 },
        new(@"^VyOS[- ]?(?<v>\d+(\.\d+)*(-[\w.]+)?)?", "VyOS {v}", Linux, "vyos", Live) { FileVersion = @"vyos-(?<v>\d+(\.\d+)+)" },
        new(@"^TAILS (?<v>\d+(\.\d+)*)", "Tails {v}", Linux, "tails", Live),

        new(@"^(?<v>\d+_\d+)_(RELEASE|STABLE|RC\d|BETA\d)_(?<a>AMD64|I386|ARM64(_AARCH64)?)_(?<e>CD|DVD|BO)", "FreeBSD {v}", "freebsd", "freebsd", Installer) { Dots = "_" },
        new(@"^OpenBSD/(?<a>\w+) +(?<v>\d+\.\d+) (?<e>Install|boot-only)", "OpenBSD {v}", "openbsd", "openbsd", Installer),
        new(@"^NETBSD_(?<v>\d{2,3})$", "NetBSD {v}", "netbsd", "netbsd", Installer) { Split = -1 },
        new($"^DragonFly_v{Dotted}", "DragonFly BSD {v}", "dragonflybsd", "dragonflybsd", Live),
        new(@"^OPNSENSE", "OPNsense {v}", "freebsd", "opnsense", Installer) { FileVersion = @"OPNsense-(?<v>\d+(\.\d+)+)" },
        new(@"^PFSENSE", "pfSense {v}", "freebsd", "pfsense", Installer) { FileVersion = @"pfSense-(\w+-)*(?<v>\d+(\.\d+)+)" },
        new(@"^TRUENAS", "TrueNAS {v}", null, "truenas", Installer) { FileVersion = @"TrueNAS-(\w+-)*(?<v>\d+(\.\d+)+)" },

        new(@"^ESXI-(?<v>\d+\.\d+(\.\d+)?(U\d+[A-Z]?)?)(-|$)", "VMware ESXi {v}", "esxi", "esxi", Installer) { Arch = "x86_64" },
        new(@"^PVE$", "Proxmox VE {v}", Linux, "proxmox-ve", Installer) { FileVersion = @"proxmox-ve[-_](?<v>\d+\.\d+(-\d+)?)" },
        new(@"^PBS$", "Proxmox Backup Server {v}", Linux, "proxmox-backup", Installer) { FileVersion = @"proxmox-backup-server[-_](?<v>\d+\.\d+(-\d+)?)" },
        new(@"^PMG$", "Proxmox Mail Gateway {v}", Linux, "proxmox-mail", Installer) { FileVersion = @"proxmox-mail-?gateway[-_](?<v>\d+\.\d+(-\d+)?)" },
        new($"^XCP-ng[-_ ]?{Dotted}?", "XCP-ng {v}", Linux, "xcp-ng", Installer) { FileVersion = $"xcp-ng-{Dotted}" },
        new(@"^(XenServer|Citrix)[- ](VM )?Tools", "XenServer VM Tools", null, null, Drivers),
        new($"^XenServer[-_ ]?{Dotted}?", "XenServer {v}", Linux, "xenserver", Installer) { FileVersion = $"XenServer[-_]{Dotted}" },

        new($"^virtio-win[-_ ]{Dotted}", "VirtIO drivers for Windows {v}", OsName.Windows, null, Drivers),
        new($"^VBox_GAs_{Dotted}", "VirtualBox Guest Additions {v}", null, null, Drivers),
        new(@"^VMware Tools", "VMware Tools", null, null, Drivers),
        new(@"^(?<n>oVirt|RHE?V)-(WGT|tools-?setup)([-_](?<v>\d+(\.\d+)*(-\d+)?))?", "{n} guest tools for Windows {v}", OsName.Windows, null, Drivers),

        new(@"^RESCUE(?<v>\d{3,4})$", "SystemRescue {v}", Linux, "systemrescue", Rescue) { Split = -2 },
        new(@"^sysrcd[-_ ]?(?<v>\d+(\.\d+)*)?", "SystemRescueCd {v}", Linux, "systemrescue", Rescue) { FileVersion = $"systemrescue(cd)?-(\\w+-)*{Dotted}" },
        new(@"clonezilla([- ]live[- ](?<v>[\d.]+-\d+))?", "Clonezilla Live {v}", Linux, "clonezilla", Rescue) { Anywhere = true, FileVersion = @"clonezilla-live-(?<v>[\d.]+-\d+|\d{8}-[a-z]+)" },
        new(@"gparted[- ]?live([- ](?<v>[\d.]+-\d+))?", "GParted Live {v}", Linux, "gparted", Rescue) { Anywhere = true, FileVersion = @"gparted-live-(?<v>[\d.]+-\d+)" },
        new(@"^finnix[-_ ]?(?<v>\d+)?", "Finnix {v}", Linux, "finnix", Rescue) { Anywhere = true, FileVersion = @"finnix-(?<v>\d+)" },
        new(@"^rescuezilla", "Rescuezilla {v}", Linux, "rescuezilla", Rescue) { FileVersion = $"rescuezilla-{Dotted}" },
        new(@"^MT86PLUS(_(?<a>32|64))?", "Memtest86+ {v}", null, "memtest86plus", Rescue) { FileVersion = @"(memtest86\+|mt86plus)[-_]v?(?<v>\d+\.\d+)" },
        new(@"^MEMTEST86", "MemTest86 {v}", null, "memtest86", Rescue) { FileVersion = @"memtest86[-_](?<v>\d+\.\d+)" },
        new(@"^iPXE\b", "iPXE", null, "ipxe", "other") { Anywhere = true },
    ];

    /// <summary>Null for what the table does not know.</summary>
    public static ImageGuess? Find(IsoMetadata iso, string fileName) =>
        WindowsLabel.Read(iso, fileName) ?? Table.Select(k => k.Read(iso, fileName)).FirstOrDefault(g => g is not null);

    /// <param name="Label">Of the volume id.</param>
    /// <param name="Title">Groups of the label stand in braces.</param>
    private sealed record Known(string Label, string Title, string? Family, string? Distro, string Kind)
    {
        private const RegexOptions Options = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
        private Regex? _label;

        /// <summary>The label may be the application's or the publisher's.</summary>
        public bool Anywhere { get; init; }

        /// <summary>Finds <c>v</c> in the file's name.</summary>
        public string? FileVersion { get; init; }

        /// <summary>So many parts of the version name the release; the others are updates of it.</summary>
        public int ReleaseParts { get; init; } = int.MaxValue;

        /// <summary>What stands in the version for a dot.</summary>
        public string Dots { get; init; } = "";

        /// <summary>Where a dot is missing from the version's digits; from the end if negative.</summary>
        public int Split { get; init; }

        public string? Edition { get; init; }

        public string? Arch { get; init; }

        public ImageGuess? Read(IsoMetadata iso, string fileName)
        {
            _label ??= new Regex(Label, Options, Limit);
            var found = _label.Match(iso.VolumeId);
            if (!found.Success && Anywhere)
            {
                found = _label.Match(iso.ApplicationId) is { Success: true } application ? application : _label.Match(iso.PublisherId);
            }

            if (!found.Success)
            {
                return null;
            }

            var version = Version(found.Groups["v"].Value);
            if (version.Length == 0 && FileVersion is not null)
            {
                version = Regex.Match(fileName, FileVersion, Options, Limit).Groups["v"].Value;
            }

            var title = Title.Replace("{v}", version, StringComparison.Ordinal)
                .Replace("{n}", found.Groups["n"].Value, StringComparison.Ordinal).Replace("{l}", found.Groups["l"].Value, StringComparison.Ordinal);
            var release = string.Join('.', version.Split('.').Take(ReleaseParts));
            var edition = found.Groups["e"].Value is not { Length: > 0 } e ? null : Editions.TryGetValue(e, out var known) ? known : int.TryParse(e, NumberStyles.None, CultureInfo.InvariantCulture, out var disc) ? $"disc {disc}" : e.Replace('_', ' ');
            return new ImageGuess(string.Join(' ', title.Split(' ', StringSplitOptions.RemoveEmptyEntries)), Family, Distro, Distro is null || release.Length == 0 ? null : release, Kind)
            {
                Exact = version.Length > 0 ? version : null,
                Edition = Edition ?? (edition is { Length: > 0 } ? edition : null),
                Arch = Arch ?? (found.Groups["a"].Value is { Length: > 0 } arch ? ArchName.Of(arch) : null),
            };
        }

        /// <summary>Labels have other marks where versions have dots.</summary>
        private string Version(string text)
        {
            var digits = Split == 0 || text.Length < 2 ? text : text.Insert(Split > 0 ? Split : text.Length + Split, ".");
            return string.Concat(digits.Select(c => Dots.Contains(c) ? '.' : c));
        }
    }
}
