using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Api;

/// <summary>The list of images, read page by page while it changes.</summary>
public sealed class ImagePageTests
{
    [Fact]
    public void Whoever_follows_the_pages_gets_every_image_that_stays_once_and_in_order_whatever_comes_and_goes()
    {
        var seeds = Gen.Choose(0, int.MaxValue - 1);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100), Prop.ForAll(seeds.ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var catalog = CatalogView.Empty.With(Enumerable.Range(0, 40).Select(i => Put(i, random)));
            var stays = catalog.Live.Select(i => i.Id).ToHashSet();
            var (got, ms, more) = (new List<CatalogImage>(), 10L, 100);
            ImagePlace? after = null;
            do
            {
                var page = ImagePage.Of(catalog.Live, after, random.Next(1, 9));
                got.AddRange(page.Images);
                after = page.Next;

                // Others come, under names that collide, and go; the one where the page ended too.
                var gone = catalog.Live.OrderBy(i => i.Id).Where(_ => random.Next(8) == 0).Concat(got.TakeLast(random.Next(2))).ToList();
                stays.ExceptWith(gone.Select(i => i.Id));
                catalog = catalog.With(gone.Select(i => new ImageEntry(i.Id, new Stamp(++ms, 0, "ams"), "tests", null, true, i.Value)));
                catalog = catalog.With(Enumerable.Range(more, random.Next(3)).Select(i => Put(i, random)));
                more += 3;
                Assert.True(after is null || (ImagePlace.TryParse(after.ToString(), out var again) && again == after));
            }
            while (after is not null);

            var places = got.Select(ImagePlace.Of).ToList();
            return (places.Zip(places.Skip(1)).All(p => ImagePlace.Order.Compare(p.First, p.Second) < 0) && stays.IsSubsetOf(got.Select(i => i.Id))).Label($"{seed}");
        }));

        static ImageEntry Put(int number, Random random) => SomeImages.Put(number, 1, fileName: $"{(char)((random.Next(2) == 0 ? 'a' : 'A') + random.Next(5))}.iso");
    }

    [Theory]
    [InlineData(7, 3, false)]
    [InlineData(8, 2, false)]
    [InlineData(9, 1, true)]
    public void A_page_says_whether_anything_follows(int images, int pages, bool whole)
    {
        var catalog = CatalogView.Empty.With(Enumerable.Range(0, images).Select(i => SomeImages.Put(i, 1)));
        var page = ImagePage.Of(catalog.Live, null, whole ? 9 : images == 7 ? 3 : 4);
        var count = 1;
        while (page.Next is { } next)
        {
            page = ImagePage.Of(catalog.Live, next, whole ? 9 : images == 7 ? 3 : 4);
            count++;
        }

        Assert.Equal(pages, count);
        Assert.NotEmpty(page.Images);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("debian.iso")]
    [InlineData("AAAA")]
    [InlineData("!!!!")]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAuLi9ldGMvcGFzc3dk")]
    public void What_is_no_place_is_none(string? text)
    {
        Assert.False(ImagePlace.TryParse(text, out _));
        Assert.False(ImagePlace.TryParse(new string('A', 401), out _));
    }
}
