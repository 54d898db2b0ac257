using System.CommandLine.Completions;
using IsoCatalog.Appliance.Commands;
using Xunit;

namespace IsoCatalog.Tests.Commands;

public sealed class MistakeTests
{
    private const string Nonsense = "no such word";

    public static TheoryData<string, string> ClosedOptions => [.. SomeTree.Everything
        .SelectMany(c => c.Options.Where(o => TypedWords.TakesValue(o) && Words(o.GetCompletions(CompletionContext.Empty)).Count > 0)
            .Select(o => (string.Join(' ', c.Names()), o.Name)))];

    public static TheoryData<string, string> ValuedOptions => [.. SomeTree.Everything
        .SelectMany(c => c.Options.Where(TypedWords.TakesValue).Select(o => (string.Join(' ', c.Names()), o.Name)))];

    public static TheoryData<string> Verbs => [.. SomeTree.Root.Verbs().Select(v => string.Join(' ', v.Names()))];

    [Theory]
    [MemberData(nameof(ClosedOptions))]
    public void A_wrong_value_of_a_closed_set_is_told_all_that_it_may_be(string verb, string option)
    {
        var choices = Words(SomeTree.Everything.First(c => string.Join(' ', c.Names()) == verb).Options.First(o => o.Name == option).GetCompletions(CompletionContext.Empty));
        foreach (var value in new[] { Nonsense, "0", "7", "", choices[0].ToUpperInvariant(), $"{choices[0]},{choices[^1]}" })
        {
            var said = Assert.Single(SomeTree.Mistakes([.. verb.Split(' '), option, value]), m => m.Contains(option, StringComparison.Ordinal));
            Assert.All(choices, choice => Assert.Contains(choice, said, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_role_and_a_kind_are_closed_sets()
    {
        Assert.Contains(ClosedOptions, o => o.Data == ("token", "--role"));
        Assert.Contains(ClosedOptions, o => o.Data == ("add", "--kind"));
        Assert.Equal(["--role 'root': it may be panel, operator or admin."], SomeTree.Mistakes("token", "--role", "root"));
        Assert.Equal(["--role 'opertor': it may be panel, operator or admin. Did you mean operator?"], SomeTree.Mistakes("token", "--role", "opertor"));
        Assert.Empty(SomeTree.Root.Parse(["token", "--role", "operator"]).Errors);
    }

    [Fact]
    public void A_wrong_value_of_a_closed_argument_is_told_all_that_it_may_be()
    {
        var said = Assert.Single(SomeTree.Mistakes("confirm", "database-losst"));

        Assert.Contains("database-lost, documents-forked, rolled-back, many-changes or protected-removed", said, StringComparison.Ordinal);
        Assert.EndsWith("Did you mean database-lost?", said, StringComparison.Ordinal);
        Assert.Contains("bash, zsh or fish", Assert.Single(SomeTree.Mistakes("completion", "csh")), StringComparison.Ordinal);
    }

    /// <summary>Whoever types knows the option, and no type of the program.</summary>
    [Theory]
    [MemberData(nameof(ValuedOptions))]
    public void No_mistake_names_a_type_of_the_program(string verb, string option)
    {
        foreach (var value in new[] { Nonsense, "", "-1", "1e99", "99999999999999999999" })
        {
            string[] words = [.. verb.Split(' '), option + "=" + value, option, value];
            Assert.All(
                SomeTree.Mistakes(words),
                said => Assert.DoesNotMatch(@"System\.|IsoCatalog\.|Int32|Boolean|DateTime|expected type|Nullable|symbol", said));
        }
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void A_verb_with_a_slip_of_the_finger_is_recognized(string verb)
    {
        var names = verb.Split(' ');
        if (names[^1].Length < 3)
        {
            return;
        }

        string[] slipped = [.. names[..^1], names[^1][..1] + names[^1][2..]];

        Assert.Contains($"Did you mean `isocatalog {verb}`?", Assert.Single(SomeTree.Mistakes(slipped)), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void An_option_with_a_slip_of_the_finger_is_recognized(string verb)
    {
        foreach (var option in SomeTree.Everything.First(c => string.Join(' ', c.Names()) == verb).Options.Where(o => !o.Hidden && o.Name.Length > 5))
        {
            var slipped = option.Name[..^2] + option.Name[^1] + option.Name[^2];
            if (slipped != option.Name)
            {
                Assert.Contains(SomeTree.Mistakes([.. verb.Split(' '), slipped]), m => m.EndsWith($"Did you mean {option.Name}?", StringComparison.Ordinal));
            }
        }
    }

    [Theory]
    [InlineData("frobnicate", "`isocatalog` has no verb 'frobnicate'.")]
    [InlineData("add-site", "`isocatalog` has no verb 'add-site'. Did you mean `isocatalog trust add-site`?")]
    [InlineData("simulate engin", "`isocatalog simulate` has no verb 'engin'. Did you mean `isocatalog simulate engine`?")]
    [InlineData("--json ls", "`isocatalog` has no option '--json'. Options come after the verb, as in `isocatalog ls --json`.")]
    [InlineData("add a.iso --shar256 12", "`isocatalog add` has no option '--shar256'. Did you mean --sha256?")]
    [InlineData("add -x.iso", "`isocatalog add` has no option '-x.iso'. A file of that name is written ./-x.iso.")]
    [InlineData("add a.iso --json=maybe", "--json takes no value: give it or leave it out, not '--json=maybe'.")]
    [InlineData("ls debian.iso", "`isocatalog ls` takes no argument 'debian.iso'.")]
    [InlineData("show a.iso b.iso", "`isocatalog show` takes no further argument 'b.iso'.")]
    [InlineData("show", "`isocatalog show` needs ID|NAME.")]
    [InlineData("token --role", "--role needs a value: panel|operator|admin.")]
    [InlineData("rm a.iso --why", "--why needs a value: TEXT.")]
    [InlineData("ls --revoke", "`isocatalog ls` has no option '--revoke'. It is an option of `isocatalog trust remove-site`.")]
    [InlineData("", "`isocatalog` needs a verb.")]
    [InlineData("trust", "`isocatalog trust` needs a verb.")]
    public void A_mistake_is_said_in_the_words_of_who_made_it(string line, string said) =>
        Assert.Equal([said], SomeTree.Mistakes(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Theory]
    [InlineData("add -- -x.iso")]
    [InlineData("add a.iso --title -x")]
    [InlineData("add a.iso --title=--json")]
    [InlineData("ls -aq")]
    [InlineData("ls --all=false")]
    public void What_is_right_has_no_unknown_option(string line) => Assert.Empty(TypedWords.Read(SomeTree.Root, line.Split(' ')).Unknown);

    [Fact]
    public void Every_value_has_a_name_for_help_and_manual() =>
        Assert.All(SomeTree.Everything.SelectMany(c => c.Options).Where(o => !o.Hidden && TypedWords.TakesValue(o)), o => Assert.NotEmpty(o.HelpName ?? ""));

    private static List<string> Words(IEnumerable<CompletionItem> items) => [.. items.Select(i => i.Label)];
}
