using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Tests.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>Sites sign different bytes for one image, or one image's bytes for another: what was computed here goes before what is said.</summary>
public sealed class ImageClaimsTests
{
    private static readonly ImageValue True = SomeImages.Value(1);
    private static readonly ImageValue Other = SomeImages.Value(2);

    [Fact]
    public void A_newer_lie_about_a_computed_image_changes_neither_its_bytes_nor_its_cells()
    {
        var view = Shown().WithComputed(Pair(True), SomeSite.Now, out _);
        var next = view.WithCatalog(view.Signed.With(Said("evil", 9, True with { Root = Other.Root, Size = Other.Size })), SomeSite.Now, out _);
        Assert.Equal(True.Root, next.Catalog.Images[SomeSite.Image].Value.Root);
        Assert.Equal(Other.Root, next.Signed.Images[SomeSite.Image].Value.Root);
        Assert.All(next.Surfaces, s => Assert.True(next.IsAvailable(SomeSite.Image, s)));
        Assert.Equal("evil", Assert.Single(ImageClaims.FalseOf(next)).Signer);
    }

    [Fact]
    public void An_image_that_was_only_verified_by_its_root_is_withdrawn_by_another_claim_until_it_is_computed()
    {
        var view = Shown();
        var doubtful = view.WithCatalog(view.Signed.With(Said("evil", 9, True with { Root = Other.Root })), SomeSite.Now, out _);
        Assert.All(doubtful.Surfaces, s => Assert.False(doubtful.IsAvailable(SomeSite.Image, s)));
        Assert.Equal(SomeSite.Present, doubtful.FileOf(SomeSite.Image));
        Assert.Empty(ImageClaims.FalseOf(doubtful));
        var computed = doubtful.WithComputed(Pair(True), SomeSite.Now, out var touched);
        Assert.Contains(SomeSite.Image, touched);
        Assert.True(computed.IsWanted(SomeSite.Image) && computed.IsConfirmed(SomeSite.Image));
    }

    [Fact]
    public void Bytes_that_turn_out_to_be_another_image_s_are_quarantined_at_once_and_given_up_when_the_true_claim_comes()
    {
        var view = Shown().WithComputed(Pair(True) with { Image = SomeImages.Id(3) }, SomeSite.Now, out _);
        Assert.All(view.Surfaces, s => Assert.Equal((CellState.Quarantined, ReasonCode.Disputed), (view.CellOf(SomeSite.Image, s.Name)!.State, view.CellOf(SomeSite.Image, s.Name)!.Code)));
        Assert.Equal(ReasonCode.Disputed, ((StoreFile.Lost)view.FileOf(SomeSite.Image)!).Code);

        var next = view.WithCatalog(view.Signed.With(Said("nyc", 9, True with { Root = Other.Root })), SomeSite.Now, out _);
        Assert.Equal(Other.Root, next.Catalog.Images[SomeSite.Image].Value.Root);
        Assert.Null(next.FileOf(SomeSite.Image));
        Assert.Equal("ams", Assert.Single(ImageClaims.FalseOf(next)).Signer);
    }

    [Fact]
    public void A_root_that_was_computed_belongs_to_no_other_sha256_and_the_image_that_has_it_stays()
    {
        var view = Shown().WithComputed(Pair(True), SomeSite.Now, out _);
        var lie = Other with { Root = True.Root, Size = True.Size };
        var next = view.WithCatalog(view.Signed.With(Said("evil", 9, lie)), SomeSite.Now, out _);
        Assert.Equal(ReasonCode.Disputed, ((StoreFile.Lost)next.FileOf(SomeImages.Id(2))!).Code);
        Assert.All(next.Surfaces, s => Assert.True(next.IsAvailable(SomeSite.Image, s)));
        Assert.Equal(SomeImages.Id(2), Assert.Single(ImageClaims.FalseOf(next)).Entry.Image);
    }

    [Fact]
    public void As_long_as_nothing_was_computed_what_is_in_the_store_goes_on_and_else_the_oldest_word()
    {
        var claims = CatalogView.Empty.With(Said("nyc", 9, True)).With(Said("evil", 3, True with { Root = Other.Root }));
        var empty = new SiteView().WithCatalog(claims, SomeSite.Now, out _);
        Assert.Equal(Other.Root, empty.Catalog.Images[SomeSite.Image].Value.Root);
        var stored = (SomeSite.View with { Catalog = CatalogView.Empty }).WithCatalog(claims, SomeSite.Now, out _);
        Assert.Equal(True.Root, stored.Catalog.Images[SomeSite.Image].Value.Root);
    }

    private static ComputedPair Pair(ImageValue value) => new(new ImageId(value.Sha256), value.Root, value.Size, SomeSite.Now);

    private static ImageEntry Said(string site, long ms, ImageValue value) => new(new ImageId(value.Sha256), new Stamp(ms, 0, site), "tests", null, false, value);

    private static SiteView Shown() => SomeSite.View.WithCell("bmc", CellState.Advertised, SomeSite.Receipt).WithCell("console", CellState.Advertised, SomeSite.Receipt);
}
