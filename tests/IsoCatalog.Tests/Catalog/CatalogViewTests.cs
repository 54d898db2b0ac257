using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>Stamps are unique per site, as <see cref="Stamp.Next"/> makes them: a history gives each entry its own.</summary>
public sealed class CatalogViewTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(300);

    [Fact]
    public void Order_and_repetition_of_entries_change_nothing()
    {
        Check.One(Thorough, Prop.ForAll<(byte Image, byte Kind)[], int>((history, seed) =>
        {
            var entries = Entries(history);
            var shuffled = entries.Concat(entries).ToArray();
            new Random(seed).Shuffle(shuffled);
            return Shown(CatalogView.Empty.With(entries)) == Shown(CatalogView.Empty.With(shuffled));
        }));
    }

    [Fact]
    public void Grouping_of_entries_changes_nothing()
    {
        Check.One(Thorough, Prop.ForAll<(byte Image, byte Kind)[], byte>((history, cut) =>
        {
            var entries = Entries(history);
            var at = entries.Length == 0 ? 0 : cut % entries.Length;
            var left = CatalogView.Empty.With(entries[..at]);
            var right = CatalogView.Empty.With(entries[at..]);
            var all = Shown(CatalogView.Empty.With(entries));
            return Shown(left.With(right.Entries)) == all && Shown(right.With(left.Entries)) == all;
        }));
    }

    [Fact]
    public void What_a_view_restates_gives_the_same_view()
    {
        Check.One(Thorough, Prop.ForAll<(byte Image, byte Kind)[]>(history =>
        {
            var view = CatalogView.Empty.With(Entries(history));
            return Shown(CatalogView.Empty.With(view.Entries)) == Shown(view);
        }));
    }

    [Fact]
    public void Names_lead_to_live_images_only()
    {
        Check.One(Thorough, Prop.ForAll<(byte Image, byte Kind)[]>(history =>
        {
            var view = CatalogView.Empty.With(Entries(history));
            return view.Names.All(n => !view.Images[n.Value].Deleted && view.Images[n.Value].Value.FileName == n.Key)
                && view.Live.All(i => view.Find(i.Value.FileName) == i);
        }));
    }

    [Fact]
    public void A_description_that_comes_before_its_image_is_kept_for_it()
    {
        var view = CatalogView.Empty.With([SomeImages.Describe(1, 10, "Later"), SomeImages.Put(1, 5)]);

        Assert.Equal("Later", view.Images[SomeImages.Id(1)].Title);
    }

    [Fact]
    public void A_deletion_outlives_an_older_put_that_arrives_late()
    {
        var view = CatalogView.Empty.With([SomeImages.Delete(1, 10), SomeImages.Put(1, 5, "nyc")]);

        Assert.True(view.Images[SomeImages.Id(1)].Deleted);
        Assert.Empty(view.Names);
        Assert.False(view.With(SomeImages.Put(1, 11, "nyc")).Images[SomeImages.Id(1)].Deleted);
    }

    [Fact]
    public void Names_are_found_without_case_and_ids_even_when_deleted()
    {
        var view = CatalogView.Empty.With([SomeImages.Put(1, 1, fileName: "Debian.iso"), SomeImages.Put(2, 2), SomeImages.Delete(2, 3)]);

        Assert.Equal(SomeImages.Id(1), view.Find("dEBIAN.ISO")?.Id);
        Assert.True(view.Find(SomeImages.Id(2).ToString())?.Deleted);
        Assert.Null(view.Find("image-2.iso"));
        Assert.Null(view.Find("sha256:zz"));
    }

    [Fact]
    public void A_title_is_the_english_one_then_any_then_the_volume_then_the_name()
    {
        var image = CatalogView.Empty.With(SomeImages.Put(1, 1)).Images[SomeImages.Id(1)];

        Assert.Equal("VOLUME_1", image.Title);
        Assert.Equal("image-1.iso", (image with { Value = image.Value with { Iso = new ImageFacts { VolumeId = "" } } }).Title);
        Assert.Equal("Nederlands", Titled(("ru", "Русский"), ("nl", "Nederlands")));
        Assert.Equal("English", Titled(("de", "Deutsch"), ("en", "English")));

        string Titled(params (string Language, string Title)[] titles) =>
            (image with { Meta = new MetaValue { Titles = titles.ToDictionary(t => t.Language, t => t.Title) } }).Title;
    }

    private static Entry[] Entries((byte Image, byte Kind)[] history) =>
    [
        .. history.Select((step, i) => (step.Kind % 3) switch
        {
            0 => (Entry)SomeImages.Put(step.Image % 5, i + 1, step.Kind % 2 == 0 ? "ams" : "nyc"),
            1 => SomeImages.Delete(step.Image % 5, i + 1, step.Kind % 2 == 0 ? "ams" : "nyc"),
            _ => SomeImages.Describe(step.Image % 5, i + 1, $"title {i}"),
        }),
    ];

    /// <summary>Everything that a reader can see of a view.</summary>
    private static string Shown(CatalogView view) => string.Join('\n',
        string.Join(' ', view.Registers.OrderBy(r => r.Key).Select(r => Encoding.UTF8.GetString(r.Value.Winner.Json.Span))),
        string.Join(' ', view.Images.OrderBy(i => i.Key).Select(i => $"{i.Key} {i.Value.Deleted} {i.Value.Stamp} {i.Value.Title}")),
        string.Join(' ', view.Names.OrderBy(n => n.Key, StringComparer.Ordinal).Select(n => $"{n.Key}={n.Value}")),
        view.LastStamp?.ToString());
}
