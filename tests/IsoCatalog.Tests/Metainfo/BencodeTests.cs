using System.Text;
using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Swarm.Metainfo;
using Xunit;

namespace IsoCatalog.Tests.Metainfo;

public sealed class BencodeTests
{
    private static readonly BencodeLimits Limits = new(MaxLength: 200, MaxDepth: 3, MaxValues: 6);

    [Theory]
    [InlineData("", BencodeFault.Truncated, 0)]
    [InlineData("i12", BencodeFault.Truncated, 3)]
    [InlineData("i", BencodeFault.Truncated, 1)]
    [InlineData("4", BencodeFault.Truncated, 1)]
    [InlineData("l", BencodeFault.Truncated, 1)]
    [InlineData("d1:a", BencodeFault.Truncated, 4)]
    [InlineData("di1ei2ee", BencodeFault.KeyIsNotAString, 1)]
    [InlineData("x", BencodeFault.UnknownType, 0)]
    [InlineData("e", BencodeFault.UnknownType, 0)]
    [InlineData("-1:", BencodeFault.UnknownType, 0)]
    [InlineData("ie", BencodeFault.NotANumber, 1)]
    [InlineData("i-e", BencodeFault.NotANumber, 2)]
    [InlineData("i+1e", BencodeFault.NotANumber, 1)]
    [InlineData("i1.5e", BencodeFault.NotANumber, 2)]
    [InlineData("4a", BencodeFault.NotANumber, 1)]
    [InlineData("i01e", BencodeFault.LeadingZero, 2)]
    [InlineData("i-01e", BencodeFault.LeadingZero, 3)]
    [InlineData("01:a", BencodeFault.LeadingZero, 1)]
    [InlineData("i-0e", BencodeFault.NegativeZero, 4)]
    [InlineData("i9223372036854775808e", BencodeFault.NumberTooLarge, 19)]
    [InlineData("i-9223372036854775809e", BencodeFault.NumberTooLarge, 20)]
    [InlineData("2147483648:", BencodeFault.NumberTooLarge, 9)]
    [InlineData("3:ab", BencodeFault.StringBeyondEnd, 2)]
    [InlineData("2147483647:ab", BencodeFault.StringBeyondEnd, 11)]
    [InlineData("d1:bi1e1:ai2ee", BencodeFault.KeysOutOfOrder, 7)]
    [InlineData("d1:ai1e1:ai2ee", BencodeFault.DuplicateKey, 7)]
    [InlineData("i1ei2e", BencodeFault.TrailingBytes, 3)]
    [InlineData("lllleeee", BencodeFault.TooDeep, 3)]
    [InlineData("d1:ad1:ad1:adeeee", BencodeFault.TooDeep, 12)]
    [InlineData("li1ei1ei1ei1ei1ei1ee", BencodeFault.TooManyValues, 16)]
    public void Each_wrong_spelling_is_refused_by_name_and_place(string text, BencodeFault fault, int offset)
    {
        Assert.False(BencodeReader.TryRead(Encoding.ASCII.GetBytes(text), Limits, out var value, out var error));
        Assert.Null(value);
        Assert.Equal(new BencodeError(fault, offset), error);
        Assert.Contains($"byte {offset}", error.ToString());
    }

    [Fact]
    public void What_is_longer_than_the_limit_is_refused_as_too_long()
    {
        var text = Encoding.ASCII.GetBytes("197:" + new string('a', 197));
        Assert.False(BencodeReader.TryRead(text, Limits, out _, out var error));
        Assert.Equal(BencodeFault.TooLong, error.Fault);
        Assert.False(BencodeReader.TryReadFirst(text, Limits, out _, out _, out error));
        Assert.Equal(BencodeFault.TooLong, error.Fault);
        Assert.True(BencodeReader.TryRead(Encoding.ASCII.GetBytes("196:" + new string('a', 196)), Limits, out _, out _));
    }

    [Fact]
    public void The_first_value_is_read_where_other_bytes_follow()
    {
        Assert.True(BencodeReader.TryReadFirst("d1:ai1eeTHE PIECE"u8.ToArray(), Limits, out var value, out var length, out _));
        Assert.Equal(8, length);
        Assert.Equal(1, Assert.IsType<BencodeValue.Integer>(Assert.IsType<BencodeValue.Dict>(value)["a"]).Value);
    }

