using System.Text.Json;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Surfaces.Ipmi;
using IsoCatalog.Tests.Catalog;
using IsoCatalog.Tests.Configuration;
using Xunit;

namespace IsoCatalog.Tests.Ipmi;

public sealed class BmcHabitsTests
{
    [Theory]
    [InlineData(true, false, false, false, "start it in legacy mode there.")]
    [InlineData(false, false, false, false, "does not start with BIOS either.")]
    [InlineData(true, false, null, false, "was not found out when it was added.")]
    [InlineData(true, false, true, false, null)]
    [InlineData(true, true, null, false, null)]
    [InlineData(true, false, false, true, null)]
    public void What_Supermicro_needs_for_UEFI_is_said_of_images_that_lack_it(bool bios, bool udf, bool? file, bool onlyBios, string? end)
    {
        var habits = BmcHabits.Of(Image(iso => iso with { Uefi = !onlyBios, Bios = bios, Udf = udf }, file));

        if (end is null)
        {
            Assert.Empty(habits);
            return;
        }

        var habit = Assert.Single(habits);
        Assert.Equal((BmcHabits.EfiImageNoFile, "Supermicro", file is not null), (habit.Code, habit.Maker, habit.Known));
        Assert.EndsWith(end, habit.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_is_warned_of_from_the_first_byte_behind_4_GiB()
    {
        Assert.Empty(BmcHabits.Of(Image(size: 1L << 32)));
        Assert.Equal(BmcHabits.Over4GiB, Assert.Single(BmcHabits.Of(Image(size: (1L << 32) + 1))).Code);
    }

    [Theory]
    [InlineData("ubuntu-24.04.2-live-server-amd64.iso", null)]
    [InlineData("a------------------------------------------------b.iso", null)]
    [InlineData("image.iso", null)]
    [InlineData("en-us_windows_server_2022_updated_jan_2026_x64_dvd.iso", "en_us_windows_server_2022_updated_jan_202.iso")]
    [InlineData("Москва.iso", "image.iso")]
    public void A_name_that_a_URL_cannot_hold_is_shown_as_BMCs_show_it(string name, string? shown)
    {
        var habits = BmcHabits.Of(Image(name: name));
        Assert.Equal(shown is null, habits.Count == 0);
        Assert.All(habits, habit => Assert.Contains($"calls the image {shown},", habit.Text, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("false", false)]
    [InlineData("\"yes\"", null)]
    [InlineData("null", null)]
    public void What_other_versions_say_is_read_leniently(string said, bool? read) => Assert.Equal(
        read,
        (SomeImages.Value(1).Iso with { Unknown = new Dictionary<string, JsonElement> { ["efiFile"] = JsonDocument.Parse(said).RootElement } }).HasEfiImageFile);

    [Fact]
    public void The_page_has_a_row_for_each_habit()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "bmc.md"));
        Assert.All(
            (string[])[BmcHabits.EfiImageNoFile, BmcHabits.Over4GiB, BmcHabits.UrlName],
            code => Assert.Contains($"| `{code}` |", page, StringComparison.Ordinal));
    }

    private static CatalogImage Image(Func<ImageFacts, ImageFacts>? facts = null, bool? file = null, long size = 1 << 20, string name = "debian-12.iso")
    {
        var value = SomeImages.Value(1);
        var iso = (facts ?? (iso => iso with { Uefi = false }))(value.Iso).WithEfiImageFile(file);
        return CatalogView.Empty.With(SomeImages.Put(1, 1)).Images[SomeImages.Id(1)] with { Value = value with { Iso = iso, Size = size }, FileName = name };
    }
}
