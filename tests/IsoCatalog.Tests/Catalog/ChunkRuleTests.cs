using System.Text;
using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Trust;
using Xunit;

namespace IsoCatalog.Tests.Catalog;

public sealed class ChunkRuleTests
{
    private static readonly CatalogChunk Chunk = CatalogChunk.Of(SomeImages.Put(1, 5).Key.Bucket, [StatedEntry.Of(SomeImages.Put(1, 5))]);

    private static readonly string Text = Encoding.UTF8.GetString(Chunk.Bytes.Span);

    [Fact]
    public void A_chunk_is_read_as_it_was_written()
    {
        Assert.True(CatalogChunk.TryRead(Chunk.Bytes, out var read, out var why), why?.ToString());

        Assert.Equal(Chunk.Ref, read.Ref);
        Assert.Equal(Chunk.Entries[0].Hash, read.Entries[0].Hash);
        Assert.Equal(0, StatedEntry.Order.Compare(Chunk.Entries[0], read.Entries[0]));
        Assert.Same(read.Entries[0], read.Find(SomeImages.Put(1, 5).Key));
        Assert.Null(read.Find(SomeImages.Put(2, 5).Key));
    }

    [Theory]
    [InlineData(Rules.ChunkForm, "\"entries\"", "\"others\"")]
    [InlineData(Rules.ChunkForm, "\"bucket\":", "\"bucket\":-")]
    [InlineData(Rules.Duplicate, "\"by\":", "\"op\":\"put\",\"by\":")]
    [InlineData(Rules.EntryKey, "iso:sha256:", "isO:sha256:")]
    [InlineData(Rules.EntryKey, "\"key\":", "\"Key\":")]
    [InlineData(Rules.EntryForm, "\"op\":\"put\"", "\"op\":\"replace\"")]
    [InlineData(Rules.EntryForm, "\"value\":", "\"values\":")]
    [InlineData(Rules.EntryForm, "\"size\":4096", "\"size\":\"4096\"")]
    [InlineData(Rules.EntryStamp, "\"n\":0", "\"n\":1000001")]
    [InlineData(Rules.EntryStamp, "\"ms\":5", "\"ms\":-5")]
    [InlineData(Rules.EntryStamp, "\"site\":\"ams\"", "\"site\":\"../ams\"")]
    [InlineData(Rules.EntryText, "\"by\":\"tests\"", "\"by\":\"\"")]
    [InlineData(Rules.EntryText, "\"by\":\"tests\"", "\"by\":\"a\\nb\"")]
    [InlineData(Rules.EntryImage, "\"size\":4096", "\"size\":0")]
    [InlineData(Rules.EntryImage, "\"pieceLength\":16384", "\"pieceLength\":16385")]
    [InlineData(Rules.EntryImage, "\"arch\":[]", "\"arch\":[null]")]
    [InlineData(Rules.EntryFileName, "image-1.iso", "..iso")]
    [InlineData(Rules.EntryFileName, "image-1.iso", "a.0123456789012345678901234567890123456789012345678901234567890123.iso")]
    [InlineData(Rules.EntryForm, "1970-01-01T00:00:00Z", "1970-01-01T00:00:00+01:00")]
    public void What_is_wrong_in_a_chunk_is_named_by_its_rule(string rule, string old, string other)
    {
        Assert.Contains(old, Text, StringComparison.Ordinal);
        Assert.Equal(rule, Rule(Text.Replace(old, other, StringComparison.Ordinal)));
    }

    [Fact]
    public void C_04_an_entry_in_the_wrong_bucket_is_refused() =>
        Assert.Equal(Rules.ChunkBucket, Rule(Text.Replace($"\"bucket\":{Chunk.Bucket}", $"\"bucket\":{Chunk.Bucket ^ 1}", StringComparison.Ordinal)));

    [Fact]
    public void C_03_an_empty_chunk_is_refused() => Assert.Equal(Rules.ChunkForm, Rule("""{"bucket":1,"entries":[]}"""));

    [Fact]
    public void C_05_two_entries_of_one_key_are_refused()
    {
        var entry = Encoding.UTF8.GetString(Chunk.Entries[0].Json.Span);

        Assert.Equal(Rules.ChunkOrder, Rule(Text.Replace(entry, $"{entry},{entry}", StringComparison.Ordinal)));
    }

