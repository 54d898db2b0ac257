using System.Globalization;
using System.Text.RegularExpressions;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;

namespace IsoCatalog.Tests.Images;

/// <summary>What xorriso says about an image.</summary>
internal sealed partial class XorrisoReport
{
    private readonly string _text;

    private XorrisoReport(string text) => _text = text;

    /// <summary>Platform, bootable, emulation, sectors of 512, first sector of 2048: one line for each boot entry.</summary>
    public IReadOnlyList<string> BootImages =>
        [.. BootImage().Matches(_text).Select(match => string.Join(' ', match.Groups.Values.Skip(1).Select(group => group.Value)))];

    public bool IsDisk => _text.Contains("MBR partition  ", StringComparison.Ordinal) || _text.Contains("GPT partition", StringComparison.Ordinal);

    public string this[string name] =>
        _text.Split('\n').First(line => line.StartsWith(name, StringComparison.Ordinal)).Split(':', 2)[1].Trim();

    /// <summary>The same line from our own reading.</summary>
    public static string Line(ElToritoEntry entry)
    {
        var platform = entry.Platform == ElToritoEntry.Efi ? "UEFI" : entry.Platform == ElToritoEntry.Bios ? "BIOS" : "other";
        string[] media = ["none", "fd1.2", "fd1.4", "fd2.8", "hd"];
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{platform} {(entry.Bootable ? 'y' : 'n')} {media[entry.MediaType]} {entry.SectorCount} {entry.LoadLba}");
    }

    public static async Task<XorrisoReport> OfAsync(string path, CancellationToken cancellationToken)
    {
        var result = await Counterpart.RunAsync(
            "xorriso",
            ["-indev", path, "-report_el_torito", "plain", "-report_system_area", "plain", "-toc", "-pvd_info"],
            cancellationToken);
        return new XorrisoReport(result.Succeeded());
    }

    [GeneratedRegex(
        @"^El Torito boot img :\s+\d+\s+(?<platform>\w+)\s+(?<bootable>\w)\s+(?<media>\S+)\s+0x\w+\s+0x\w+\s+(?<count>\d+)\s+(?<lba>\d+)",
        RegexOptions.Multiline | RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex BootImage();
}
