using System.Diagnostics;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Images;
using Xunit;

namespace IsoCatalog.Tests.Images;

/// <summary>Patterns are written for PCRE, as libosinfo matches them.</summary>
public sealed class RulePatternTests
{
    [Theory]
    [InlineData(@"Debian 11.\d+.\d+ amd64 n", "Debian 11.9.0 amd64 n", true)]
    [InlineData(@"Ubuntu-Server 22.04(.\d\+?)?(.\d\+?)? LTS amd64", "Ubuntu-Server 22.04.4 LTS amd64", true)]
    [InlineData(@"\d{6}$", "ARCH_202402", true)]
    [InlineData("(J_)?CCSA", "J_CCSA_X64FRE", true)]
    [InlineData("ccsa", "CCSA", false)]
    [InlineData("[[:upper:]]+_[[:digit:]]{2}", "NETBSD_94", true)]
    [InlineData("^[^[:space:]]+$", "a b", false)]
    [InlineData("[][]x", "]x", true)]
    [InlineData("[[a]x", "[x", true)]
    [InlineData("[a-z-[e]]x", "[]x", true)]
    [InlineData(@"A\_B", "A_B", true)]
    [InlineData(@"A[\_]B", "A_B", true)]
    [InlineData(@"a++b", "aaab", true)]
    [InlineData(@"a{2,3}+b", "aab", true)]
    [InlineData("a{,2}", "a{,2}", true)]
    [InlineData("x{y}", "x{y}", true)]
    [InlineData(@"\QC++ (1.0)\E$", "C++ (1.0)", true)]
    [InlineData(@"\QC++", "C++", true)]
    [InlineData(@"(?P<v>\d)\.", "7.", true)]
    [InlineData(@"(?i)debian", "DEBIAN", true)]
    [InlineData(@"a\h+b", "a \tb", true)]
    [InlineData(@"\d", "\u0661", false)]
    [InlineData("Asianux Server (7 (?!SP[123])|(4 ?!SP[67])).+", "Asianux Server 7 SP1", false)]
    [InlineData("Asianux Server (7 (?!SP[123])|(4 ?!SP[67])).+", "Asianux Server 7 SP4", true)]
    [InlineData(@"(a)(?>b+)\1", "abba", true)]
    public void They_match_as_PCRE_does(string pattern, string text, bool matches)
    {
        Assert.True(RulePattern.TryParse(pattern, out var parsed, out var problem), problem);
        Assert.Equal(matches, parsed.Find(text) is not null);
    }

    [Theory]
    [InlineData("[A-Z0-9_]*_([A-Z]*-[A-Z]*)", "IR5_SSS_X64FREE_EN-US_DV9", "EN-US")]
    [InlineData("[A-Z]+", "12AB", "AB")]
    public void The_first_group_is_what_was_looked_for(string pattern, string text, string found)
    {
        Assert.True(RulePattern.TryParse(pattern, out var parsed, out _));
        Assert.Equal(found, parsed.Find(text));
    }

    [Theory]
    [InlineData("(")]
    [InlineData("[a")]
    [InlineData("a**")]
    [InlineData(@"\")]
    [InlineData("(?P>x)")]
    [InlineData("*")]
    [InlineData("[b-a]")]
    public void What_is_no_pattern_is_refused_with_the_reason(string pattern)
    {
        Assert.False(RulePattern.TryParse(pattern, out var parsed, out var problem));
        Assert.Null(parsed);
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void What_is_too_long_is_refused()
    {
        Assert.False(RulePattern.TryParse(new string('a', RulePattern.MaxLength + 1), out _, out var problem));
        Assert.Contains("1000 are allowed", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("^(a+)+$")]
    [InlineData("^(a|aa)+$")]
    [InlineData("^((a*)*)*$")]
    [InlineData("(x+x+)+y|^(a|a)*$")]
    [InlineData("^(.*.*.*.*.*.*.*.*)b$")]
    [InlineData("(a{0,100}){0,100}$")]
    [InlineData("^(a+)+(?!!)b")]
    public void What_would_run_for_ever_ends(string pattern)
    {
        Assert.True(RulePattern.TryParse(pattern, out var parsed, out var problem), problem);
        var started = Stopwatch.GetTimestamp();
        try
        {
            parsed.Find(new string('a', 127) + "!");
        }
        catch (RegexMatchTimeoutException)
        {
            // One of the two ways.
        }

        Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20));
    }

    [Fact]
    public void Whatever_stands_there_is_a_pattern_or_is_refused()
    {
        var pieces = Gen.Elements(
            "a", "Z", "0", " ", "_", "-", ".", "*", "+", "?", "{", "}", "{2}", "{2,", "{1,3}", "(", ")", "(?:", "(?P<n>", "(?!", "(?>", "[", "]", "[^", "[:digit:]", "[:", ":]", "[:]", "\\", "\\d", "\\Q", "\\E", "\\h",
            "\\_", "|", "^", "$", "\u0661", "\ud800");
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(pieces.ListOf().ToArbitrary(), p =>
        {
            if (RulePattern.TryParse(string.Concat(p), out var parsed, out var problem))
            {
                try
                {
                    parsed.Find("Debian 12.5.0 amd64 n [a-Z]{2}");
                }
                catch (RegexMatchTimeoutException)
                {
                    return true;
                }
            }

            return (parsed is null) == (problem.Length > 0);
        }));
    }
}
