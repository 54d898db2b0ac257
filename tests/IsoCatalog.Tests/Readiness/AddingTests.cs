using System.Collections.Immutable;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Images;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

public sealed class AddingTests
{
    private static readonly Stamp Next = new(100, 0, "ams");

    private static readonly AddedDescription Recognised = new(null, null, new RecognizedImage("Debian 12.6.0", "installer", new ImageOs("linux", "debian", "12"), ["x86_64"], "its label"));

    private static readonly ImageValue Second = SomeImages.Value(2, SomeImages.Value(1).FileName);

    [Fact]
    public void A_replace_removes_the_old_and_puts_the_new_with_one_stamp()
    {
        var plan = Of(SomeSite.View);
        Assert.Equal(SomeSite.Image, plan.Replaced!.Id);
        Assert.Equal([(SomeSite.Image, true), (SomeImages.Id(2), false)], plan.Entries.OfType<ImageEntry>().Select(e => (e.Image, e.Deleted)));
        Assert.All(plan.Entries.OfType<ImageEntry>(), e => Assert.Equal(Next, e.Stamp));
        Assert.Null(Adding.Of(SomeSite.View, "ams", Second with { FileName = "free.iso" }, Recognised, true, _ => Next, "me").Replaced);
        Assert.Null(Adding.Of(SomeSite.View, "ams", Second with { FileName = "free.iso" }, Recognised, false, _ => Next, "me").Replaced);
    }

    /// <summary>It says nothing new about where the alias is to go: whoever waits for another image to be ready is not overtaken by it.</summary>
    [Fact]
    public void An_alias_goes_over_and_what_waits_for_it_or_for_the_old_image_waits_on()
    {
        var stable = new AliasEntry("stable", SomeSite.Image, new Stamp(10, 0, "nyc"), "tests", null, false) { Asked = 7 };
        AliasMove elsewhere = new("j1", "stable", SomeImages.Id(3), 1, "me", SomeSite.Now, 20), here = new("j2", "next", SomeSite.Image, null, "me", SomeSite.Now, 21);
        var view = SomeSite.View with
        {
            Catalog = SomeSite.View.Catalog.With([stable, SomeImages.Put(3, 3)]),
            AliasMoves = ImmutableDictionary<string, AliasMove>.Empty.Add("stable", elsewhere).Add("next", here),
        };

        var plan = Of(view);

        var alias = Assert.Single(plan.Entries.OfType<AliasEntry>());
        Assert.Equal((SomeImages.Id(2), 7L, SomeSite.Image), (alias.Target, alias.Said, Assert.Single(alias.Former)));
        Assert.Equal(here with { Image = SomeImages.Id(2) }, Assert.Single(plan.Moves));
        var after = view with { Catalog = view.Catalog.With(plan.Entries) };
        Assert.NotEqual(AliasStep.Overtaken, AliasPlan.Next(after, "ams", elsewhere, SomeSite.Now));
    }

    [Fact]
    public void What_people_said_of_the_old_goes_over_and_what_was_only_recognised_does_not()
    {
        var said = SomeSite.View with { Catalog = SomeSite.View.Catalog.With([new MetaEntry(SomeSite.Image, new Stamp(5, 0, "ams"), "me", null, new MetaValue { Order = 7, Hidden = true })]) };
        var meta = Assert.Single(Of(said).Entries.OfType<MetaEntry>());
        Assert.Equal((Next, 7, false, "debian"), (meta.Stamp, meta.Value.Order, meta.Value.Hidden, meta.Value.Os.Distro));

        var recognised = SomeSite.View with { Catalog = SomeSite.View.Catalog.With([new MetaEntry(SomeSite.Image, Stamp.Weakest("ams"), "me", null, new MetaValue { Order = 7 })]) };
        meta = Assert.Single(Of(recognised).Entries.OfType<MetaEntry>());
        Assert.Equal((true, 0, "Debian 12.6.0"), (meta.Stamp.IsWeakest(), meta.Value.Order, meta.Value.Titles["en"]));
    }

    [Fact]
    public void A_lost_copy_that_comes_back_says_nothing() =>
        Assert.Empty(Adding.Of(SomeSite.View, "ams", SomeImages.Value(1), AddedDescription.Nothing, true, _ => Next, "me").Entries);

    private static Adding Of(SiteView view) => Adding.Of(view, "ams", Second, Recognised, replace: true, _ => Next, "me");
}