    [Fact]
    public void A_dictionary_finds_its_keys_and_keeps_the_bytes_it_was_read_from()
    {
        Assert.True(BencodeReader.TryRead("d0:0:1:ai-9223372036854775808e1:bd2:xyleee"u8.ToArray(), BencodeLimits.Message, out var value, out _));
        var dictionary = Assert.IsType<BencodeValue.Dict>(value);
        Assert.Equal(long.MinValue, Assert.IsType<BencodeValue.Integer>(dictionary["a"]).Value);
        Assert.Equal("d2:xylee", Encoding.ASCII.GetString(dictionary["b"]!.Source.Span));
        Assert.Empty(Assert.IsType<BencodeValue.ByteString>(dictionary[""]).Bytes.ToArray());
        Assert.Null(dictionary["c"]);
    }

    [Fact]
    public void Every_value_comes_back_as_it_was_written_and_has_one_spelling() =>
        Prop.ForAll(Value(3).ToArbitrary(), value =>
        {
            var written = new BencodeWriter().Value(value).ToArray();
            Assert.True(BencodeReader.TryRead(written, BencodeLimits.TorrentFile, out var read, out var error), error.ToString());
            AssertSame(value, read);
            Assert.Equal(written, new BencodeWriter().Value(read).ToArray());
            Assert.Equal(written, read.Source.ToArray());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_accepted_after_any_change_is_the_one_spelling_of_what_it_says() =>
        Prop.ForAll(Value(3).ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), (value, seed) =>
        {
            var bytes = new BencodeWriter().Value(value).ToArray();
            var random = new Random(seed);
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = "0123456789-:dleix"u8[random.Next(17)];
            }

            if (BencodeReader.TryRead(bytes, BencodeLimits.TorrentFile, out var read, out var error))
            {
                Assert.Equal(bytes, new BencodeWriter().Value(read).ToArray());
            }
            else
            {
                Assert.NotEqual(BencodeFault.None, error.Fault);
                Assert.InRange(error.Offset, 0, bytes.Length);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void The_writer_refuses_what_is_no_value()
    {
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().ToArray());
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().BeginList().ToArray());
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().Integer(1).Integer(2));
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().End());
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().BeginDictionary().Integer(1));
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().BeginDictionary().Key("a").End());
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().BeginDictionary().Key("a").Key("b"));
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().BeginDictionary().Key("b").Integer(1).Key("a"));
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().BeginDictionary().Key("a").Integer(1).Key("a"));
        Assert.Throws<InvalidOperationException>(() => new BencodeWriter().BeginList().Key("a"));
    }

    private static Gen<BencodeValue> Value(int depth)
    {
        var bytes = Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf();
        var integer = Gen.OneOf(
            Gen.Choose(-1000, 1000).Select(n => (long)n),
            Gen.Elements(long.MinValue, long.MaxValue, 0L, -1L)).Select(BencodeValue (n) => new BencodeValue.Integer(n));
        var text = bytes.Select(BencodeValue (b) => new BencodeValue.ByteString(b));
        if (depth == 0)
        {
            return Gen.OneOf(integer, text);
        }

        var inner = Value(depth - 1);
        var entry = bytes.SelectMany(key => inner.Select(value => (key, value)));
        return Gen.OneOf(
            integer,
            text,
            inner.ArrayOf().Select(BencodeValue (items) => new BencodeValue.List(items)),
            entry.ArrayOf().Select(BencodeValue (entries) => new BencodeValue.Dict(entries
                .DistinctBy(e => Convert.ToHexString(e.key))
                .Select(e => new KeyValuePair<ReadOnlyMemory<byte>, BencodeValue>(e.key, e.value)))));
    }

    private static void AssertSame(BencodeValue expected, BencodeValue actual)
    {
        switch (expected, actual)
        {
            case (BencodeValue.Integer left, BencodeValue.Integer right):
                Assert.Equal(left.Value, right.Value);
                break;
            case (BencodeValue.ByteString left, BencodeValue.ByteString right):
                Assert.Equal(left.Bytes.ToArray(), right.Bytes.ToArray());
                break;
            case (BencodeValue.List left, BencodeValue.List right):
                Assert.Equal(left.Items.Count, right.Items.Count);
                left.Items.Zip(right.Items).ToList().ForEach(pair => AssertSame(pair.First, pair.Second));
                break;
            case (BencodeValue.Dict left, BencodeValue.Dict right):
                Assert.Equal(left.Entries.Select(e => Convert.ToHexString(e.Key.Span)), right.Entries.Select(e => Convert.ToHexString(e.Key.Span)));
                left.Entries.Zip(right.Entries).ToList().ForEach(pair => AssertSame(pair.First.Value, pair.Second.Value));
                break;
            default:
                Assert.Fail($"{expected.GetType().Name} came back as {actual.GetType().Name}");
                break;
        }
    }
}
