using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Images;
using IsoCatalog.Core.Readiness;
using Xunit;

namespace IsoCatalog.Tests.Readiness;

/// <summary>What an add says of an image: what people say counts, what the image says fills what nobody has said.</summary>
public sealed class AddedDescriptionTests
{
    private static readonly RecognizedImage Debian = new("Debian 12.5.0", "installer", new ImageOs("linux", "debian", "12"), ["aarch64"], "its label");

    [Fact]
    public void What_was_recognised_is_the_description_where_nobody_said_anything()
    {
        var said = new AddedDescription(null, null, Debian);
        var meta = said.Over(null)!;

        Assert.False(said.IsSaid);
        Assert.Equal(("Debian 12.5.0", "installer", "debian"), (meta.Titles["en"], meta.Kind, meta.Os.Distro));
        Assert.Equal(["aarch64"], meta.Arch);
    }

    [Theory]
    [InlineData("Ours", null, "Ours", "installer")]
    [InlineData(null, "other", "Debian 12.5.0", "other")]
    [InlineData("Ours", "live", "Ours", "live")]
    public void What_is_given_is_never_overridden(string? title, string? kind, string expectedTitle, string expectedKind)
    {
        var said = new AddedDescription(title, kind, Debian);
        var meta = said.Over(null)!;

        Assert.True(said.IsSaid);
        Assert.Equal((expectedTitle, expectedKind, "12"), (meta.Titles["en"], meta.Kind, meta.Os.Version));
    }

    [Fact]
    public void Of_an_image_that_is_described_already_only_what_is_given_changes()
    {
        var known = new MetaValue { Titles = new Dictionary<string, string> { ["ru"] = "Наш" }, Kind = "rescue", Order = 7, Protected = true, Tags = ["a"] };

        Assert.Null(new AddedDescription(null, null, Debian).Over(known));
        var changed = new AddedDescription("Ours", null, Debian).Over(known)!;
        Assert.Equal((7, true, "rescue", "Ours", "Наш"), (changed.Order, changed.Protected, changed.Kind, changed.Titles["en"], changed.Titles["ru"]));
        Assert.Equal(new ImageOs(), changed.Os);
    }

    [Fact]
    public void What_people_said_goes_over_to_the_bytes_that_come_in_the_place_but_for_what_these_are()
    {
        var before = new MetaValue { Order = 7, Hidden = true, Kind = "rescue", Titles = new Dictionary<string, string> { ["en"] = "Ours" }, Os = new ImageOs("windows") };
        var after = new AddedDescription(null, null, Debian).After(before);
        Assert.Equal((7, false, "rescue", "Ours", Debian.Os), (after.Order, after.Hidden, after.Kind, after.Titles["en"], after.Os));
        Assert.Equal(("New", "live"), (new AddedDescription("New", "live", null).After(before).Titles["en"], new AddedDescription("New", "live", null).After(before).Kind));
    }

    [Fact]
    public void Nothing_known_and_nothing_given_is_no_description()
    {
        Assert.Null(AddedDescription.Nothing.Over(null));
        Assert.Equal("other", new AddedDescription("Ours", null, null).Over(null)!.Kind);
    }

    [Theory]
    [InlineData("windows", true)]
    [InlineData("Windows", true)]
    [InlineData("win", true)]
    [InlineData("windows-server", true)]
    [InlineData("linux", false)]
    [InlineData("", false)]
    public void A_system_is_found_by_each_of_its_names(string asked, bool found)
    {
        Assert.Equal(found, OsName.IsMeant(new ImageOs("windows", "windows-server", "2019"), asked));
        Assert.Equal(found && asked != "windows-server", OsName.IsMeant(new ImageOs("winnt", "win", "10.0"), asked));
    }
}
