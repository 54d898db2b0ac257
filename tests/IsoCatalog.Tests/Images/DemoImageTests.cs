using IsoCatalog.Appliance.Commands;
using IsoCatalog.Core.Images;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Images;

public sealed class DemoImageTests
{
    private static readonly DateTimeOffset Created = new(2024, 2, 29, 13, 4, 5, 60, TimeSpan.FromHours(2));

    [Fact]
    public void The_demo_image_reads_as_a_bootable_image_without_any_warning()
    {
        var image = DemoImage.Build("hello", 5000, Created);
        var (found, warnings) = Inspect.Recognized(image);
        Assert.Empty(warnings);
        Assert.Equal("ISOCATALOG_DEMO", found.VolumeId);
        Assert.Equal(image.Length, found.DeclaredSize);
        Assert.Equal(Created, found.CreatedAt);
        Assert.Equal(new BootModes(Bios: true, Uefi: false), found.Boot);
        Assert.Equal([new ElToritoEntry(ElToritoEntry.Bios, Bootable: true, 0, 23, 4, 2048)], found.ElTorito);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3_000_001)]
    public async Task Isoinfo_and_xorriso_find_its_files_and_their_bytes(int dataBytes)
    {
        using var folder = new TempFolder();
        var image = DemoImage.Build("line one\nline two", dataBytes, Created);
        var path = folder.Write("demo.iso", image);
        var cancellation = TestContext.Current.CancellationToken;

        var isoinfo = await IsoinfoReport.OfAsync(path, cancellation);
        Assert.Equal(image.Length, isoinfo.DeclaredSize);
        Assert.Equal("ISOCATALOG_DEMO", isoinfo["Volume id"]);
        var listing = (await Counterpart.RunAsync("isoinfo", ["-l", "-i", path], cancellation)).Succeeded();
        Assert.Contains("README.TXT;1", listing, StringComparison.Ordinal);
        Assert.Equal(dataBytes > 0, listing.Contains("FILLER.BIN;1", StringComparison.Ordinal));
        var readme = (await Counterpart.RunAsync("isoinfo", ["-i", path, "-x", "/README.TXT;1"], cancellation)).Succeeded();
        Assert.Equal("line one\r\nline two\r\n", readme);
        Assert.StartsWith("/BOOT.BIN;1\n", (await Counterpart.RunAsync("isoinfo", ["-f", "-i", path], cancellation)).Succeeded(), StringComparison.Ordinal);

        var xorriso = await XorrisoReport.OfAsync(path, cancellation);
        Assert.Equal(["BIOS y none 4 23"], xorriso.BootImages);
        string[] extract = ["-osirrox", "on", "-indev", path, "-extract", "/", folder.Combine("out")];
        (await Counterpart.RunAsync("xorriso", extract, cancellation)).Succeeded();
        var names = Directory.GetFiles(folder.Combine("out")).Select(file => Path.GetFileName(file).ToUpperInvariant()).Order(StringComparer.Ordinal);
        string[] expected = ["BOOT.BIN", "BOOT.CAT", .. dataBytes > 0 ? ["FILLER.BIN"] : (string[])[], "README.TXT"];
        Assert.Equal(expected, names);
        if (dataBytes > 0)
        {
            var filler = Directory.GetFiles(folder.Combine("out")).Single(file => file.Contains("filler", StringComparison.OrdinalIgnoreCase));
            Assert.Equal(image[(25 * 2048)..((25 * 2048) + dataBytes)], await File.ReadAllBytesAsync(filler, cancellation));
        }
    }

    [Fact]
    public void The_same_arguments_give_the_same_bytes_and_another_banner_gives_other_filler()
    {
        var image = DemoImage.Build("one", 10_000, Created);
        Assert.Equal(image, DemoImage.Build("one", 10_000, Created));
        var other = DemoImage.Build("two", 10_000, Created);
        Assert.NotEqual(image[(25 * 2048)..], other[(25 * 2048)..]);
        Assert.Equal(image.Length, other.Length);
    }

    [Theory]
    [InlineData("Größe")]
    [InlineData("bell\a")]
    public void A_banner_that_the_screen_cannot_show_is_refused(string banner) =>
        Assert.Throws<ArgumentException>(() => DemoImage.Build(banner, 0, Created));

    [Fact]
    public void The_longest_banner_fits_and_one_more_character_is_refused()
    {
        Inspect.Recognized(DemoImage.Build(new string('x', DemoImage.MaxBanner - 2), 0, Created));
        Assert.Throws<ArgumentException>(() => DemoImage.Build(new string('x', DemoImage.MaxBanner - 1), 0, Created));
    }
}