    [Fact]
    public void C_06_entries_of_two_sites_in_one_chunk_are_refused()
    {
        var other = Enumerable.Range(2, 5000).First(i => SomeImages.Put(i, 5).Key.Bucket == Chunk.Bucket);

        Assert.Equal(Rules.ChunkSite, Rule(CatalogChunk.Of(Chunk.Bucket, [Chunk.Entries[0], StatedEntry.Of(SomeImages.Put(other, 5, "nyc"))]).Bytes));
    }

    [Fact]
    public void C_02_a_chunk_of_one_byte_too_many_is_refused()
    {
        var padding = CatalogChunk.MaxBytes - Chunk.Bytes.Length;

        Assert.Null(Rule(Text + new string(' ', padding)));
        Assert.Equal(Rules.ChunkSize, Rule(Text + new string(' ', padding + 1)));
    }

    [Fact]
    public void E_01_an_entry_of_one_byte_too_many_is_refused()
    {
        var padding = StatedEntry.MaxBytes - Chunk.Entries[0].Json.Length;

        Assert.Null(Rule(Text.Replace("\"op\":", new string(' ', padding) + "\"op\":", StringComparison.Ordinal)));
        Assert.Equal(Rules.EntrySize, Rule(Text.Replace("\"op\":", new string(' ', padding + 1) + "\"op\":", StringComparison.Ordinal)));
    }

    [Fact]
    public void E_08_and_E_09_descriptions_and_aliases_keep_to_their_bounds()
    {
        Assert.Equal(Rules.EntryMeta, Checked(SomeImages.Describe(1, 5, new string('x', 1025))));
        Assert.Equal(Rules.EntryMeta, Checked(SomeImages.Describe(1, 5, "a") with { Value = new MetaValue { Tags = [.. Enumerable.Repeat("t", 65)] } }));
        Assert.Equal(Rules.EntryAlias, Checked(new AliasEntry("No Alias", SomeImages.Id(1), new Stamp(1, 0, "ams"), "tests", null, false)));
        var alias = new AliasEntry("debian-12", SomeImages.Id(1), new Stamp(1, 0, "ams"), "tests", null, false);
        Assert.Null(Checked(alias with { Former = [.. Enumerable.Range(2, AliasEntry.MaxFormer).Select(SomeImages.Id)], Asked = 1 }));
        Assert.Equal(Rules.EntryAlias, Checked(alias with { Former = [.. Enumerable.Range(2, AliasEntry.MaxFormer + 1).Select(SomeImages.Id)] }));
        Assert.Equal(Rules.EntryAlias, Checked(alias with { Asked = -1 }));
        Assert.Null(Checked(SomeImages.Describe(1, 5, "Русский")));

        static string? Checked(Entry entry) => EntryText.Check(StatedEntry.Of(entry))?.Rule;
    }

    [Fact]
    public void Every_kind_of_entry_is_read_as_it_was_written()
    {
        Entry[] entries =
        [
            SomeImages.Put(1, 5), SomeImages.Delete(1, 5), SomeImages.Describe(1, 5, "Русский \"x\""),
            new BlockEntry(SomeImages.Id(1), new Stamp(1, 0, "ams"), "tests", "CVE", true),
            new AliasEntry("debian-12", SomeImages.Id(1), new Stamp(1, 0, "ams"), "tests", null, false) { Obs = SomeImages.Id(3).Sha256 },
            new AliasEntry("debian-13", SomeImages.Id(1), new Stamp(9, 0, "ams"), "tests", null, true) { Former = [SomeImages.Id(2), SomeImages.Id(3)], Asked = 7 },
        ];

        Assert.All(entries, entry =>
        {
            var written = StatedEntry.Of(entry);
            Assert.True(StatedEntry.TryRead(written.Json, out var read, out var why), why?.ToString());
            Assert.Equal((entry.Key, entry.Stamp, entry.By, entry.Why, entry.Deleted, entry.Obs), (read.Key, read.Stamp, read.Entry.By, read.Entry.Why, read.Entry.Deleted, read.Entry.Obs));
            Assert.Equal(written.Json.ToArray(), StatedEntry.Of(read.Entry).Json.ToArray());
        });
    }

    private static string? Rule(string text) => Rule(Encoding.UTF8.GetBytes(text));

    private static string? Rule(ReadOnlyMemory<byte> bytes) => CatalogChunk.TryRead(bytes, out _, out var why) ? null : why.Rule;
}
