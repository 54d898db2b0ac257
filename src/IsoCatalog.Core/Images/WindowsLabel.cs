using System.Text.RegularExpressions;

namespace IsoCatalog.Core.Images;

/// <summary>
/// The volume ids of Microsoft's installers: generation, product, architecture, kind of build, language and medium, such as <c>IR5_SSS_X64FREE_EN-US_DV9</c>. Since Windows 10 and Windows Server 2016
/// they do not tell the releases apart; then the file's name may, as Microsoft gives it: by the release or by the number of the build.
/// </summary>
internal static partial class WindowsLabel
{
    public const string Server = "windows-server";

    private static readonly (string Build, string Client, string Server)[] Builds =
    [
        ("14393", "10", "2016"), ("17763", "10", "2019"), ("20348", "", "2022"), ("26100", "11", "2025"), ("22000", "11", ""), ("22621", "11", ""), ("22631", "11", ""), ("26200", "11", ""),
        ("10240", "10", ""), ("10586", "10", ""), ("15063", "10", ""), ("16299", "10", ""), ("17134", "10", ""), ("18362", "10", ""), ("18363", "10", ""), ("19041", "10", ""), ("19042", "10", ""),
        ("19043", "10", ""), ("19044", "10", ""), ("19045", "10", ""),
    ];

    public static ImageGuess? Read(IsoMetadata iso, string fileName)
    {
        if (!iso.PublisherId.Contains("MICROSOFT", StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        if (Modern().Match(iso.VolumeId) is { Success: true } label)
        {
            var product = label.Groups["product"].Value.ToUpperInvariant();
            var isServer = product.StartsWith('S');
            var version = label.Groups["generation"].Value.ToUpperInvariant() switch
            {
                ['I', 'R', ..] => isServer ? "2012 R2" : "8.1",
                ['H', ..] => isServer ? "2012" : "8",
                _ => ByName(fileName, isServer),
            };
            return Guess(isServer, version, version is null ? (isServer ? "2016 or later" : "10 or 11") : null, label) with { Edition = Edition(product, label.Groups["build"].Value) };
        }

        return Old().Match(iso.VolumeId) is not { Success: true } old ? null : old.Groups["generation"].Value.ToUpperInvariant() switch
        {
            "GSP1RM" or "GRM" => Guess(old.Groups["product"].Value is "S" or "s", old.Groups["product"].Value is "S" or "s" ? "2008 R2" : "7", null, old),
            "KRTM" or "KRM" => Guess(isServer: true, "2008", null, old),
            _ => Guess(isServer: false, "Vista", null, old),
        };
    }

    private static ImageGuess Guess(bool isServer, string? version, string? otherwise, Match label) => new(
        $"Windows {(isServer ? "Server " : "")}{version ?? otherwise}", Catalog.OsName.Windows, isServer ? Server : Catalog.OsName.Windows, version, "installer")
    {
        Exact = version,
        Arch = ArchName.Of(label.Groups["arch"].Value is { Length: > 0 } arch ? arch : "x86"),
        Language = LanguageTag.Of(label.Groups["language"].Value),
    };

    private static string? Edition(string product, string build) => (product switch
    {
        "SSSO" or "SESS" => "Essentials",
        "SHV" => "Hyper-V",
        ['C', 'E', 'S', ..] => "Enterprise LTSC",
        ['C', 'E', 'N', ..] => "Enterprise",
        ['C', 'E', 'D', ..] => "Education",
        ['C', 'P', 'R', ..] => "Professional",
        _ => "",
    } + (build.Equals("FREE", StringComparison.OrdinalIgnoreCase) ? " Evaluation" : "")).Trim() is { Length: > 0 } edition ? edition : null;

    private static string? ByName(string fileName, bool isServer)
    {
        var found = Numbers().Matches(fileName).Select(m => m.Value).ToList();
        string[] releases = isServer ? ["2016", "2019", "2022", "2025"] : ["10", "11"];
        var named = (isServer ? found : ClientName().Matches(fileName).Select(m => m.Groups["release"].Value)).Intersect(releases, StringComparer.Ordinal).ToList();
        var built = Builds.Where(b => found.Contains(b.Build)).Select(b => isServer ? b.Server : b.Client).Where(v => v.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        return named.Count == 1 ? named[0] : named.Count == 0 && built.Count == 1 ? built[0] : null;
    }

    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture;

    [GeneratedRegex(@"^((?<generation>IR\w|HRM|HB\w|J)_)?(?<product>[SC][A-Z]+(_[A-Z]+)?)_(?<arch>X64|X86|A64|ARM64)(?<build>(FRE|CHK)[A-Z]?)_(?<language>[A-Z]{2,3}(-[A-Z0-9]{2,4})+)_D", Options)]
    private static partial Regex Modern();

    [GeneratedRegex(@"^(?<generation>GSP1RM|GRM|KRTM|KRM|FRTM|FRM)(?<product>[A-Z])[A-Z]*?(?<arch>X)?(FRER?|FREO|VOL|CHK)[A-Z]*_(?<language>[A-Z]{2}(-[A-Z]{2})?)_D", Options)]
    private static partial Regex Old();

    [GeneratedRegex("[0-9]+", Options)]
    private static partial Regex Numbers();

    [GeneratedRegex("win(dows)?[^a-z0-9]?(?<release>1[01])([^0-9]|$)", Options)]
    private static partial Regex ClientName();
}
