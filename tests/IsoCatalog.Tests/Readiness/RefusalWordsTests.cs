using System.Reflection;
using System.Text.RegularExpressions;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>What a panel shows to its customers, and what stands beside it for those who run the site.</summary>
public sealed partial class RefusalWordsTests
{
    private static readonly ImageId Image = SomeImages.Id(1);

    private static readonly CatalogView Live = CatalogView.Empty.With(
        [SomeImages.Put(1, 1, fileName: "debian.iso"), new AliasEntry("latest", Image, new Stamp(2, 0, "ams"), "tests", null, false)]);

    private static readonly CatalogView Removed = Live.With(SomeImages.Delete(1, 3) with { Value = SomeImages.Value(1, "debian.iso") });

    private static readonly CatalogView Recalled = Live.With(new BlockEntry(Image, new Stamp(3, 0, "ams"), "tests", "a hole", false));

    public static TheoryData<string> Words => [Image.ToString(), "debian.iso", "DEBIAN.ISO", "latest"];

    [Theory]
    [MemberData(nameof(Words))]
    public void A_removed_image_is_refused_alike_by_whichever_word(string word)
    {
        Assert.Null(CatalogRules.Gone(Live, word));

        var refused = CatalogRules.Gone(Removed, word)!;
        Assert.Equal((RefusalCode.NotFound, Image), (refused.Code, refused.Image));
        Assert.Contains("debian.iso", refused.Message, StringComparison.Ordinal);
        Assert.Contains("was removed", refused.Message, StringComparison.Ordinal);
        Assert.Contains("isocatalog ", refused.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void A_recalled_image_is_refused_alike_by_whichever_word(string word)
    {
        var refused = CatalogRules.Gone(Recalled, word)!;

        Assert.Equal((RefusalCode.NotReady, Image, "debian.iso is recalled: a hole"), (refused.Code, refused.Image, refused.Message));
    }

    [Fact]
    public void A_name_that_another_image_took_over_means_that_one()
    {
        var view = Removed.With(SomeImages.Put(2, 4, fileName: "debian.iso"));

        Assert.Null(CatalogRules.Gone(view, "debian.iso"));
        Assert.Equal(SomeImages.Id(2), view.Meant("debian.iso")!.Id);
        Assert.Equal(Image, CatalogRules.Gone(view, Image.ToString())!.Image);
    }

    [Fact]
    public void Of_several_that_had_the_name_the_newest_is_meant()
    {
        var view = Removed.With([SomeImages.Put(2, 4, fileName: "debian.iso"), SomeImages.Delete(2, 5) with { Value = SomeImages.Value(2, "debian.iso") }]);

        Assert.Equal(SomeImages.Id(2), CatalogRules.Gone(view, "debian.iso")!.Image);
    }

    [Fact]
    public void What_never_was_is_refused_in_few_words_whatever_was_asked_for()
    {
        var refused = CatalogRules.Gone(Live, new string('x', 10_000))!;

        Assert.Equal((RefusalCode.NotFound, null), (refused.Code, refused.Image));
        Assert.InRange(refused.Message.Length, 10, 300);
        Assert.Equal((RefusalCode.NotFound, null), (CatalogRules.Gone(Live, SomeImages.Id(9).ToString())!.Code, refused.Image));
    }

    [Theory]
    [MemberData(nameof(Words))]
    public void No_refusal_that_an_image_can_meet_names_a_command_to_people(string word)
    {
        var views = new[] { Live, Removed, Recalled, CatalogView.Empty };
        var refusals = views.SelectMany(v => new[] { CatalogRules.Gone(v, word), CatalogRules.Unknown(v, word), CatalogRules.NotItself(v, word) })
            .Concat(views.Select(v => CatalogRules.MayAdd(SomeSite.View with { Catalog = v }, SomeImages.Id(3), "debian.iso")))
            .Concat(views.Select(v => CatalogRules.MayAdd(SomeSite.View with { Catalog = v }, Image, "debian.iso")))
            .Concat(views.Select(v => CatalogRules.MayPointTo(SomeSite.View with { Catalog = v }, Image)))
            .Append(CatalogRules.Protects(Live.Images[Image]))
            .OfType<Refusal>().ToList();

        Assert.True(refusals.Count > 15, $"{refusals.Count} refusals");
        Assert.All(refusals, r => Assert.DoesNotMatch(OfOperators(), r.Message));
        Assert.All(refusals, r => Assert.DoesNotContain("  ", r.InFull, StringComparison.Ordinal));
    }

    [Fact]
    public void Every_reason_has_words_of_its_own_that_name_nothing_of_operators()
    {
        var codes = typeof(ReasonCode).GetFields(BindingFlags.Public | BindingFlags.Static).Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!).ToList();
        var words = codes.Select(ReasonWords.Of).ToList();

        Assert.Equal(codes.Count, words.Distinct(StringComparer.Ordinal).Count());
        Assert.DoesNotContain(ReasonWords.Of("of-a-newer-version"), words);
        Assert.Equal(ReasonWords.Of(null), ReasonWords.Of("of-a-newer-version"));
        Assert.All(words, w => Assert.DoesNotMatch(OfOperators(), w));
        Assert.All(words, w => Assert.Matches(@"\A[A-Z].*\.\z", w));
    }

    [Fact]
    public void A_problem_has_the_remedy_only_for_who_can_use_it()
    {
        var refusal = CatalogRules.Gone(Removed, "debian.iso")!;

        Assert.Equal(refusal.Remedy, Problems.Of(refusal).Remedy);
        Assert.Null(Problems.Of(refusal, new DefaultHttpContext()).Remedy);
    }

    /// <summary>Commands, calls of the operators' API, files and types.</summary>
    [GeneratedRegex("isocatalog|PATCH|DELETE|/api/|/var/|--[a-z]|`|System\\.|[a-z][A-Z](?!irt)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex OfOperators();
}
