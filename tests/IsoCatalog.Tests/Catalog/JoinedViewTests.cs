using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>What follows from the registers of several sites: recalls, disputes, names, aliases.</summary>
public sealed class JoinedViewTests
{
    [Fact]
    public void A_recall_beats_every_put_until_it_is_taken_back()
    {
        var blocked = CatalogView.Empty.With([Block(1, 5, false), SomeImages.Put(1, 10, "nyc")]);

        Assert.True(blocked.Images[SomeImages.Id(1)].Blocked);
        Assert.Empty(blocked.Live);
        Assert.Empty(blocked.Names);
        Assert.Single(blocked.With(Block(1, 20, true)).Live);
    }

    [Fact]
    public void Equal_stamps_are_decided_by_the_bytes_in_either_order()
    {
        var (a, b) = (SomeImages.Put(1, 5) with { Why = "a" }, SomeImages.Put(1, 5) with { Why = "b" });

        Assert.Equal(Render.View(CatalogView.Empty.With([a, b])), Render.View(CatalogView.Empty.With([b, a])));
    }

    [Fact]
    public void Two_roots_for_one_image_or_two_images_for_one_root_are_disputed_while_both_stand()
    {
        var lie = SomeImages.Put(1, 9, "nyc") with { Value = SomeImages.Value(1) with { Root = SomeImages.Value(7).Root } };
        var view = CatalogView.Empty.With([SomeImages.Put(1, 5), SomeImages.Put(2, 5), lie]);

        Assert.True(view.Images[SomeImages.Id(1)].Disputed);
        Assert.False(view.Images[SomeImages.Id(2)].Disputed);
        var shared = view.With(SomeImages.Put(7, 10));
        Assert.True(shared.Images[SomeImages.Id(7)].Disputed);
        var deleted = shared.With(lie with { Stamp = new Stamp(20, 0, "nyc"), Deleted = true });
        Assert.DoesNotContain(deleted.Images.Values, i => i.Disputed);
    }

    [Fact]
    public void A_size_that_differs_is_a_dispute_too() => Assert.True(CatalogView.Empty.With(
        [SomeImages.Put(1, 5), SomeImages.Put(1, 6, "nyc") with { Value = SomeImages.Value(1) with { Size = 1 } }]).Images[SomeImages.Id(1)].Disputed);

    [Fact]
    public void A_name_that_two_visible_images_ask_for_is_given_to_neither()
    {
        var view = CatalogView.Empty.With([SomeImages.Put(1, 1, "ams", "debian.iso"), SomeImages.Put(2, 2, "nyc", "Debian.iso")]);
        var (a, b) = (ImageFileName.WithHash("debian.iso", SomeImages.Id(1)), ImageFileName.WithHash("Debian.iso", SomeImages.Id(2)));

        Assert.Equal([a, b], new[] { 1, 2 }.Select(i => view.Images[SomeImages.Id(i)].FileName));
        Assert.Null(view.Find("debian.iso"));
        Assert.Equal(SomeImages.Id(2), view.Find(b)?.Id);
        var renamed = view.With(SomeImages.Put(2, 3, "ams", "debian-netinst.iso"));
        Assert.Equal(["debian-netinst.iso", "debian.iso"], renamed.Names.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("debian.iso", view.With(Block(2, 9, false)).Images[SomeImages.Id(1)].FileName);
        Assert.Equal("debian.iso", view.With(SomeImages.Delete(2, 9)).Images[SomeImages.Id(1)].FileName);
    }

    [Fact]
    public void A_name_made_for_a_collision_is_never_somebody_elses()
    {
        var taken = ImageFileName.WithHash("debian.iso", SomeImages.Id(1));
        Entry[] entries = [SomeImages.Put(1, 1, "ams", "debian.iso"), SomeImages.Put(2, 2, "nyc", "debian.iso"), SomeImages.Put(3, 3, "nyc", taken)];

        foreach (var order in new[] { new[] { 0, 1, 2 }, [2, 1, 0], [1, 2, 0], [2, 0, 1] })
        {
            var view = order.Aggregate(CatalogView.Empty, (v, i) => v.With(entries[i]));
            Assert.Equal(taken, view.Images[SomeImages.Id(3)].FileName);
            Assert.Equal(ImageFileName.WithWholeHash("debian.iso", SomeImages.Id(1)), view.Images[SomeImages.Id(1)].FileName);
            Assert.Equal(3, view.Names.Count);
        }
    }

    [Fact]
    public void Names_are_one_to_one_whatever_is_asked_for()
    {
        string[] wishes = ["a.iso", "A.iso", ImageFileName.WithHash("a.iso", SomeImages.Id(0)), ImageFileName.WithHash("a.iso", SomeImages.Id(1)), "b.iso", new string('x', 200) + ".iso"];
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll<(byte Image, byte Wish, byte Kind)[], int>((history, seed) =>
        {
            Entry[] entries = [.. history.Select((h, i) => (Entry)((h.Kind % 4) switch
            {
                0 => SomeImages.Delete(h.Image % 5, i + 1),
                1 => Block(h.Image % 5, i + 1, h.Wish % 2 == 0),
                _ => SomeImages.Put(h.Image % 5, i + 1, h.Kind % 2 == 0 ? "ams" : "nyc", wishes[h.Wish % wishes.Length]),
            }))];
            var view = entries.Aggregate(CatalogView.Empty, (v, e) => v.With(e));
            new Random(seed).Shuffle(entries);
            return Render.View(view) == Render.View(CatalogView.Empty.With(entries))
                && view.Names.Count == view.Live.Count()
                && view.Live.All(i => view.Names[i.FileName] == i.Id && ImageFileName.IsValid(i.FileName));
        }));
    }

