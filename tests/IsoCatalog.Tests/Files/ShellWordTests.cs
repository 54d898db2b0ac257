using System.Diagnostics;
using System.Text;
using FsCheck.Fluent;
using IsoCatalog.Surfaces.Files;
using Xunit;

namespace IsoCatalog.Tests.Files;

/// <summary>A shell itself says what a word means.</summary>
public sealed class ShellWordTests
{
    private static readonly string[] Pieces = ["a", " ", "'", "\"", "\\", "$(id)", "`id`", ";", "*", "?", "[a-z]", "\u0001", "\n", "\t", "\u007f", "\u0085", "\u202e", "é", "\U0001f600", "~", "{a,b}", "!", "\ufffd"];

    [Fact]
    public void Of_any_path_it_is_that_path_and_nothing_else()
    {
        var paths = Gen.Elements(Pieces).NonEmptyListOf().Select(p => "/srv/" + string.Concat(p)).Sample(300, 8).Distinct().ToList();
        var script = string.Concat(paths.Select(p => $"printf '%s\\0' {ShellWord.Of(p)}\n"));
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", script]) { UseShellExecute = false, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.UTF8, WorkingDirectory = "/", Environment = { ["LC_ALL"] = "C.UTF-8" } })!;
        Assert.Equal(paths, bash.StandardOutput.ReadToEnd().TrimEnd('\0').Split('\0'));
        Assert.All(paths, p => Assert.DoesNotContain(ShellWord.Of(p), c => char.IsControl(c) || c == '\u202e'));
    }

    [Fact]
    public void A_name_that_is_no_UTF_8_is_that_name_too()
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", $"printf '%s' {ShellWord.OfUndecoded("/srv/caf\\xE9 it's \\xFFF.iso")}"]) { UseShellExecute = false, RedirectStandardOutput = true, StandardOutputEncoding = Encoding.Latin1 })!;
        Assert.Equal("/srv/caf\u00e9 it's \u00ffF.iso", bash.StandardOutput.ReadToEnd());
    }

    [Theory]
    [InlineData("/srv/isos/debian-12.iso", "/srv/isos/debian-12.iso")]
    [InlineData("/srv/a b.iso", "'/srv/a b.iso'")]
    [InlineData("/srv/it's.iso", "'/srv/it'\\''s.iso'")]
    [InlineData("/srv/\u0001.iso", "$'/srv/\\001.iso'")]
    public void What_needs_no_quotes_has_none(string path, string word) => Assert.Equal(word, ShellWord.Of(path));
}
