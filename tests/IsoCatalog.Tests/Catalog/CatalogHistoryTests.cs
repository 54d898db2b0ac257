using IsoCatalog.Core.Catalog;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class CatalogHistoryTests
{
    private static readonly DateTimeOffset Now = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private CatalogView _view = CatalogView.Empty;
    private CatalogHistory _history = CatalogHistory.Empty;
    private IReadOnlyList<CatalogChange> _dropped = [];

    [Fact]
    public void What_is_new_is_no_change_and_what_takes_its_place_is()
    {
        Say(SomeImages.Put(1, At(-60)), SomeImages.Describe(1, At(-60), "one"));
        Assert.Empty(_history.All);

        Say(SomeImages.Describe(1, At(-50), "other", "nyc"));
        Say(Hide(1, At(-40), "nyc"));
        Say(SomeImages.Delete(1, At(-30), "nyc"));
        Say(SomeImages.Put(1, At(-20)));
        Say(Recall(1, At(-10), "msk"));
        Say(Recall(1, At(-5), "ams", over: true));

        Assert.Equal(
            [
                (ChangeKind.Described, "nyc"), (ChangeKind.Hidden, "nyc"), (ChangeKind.Removed, "nyc"), (ChangeKind.Restored, "ams"), (ChangeKind.Recalled, "msk"),
                (ChangeKind.RecallEnded, "ams"),
            ],
            _history.All.Select(change => (change.Kind, change.Signer)));
    }

    [Fact]
    public void The_recall_or_the_description_of_something_that_had_none_is_a_change()
    {
        Say(SomeImages.Put(1, At(-60)));
        Say(Hide(1, At(-50), "nyc"));
        Say(SomeImages.Put(2, At(-50)));
        Say(Recall(2, At(-50), "nyc"));

        Assert.Equal([ChangeKind.Hidden, ChangeKind.Recalled], _history.All.Select(change => change.Kind).Order());
        Assert.All(_history.All, change => Assert.Null(change.Was));
    }

    [Fact]
    public void The_removal_of_what_is_protected_is_told_apart()
    {
        Say(SomeImages.Put(1, At(-60)), new MetaEntry(SomeImages.Id(1), new Stamp(At(-60), 0, "ams"), "tests", null, new MetaValue { Protected = true }));
        Say(SomeImages.Delete(1, At(-30), "nyc"));

        Assert.Equal(ChangeKind.ProtectedRemoved, Assert.Single(_history.All).Kind);
    }

    [Fact]
    public void What_a_stamp_says_counts_only_where_a_new_site_hears_of_what_was_before_it()
    {
        Say(SomeImages.Put(1, At(-600)), SomeImages.Put(2, At(-600)));

        Say(SomeImages.Delete(1, At(-300), "nyc"));
        Say(first: true, SomeImages.Delete(2, At(-300), "nyc"));

        Assert.Equal([Now, Now.AddMinutes(-300)], _history.All.Select(change => change.At));
    }

    [Fact]
    public void Recalls_of_what_nobody_has_and_words_that_say_the_same_are_no_changes()
    {
        Say(SomeImages.Put(1, At(-60)), SomeImages.Describe(1, At(-60), "one"));
        Say(Recall(7, At(-50), "nyc"), SomeImages.Describe(1, At(-50), "one", "nyc"));

        Assert.Empty(_history.All);
    }

    [Fact]
    public void Nobody_pushes_out_what_he_took_away_by_taking_away_much_of_his_own()
    {
        Say([.. Enumerable.Range(0, 100).Select(i => SomeImages.Put(i, At(-60)))]);
        Say([.. Enumerable.Range(0, 100).Select(i => SomeImages.Delete(i, At(-50), "nyc"))]);
        for (var round = 0; round < 12; round++)
        {
            var numbers = Enumerable.Range(1000 + (round * 1000), 1000).ToList();
            var room = new string('x', 1000);
            Say([.. numbers.Select(i => new ImageEntry(SomeImages.Id(i), new Stamp(At(-40), 0, "nyc"), "tests", null, false, SomeImages.Value(i) with
            {
                Iso = new ImageFacts { VolumeId = "V", Warnings = [room, room, room, room] },
            }))]);
            Say([.. numbers.Select(i => SomeImages.Delete(i, At(-30), "nyc"))]);
        }

        Assert.True(_dropped.Count > 0);
        Assert.Equal(100, _history.InForce(_view, "nyc", Now.AddHours(-1)).Count(change => change.Was!.Stamp.Site == "ams"));
    }

    [Fact]
    public void Whoever_mends_what_another_did_raises_no_alarm()
    {
        Say([.. Enumerable.Range(0, 60).Select(i => SomeImages.Put(i, At(-60)))]);
        Say([.. Enumerable.Range(0, 60).Select(i => SomeImages.Describe(i, At(-60), $"title {i}"))]);
        Say([.. Enumerable.Range(0, 30).Select(i => SomeImages.Delete(i, At(-50), "nyc")), .. Enumerable.Range(30, 30).Select(i => Hide(i, At(-50), "nyc"))]);
        Say([.. Enumerable.Range(0, 30).Select(i => SomeImages.Put(i, At(-40), "msk")), .. Enumerable.Range(30, 30).Select(i => SomeImages.Describe(i, At(-40), $"title {i}", "msk"))]);

        Assert.NotNull(new ChangeLimits().TooMany(_history, _view, "nyc", Now, default, _ => true));
        Assert.Null(new ChangeLimits().TooMany(_history, _view, "msk", Now, default, _ => true));
    }

    [Fact]
    public void Images_without_bytes_do_not_hide_how_many_were_taken_away()
    {
        Say([.. Enumerable.Range(0, 10).Select(i => SomeImages.Put(i, At(-60)))]);
        Say([.. Enumerable.Range(100, 200).Select(i => SomeImages.Put(i, At(-50), "nyc"))]);
        Say([.. Enumerable.Range(0, 10).Select(i => SomeImages.Delete(i, At(-40), "nyc"))]);

        Assert.NotNull(new ChangeLimits().TooMany(_history, _view, "nyc", Now, default, image => image.Id != default && image.Stamp.Site == "ams"));
    }

    [Fact]
    public void Whoever_goes_on_and_on_does_not_push_out_what_was_there_before_him()
    {
        Say(SomeImages.Put(1, At(-100)), SomeImages.Describe(1, At(-100), "the right one"));
        for (var i = 0; i < 100; i++)
        {
            Say(SomeImages.Describe(1, At(-90) + i, $"wrong {i}", "nyc"));
        }

        Assert.Equal(CatalogHistory.OfRegister, _history.Count);
        var first = Assert.Single(_history.InForce(_view, "nyc", Now));
        Assert.Equal("the right one", ((MetaEntry)first.Was!.Entry).Value.Titles["en"]);
    }

    [Fact]
    public void After_thirty_days_it_is_forgotten_and_so_it_is_said()
    {
        Say(SomeImages.Put(1, At(-60)), SomeImages.Put(2, At(-60)));
        Say(SomeImages.Delete(1, At(-50), "nyc"));
        var old = Assert.Single(_history.All);

        var changes = CatalogChange.Between(_view, _view.With([SomeImages.Delete(2, At(60 * 24 * 31), "nyc")]), Now.AddDays(31), first: false).ToList();
        _history = _history.With(changes, Now.AddDays(31), out _dropped);

        Assert.Same(old, Assert.Single(_dropped));
        Assert.Single(_history.All);
    }

    [Fact]
    public void What_somebody_else_changed_since_is_his_no_more()
    {
        Say(SomeImages.Put(1, At(-60)), SomeImages.Put(2, At(-60)));
        Say(SomeImages.Delete(1, At(-50), "nyc"), SomeImages.Delete(2, At(-50), "nyc"));
        Say(SomeImages.Put(2, At(-40)));

        Assert.Equal(SomeImages.Id(1), Assert.Single(_history.InForce(_view, "nyc", Now)).Register.Image);
        Assert.Empty(_history.InForce(_view, "nyc", Now.AddMinutes(1)));
    }

    [Theory]
    [InlineData(60, 51, true)]
    [InlineData(200, 50, false)]
    [InlineData(200, 51, true)]
    [InlineData(5, 5, true)]
    [InlineData(4, 4, false)]
    [InlineData(10, 5, false)]
    [InlineData(10, 6, true)]
    public void Too_many_is_more_than_the_number_or_the_share(int images, int removed, bool many)
    {
        Say([.. Enumerable.Range(0, images).Select(i => SomeImages.Put(i, At(-90)))]);
        Say([.. Enumerable.Range(0, removed).Select(i => SomeImages.Delete(i, At(-30), "nyc"))]);

        Assert.Equal(many, new ChangeLimits().TooMany(_history, _view, "nyc", Now, default, _ => true) is not null);
        Assert.Null(new ChangeLimits().TooMany(_history, _view, "ams", Now, default, _ => true));
        Assert.Null(new ChangeLimits().TooMany(_history, _view, "nyc", Now.AddHours(1).AddSeconds(1), default, _ => true));
        Assert.Null(new ChangeLimits().TooMany(_history, _view, "nyc", Now, Now, _ => true));
    }

    [Fact]
    public void Who_added_an_image_stays_who_added_it()
    {
        var value = SomeImages.Value(1).WithAdder("alice", "ams");
        Say(new ImageEntry(SomeImages.Id(1), new Stamp(At(-60), 0, "ams"), "alice", null, false, value));
        Assert.Equal(new ImageOrigin("ams", "alice"), Origin());

        Say(new ImageEntry(SomeImages.Id(1), new Stamp(At(-50), 0, "nyc"), "bob", "because", true, value));
        Say(new ImageEntry(SomeImages.Id(1), new Stamp(At(-40), 0, "ams"), "root", null, false, value));
        Say(SomeImages.Describe(1, At(-30), "title", "msk"));
        Assert.Equal(new ImageOrigin("ams", "alice"), Origin());

        // Somebody else's word about it counts for nothing.
        Say(new ImageEntry(SomeImages.Id(1), new Stamp(At(-20), 0, "nyc"), "bob", null, false, value.WithAdder("eve", "ams")));
        Assert.Equal(new ImageOrigin("ams", "alice"), Origin());
    }

    [Fact]
    public void Of_entries_that_do_not_say_who_added_the_image_it_is_who_put_it_first()
    {
        Say(SomeImages.Put(1, At(-60)));
        Say(SomeImages.Delete(1, At(-50), "nyc"));
        Assert.Equal(new ImageOrigin("ams", "tests"), Origin());

        // One that only took the place of something did not add it.
        Say(SomeImages.Delete(2, At(-50), "nyc"));
        Assert.Equal(new ImageOrigin("nyc", null), ImageOrigin.Of(_view.Registers[RegisterKey.OfImage(SomeImages.Id(2))]));
        Assert.Null(ImageOrigin.SaidBy("ams", _view.Registers[RegisterKey.OfImage(SomeImages.Id(2))], SomeImages.Value(2).WithAdder("alice", "ams")).AddingSite);
        Say(SomeImages.Put(2, At(-40)) with { Obs = StatedEntry.Of(SomeImages.Delete(2, At(-50), "nyc")).Hash });
        Assert.Equal(new ImageOrigin(null, null), ImageOrigin.Of(_view.Registers[RegisterKey.OfImage(SomeImages.Id(2))]));
    }

    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{"addedBy":"alice","addedSite":"ams"}""", "alice")]
    [InlineData("""{"addedBy":5,"addedSite":["ams"]}""", null)]
    [InlineData("""{"addedBy":"line\nbreak"}""", null)]
    [InlineData("""{"addedBy":""}""", null)]
    public void Who_added_an_image_is_read_as_leniently_as_versions_do_that_do_not_know_it(string said, string? by)
    {
        var text = System.Text.Encoding.UTF8.GetString(StatedEntry.Of(SomeImages.Put(1, At(-60))).Json.Span);
        var node = System.Text.Json.Nodes.JsonNode.Parse(text)!;
        foreach (var (name, value) in System.Text.Json.Nodes.JsonNode.Parse(said)!.AsObject())
        {
            node["value"]![name] = value?.DeepClone();
        }

        Assert.True(StatedEntry.TryRead(System.Text.Encoding.UTF8.GetBytes(node.ToJsonString()), out var stated, out _));
        var read = ((ImageEntry)stated.Entry).Value;
        Assert.Equal(by, read.Adder);

        // And what was read is said again as it was.
        var again = System.Text.Encoding.UTF8.GetString(StatedEntry.Of(new ImageEntry(SomeImages.Id(1), new Stamp(At(-50), 0, "nyc"), "bob", null, true, read)).Json.Span);
        Assert.Equal(node["value"]!.ToJsonString(), System.Text.Json.Nodes.JsonNode.Parse(again)!["value"]!.ToJsonString());
    }

    private ImageOrigin Origin() => ImageOrigin.Of(_view.Registers[RegisterKey.OfImage(SomeImages.Id(1))]);

    private static long At(double minutes) => Now.AddMinutes(minutes).ToUnixTimeMilliseconds();

    private static MetaEntry Hide(int number, long ms, string site) => new(SomeImages.Id(number), new Stamp(ms, 0, site), "tests", null, new MetaValue { Hidden = true });

    private static BlockEntry Recall(int number, long ms, string site, bool over = false) => new(SomeImages.Id(number), new Stamp(ms, 0, site), "tests", null, over);

    private void Say(params Entry[] entries) => Say(first: false, entries);

    private void Say(bool first, params Entry[] entries)
    {
        var next = _view.With(entries);
        _history = _history.With([.. CatalogChange.Between(_view, next, Now, first)], Now, out _dropped);
        _view = next;
    }
}