    [Fact]
    public void An_alias_moves_and_leads_to_visible_images_only()
    {
        var view = CatalogView.Empty.With([SomeImages.Put(1, 1), SomeImages.Put(2, 2), Alias(1, 3, false)]);

        Assert.Equal(SomeImages.Id(1), view.Find("debian-latest")?.Id);
        Assert.Equal(SomeImages.Id(2), view.With(Alias(2, 4, false)).Find("debian-latest")?.Id);
        Assert.Null(view.With(SomeImages.Delete(1, 5)).Find("debian-latest"));
        Assert.Null(view.With(Alias(1, 6, true)).Find("debian-latest"));
        Assert.Null(view.FindItself("debian-latest"));
        Assert.Equal(SomeImages.Id(1), view.FindItself("image-1.iso")?.Id);
    }

    [Fact]
    public void A_file_name_counts_more_than_an_alias_that_another_program_called_the_same()
    {
        var view = CatalogView.Empty.With(
            [SomeImages.Put(1, 1), SomeImages.Put(2, 2), new AliasEntry("image-2.iso", SomeImages.Id(1), new Stamp(3, 0, "nyc"), "tests", null, false)]);

        Assert.Equal(SomeImages.Id(2), view.Find("image-2.iso")?.Id);
        Assert.Equal(SomeImages.Id(2), view.FindItself("image-2.iso")?.Id);
        Assert.Equal(SomeImages.Id(1), view.With(SomeImages.Delete(2, 4)).Find("image-2.iso")?.Id);
        Assert.Null(view.With(SomeImages.Delete(2, 4)).FindItself("image-2.iso"));
    }

    [Fact]
    public void The_aliases_of_an_image_are_those_that_point_to_it_now()
    {
        var view = CatalogView.Empty.With([Alias(1, 3, false), Alias(1, 4, false, "a-first"), Alias(2, 5, false, "other")]);

        Assert.Equal(["a-first", "debian-latest"], view.AliasesOf[SomeImages.Id(1)]);
        var moved = view.With([Alias(2, 6, false), Alias(2, 7, true, "other")]);
        Assert.Equal(["a-first"], moved.AliasesOf[SomeImages.Id(1)]);
        Assert.Equal(["debian-latest"], moved.AliasesOf[SomeImages.Id(2)]);
        Assert.Equal(["debian-latest", "other"], CatalogView.MovedAliases(view, moved));
        Assert.Empty(CatalogView.MovedAliases(view, view.With(SomeImages.Put(1, 8))));
    }

    private static BlockEntry Block(int image, long ms, bool lifted) => new(SomeImages.Id(image), new Stamp(ms, 0, "msk"), "tests", "CVE-2026-1", lifted);

    private static AliasEntry Alias(int image, long ms, bool deleted, string name = "debian-latest") => new(name, SomeImages.Id(image), new Stamp(ms, 0, "ams"), "tests", null, deleted);
}
