using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed partial class ImageFileNameTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(2000);

    private static readonly string[] Pieces =
    [
        "debian", "-12.5", ".iso", ".ISO", "..", "/", "\\", " ", "(1)", "[x64]", "\u202E", "\0", "\n", "é", "😀", "\uD800", "_", "+", ",", ".", "%2e", "con",
        new string('a', 120), "\u200B", "~", "'", "$(x)",
    ];

    [Fact]
    public void An_accepted_name_is_safe_and_hid_nothing()
    {
        Check.One(Thorough, Prop.ForAll(Names().ToArbitrary(), original =>
        {
            var accepted = ImageFileName.TryDerive(original, out var name, out var problem);
            return accepted == (problem.Length == 0)
                && (!accepted || (Rule().IsMatch(name) && !name.Contains("..", StringComparison.Ordinal)
                    && !original.Any(c => c is '/' or '\\' or < ' ' or > '~')));
        }));
    }

    [Fact]
    public void A_proposal_for_a_refused_name_can_be_used_or_is_itself_refused()
    {
        Check.One(Thorough, Prop.ForAll(Names().ToArbitrary(), original =>
        {
            ImageFileName.TryDerive(original, out var proposal, out _);
            return ImageFileName.IsValid(proposal) && ImageFileName.TryDerive(proposal, out var again, out _) && again == proposal;
        }));
    }

    [Fact]
    public void A_name_with_the_hash_is_valid_and_different()
    {
        Check.One(Thorough, Prop.ForAll(Names().ToArbitrary(), original =>
        {
            ImageFileName.TryDerive(original, out var name, out _);
            var other = ImageFileName.WithHash(name, SomeImages.Id(1));
            return ImageFileName.IsValid(other) && other != name;
        }));
    }

    [Theory]
    [InlineData("debian-12.iso", "debian-12.iso")]
    [InlineData("Windows Server 2022 (x64).ISO", "Windows-Server-2022-x64.iso")]
    [InlineData("a,b;c.iso", "a-b-c.iso")]
    [InlineData(".hidden.iso", "hidden.iso")]
    public void Harmless_characters_become_hyphens(string original, string expected)
    {
        Assert.True(ImageFileName.TryDerive(original, out var name, out var problem), problem);
        Assert.Equal(expected, name);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("../x.iso", "path")]
    [InlineData("a\\b.iso", "path")]
    [InlineData("a..iso", "two dots")]
    [InlineData("😀.iso", "U+1F600")]
    [InlineData("x\u202Eosi.iso", "U+202E")]
    [InlineData("дебиан.iso", "U+0434")]
    [InlineData("x.img", "end with .iso")]
    [InlineData("---.iso", "nothing usable")]
    public void What_hides_something_is_refused_in_words(string original, string problem)
    {
        Assert.False(ImageFileName.TryDerive(original, out _, out var said));
        Assert.Contains(problem, said, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_character_is_never_said()
    {
        Assert.False(ImageFileName.TryDerive("cut" + '\uD83D' + ".iso", out _, out var said));
        Assert.Contains("half a character", said, StringComparison.Ordinal);
        Assert.Equal("ab", ShownText.Cut("ab😀", 3));
        Assert.Equal("ab😀", ShownText.Cut("ab😀", 4));
    }

    [Theory]
    [InlineData("x.iso.filepart", "x.iso")]
    [InlineData("a b.iso (1).part", "a-b.iso")]
    [InlineData("x.isolinux", "x.isolinux.iso")]
    [InlineData("x.img", "x.img.iso")]
    public void A_proposal_leaves_out_what_became_of_the_image(string original, string expected)
    {
        Assert.False(ImageFileName.TryDerive(original, out var name, out _));
        Assert.Equal(expected, name);
    }

    [Theory]
    [InlineData("x.iso\n")]
    [InlineData(".iso")]
    [InlineData("-x.iso")]
    [InlineData("x.ISO")]
    [InlineData(null)]
    public void The_rule_is_exact(string? name) => Assert.False(ImageFileName.IsValid(name));

    private static Gen<string> Names()
    {
        var pieced = Gen.Elements(Pieces).ListOf().Select(p => string.Concat(p));
        var random = ArbMap.Default.GeneratorFor<string?>().Select(s => s ?? "");
        return Gen.OneOf(pieced, pieced.Select(p => p + ".iso"), random, random.Select(r => r + ".iso"));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._+-]{0,200}\.iso\z", RegexOptions.NonBacktracking)]
    private static partial Regex Rule();
}
