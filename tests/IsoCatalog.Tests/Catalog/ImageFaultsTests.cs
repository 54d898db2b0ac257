using System.Text;
using System.Text.Json;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Images;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

/// <summary>What an image was taken in spite of stands among what earlier versions keep, and is read as leniently.</summary>
public sealed class ImageFaultsTests
{
    private static readonly IReadOnlyList<string> Warnings = ["one is missing", "two is missing", "three may be wrong"];

    [Fact]
    public void Faults_go_with_the_value_from_entry_to_entry_and_through_JSON()
    {
        var value = Value().WithAdder("alice", "ams").WithFaults(2, "SHA256SUMS in the inbox");
        Assert.Equal("SHA256SUMS in the inbox", value.Faults!.HashBy);
        Assert.Equal(Warnings.Take(2), value.Faults.Found);
        var stated = StatedEntry.Of(new ImageEntry(SomeImages.Id(1), new Stamp(1, 0, "ams"), "alice", null, false, value));
        Assert.Null(EntryText.Check(stated));
        Assert.True(StatedEntry.TryRead(stated.Json.ToArray(), out var read, out _));
        var again = ((ImageEntry)read.Entry).Value;
        Assert.Equal(value.Faults.ToString(), again.Faults!.ToString());
        Assert.Equal("alice", again.Adder);
        Assert.Equal(value.Faults.ToString(), again.WithoutAdder().Faults!.ToString());
        Assert.Null(Value().Faults);
    }

    [Theory]
    [InlineData("""{"hashBy":"alice","faultyWarnings":1}""", 1)]
    [InlineData("""{"hashBy":"alice"}""", 3)]
    [InlineData("""{"hashBy":"alice","faultyWarnings":0}""", 3)]
    [InlineData("""{"hashBy":"alice","faultyWarnings":-5}""", 3)]
    [InlineData("""{"hashBy":"alice","faultyWarnings":99}""", 3)]
    [InlineData("""{"hashBy":"alice","faultyWarnings":"1"}""", 3)]
    [InlineData("""{"hashBy":"alice","faultyWarnings":1e99}""", 3)]
    [InlineData("""{"hashBy":"","faultyWarnings":1}""", 0)]
    [InlineData("""{"hashBy":7,"faultyWarnings":1}""", 0)]
    [InlineData("""{"hashBy":"a\nb","faultyWarnings":1}""", 0)]
    [InlineData("""{"faultyWarnings":1}""", 0)]
    public void What_other_versions_say_is_read_leniently(string members, int faults)
    {
        var value = Value() with { Unknown = JsonDocument.Parse(members).RootElement.EnumerateObject().ToDictionary(m => m.Name, m => m.Value) };
        Assert.Equal(faults, value.Faults?.Found.Count ?? 0);
    }

    [Fact]
    public void The_worst_that_an_image_can_say_of_itself_fits_into_an_entry()
    {
        var warning = new string('w', IsoReader.MaxWarningCharacters / 2);
        var value = Value() with { FileName = new string('a', 200) + ".iso", Iso = new ImageFacts { VolumeId = new string('ß', 32), PublisherId = new string('ß', 128), Warnings = [warning, warning] } };
        var stated = StatedEntry.Of(new ImageEntry(
            SomeImages.Id(1), new Stamp(1, 0, "ams"), "alice", null, false, value.WithAdder("alice", "ams").WithFaults(1, "\n" + new string('x', 5000))));
        Assert.Null(EntryText.Check(stated));
        Assert.InRange(Encoding.UTF8.GetString(stated.Json.Span).Length, 1, StatedEntry.MaxBytes);
    }

    [Fact]
    public void A_list_that_shows_faults_is_another_than_one_that_does_not()
    {
        var image = new CatalogImage(SomeImages.Id(1), Value(), new MetaValue(), false, new Stamp(1, 0, "ams"), "alice");
        Assert.True(image.LooksLike(image with { Value = Value() }));
        Assert.False(image.LooksLike(image with { Value = Value().WithFaults(1, "alice") }));
    }

    private static ImageValue Value() => SomeImages.Value(1) with { Iso = new ImageFacts { VolumeId = "VOLUME", Warnings = Warnings } };
}
