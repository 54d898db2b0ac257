using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Wire;
using Xunit;

namespace IsoCatalog.Tests.Wire;

public sealed class MessageReaderTests
{
    private const int Pieces = 1003;

    private static readonly Gen<int> Any = Gen.OneOf(Gen.Choose(0, 2000), Gen.Choose(int.MinValue, int.MaxValue));

    private static readonly Gen<byte[]> Written = Gen.OneOf(
        Gen.Elements(MessageKind.Choke, MessageKind.Unchoke, MessageKind.Interested, MessageKind.NotInterested, MessageKind.HaveAll, MessageKind.HaveNone)
            .Select(kind => Out(messages => messages.Simple(kind))),
        Gen.Constant(Out(messages => messages.KeepAlive())),
        Any.Select(number => Out(messages => messages.Number(MessageKind.Have, number))),
        from kind in Gen.Elements(MessageKind.Request, MessageKind.Cancel, MessageKind.Reject)
        from piece in Any
        from begin in Any
        from length in Any
        select Out(messages => messages.Block(kind, piece, begin, length)),
        Gen.Choose(0, 300).Select(length => Out(messages => messages.Extended(3, new byte[length]))),
        from kind in Gen.Elements(MessageKind.HashRequest, MessageKind.HashReject)
        from index in Any
        from count in Any
        select Out(messages => messages.Hashes(kind, new HashRequest(default, 1, index, count, 3))),
        Gen.Choose(1, 40).Select(hashes => Out(messages =>
            messages.Hashes(MessageKind.Hashes, new HashRequest(default, 0, 0, hashes, 0), new byte[hashes * Sha256Digest.Length]))));

    [Fact]
    public void What_is_written_is_read_back_however_the_network_cuts_it() =>
        Prop.ForAll(Written.NonEmptyListOf().ToArbitrary(), Gen.Choose(1, 200).ToArbitrary(), (messages, chunk) =>
        {
            byte[] stream = [.. messages.SelectMany(static message => message)];
            var read = new List<byte[]>();
            var start = 0;
            for (var arrived = 0; start < stream.Length;)
            {
                switch (MessageReader.TryRead(stream.AsSpan(start..arrived), Pieces, out var message, out var length))
                {
                    case FrameStatus.Complete:
                        Assert.Equal(message.Kind == MessageKind.KeepAlive ? 0 : length - 5, message.Body.Length);
                        read.Add(stream[start..(start + length)]);
                        start += length;
                        break;
                    case FrameStatus.NeedsMore:
                        Assert.True(arrived < stream.Length, "Everything is there, and the reader wants more.");
                        arrived = Math.Min(stream.Length, arrived + chunk);
                        break;
                    default:
                        Assert.Fail("What was written has a length that is refused.");
                        break;
                }
            }

            Assert.Equal(messages, read);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void No_bytes_make_it_throw_wait_for_ever_or_say_yes_and_then_no() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var bytes = new byte[MessageReader.MaxSize(Pieces) + 4];
            random.NextBytes(bytes);

            // Most lengths of four random bytes are beyond every limit; these are near enough to matter.
            bytes.AsSpan(0, random.Next(2, 5)).Clear();
            bytes[4] = (byte)random.Next(0, 26);
            var whole = MessageReader.TryRead(bytes, Pieces, out _, out var length);
            Assert.NotEqual(FrameStatus.NeedsMore, whole);
            for (var i = 0; i < 50; i++)
            {
                var part = random.Next(i < 10 ? 10 : bytes.Length);
                var status = MessageReader.TryRead(bytes.AsSpan(0, part), Pieces, out _, out var partLength);
                Assert.True(status == whole || status == FrameStatus.NeedsMore, $"{part} bytes are {status}, all are {whole}.");
                Assert.True(status != FrameStatus.Complete || (partLength == length && part >= length));
            }
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData((int)MessageKind.Choke, 1)]
    [InlineData((int)MessageKind.HaveAll, 1)]
    [InlineData((int)MessageKind.Have, 3)]
    [InlineData((int)MessageKind.Have, 5)]
    [InlineData((int)MessageKind.Bitfield, 125)]
    [InlineData((int)MessageKind.Bitfield, 127)]
    [InlineData((int)MessageKind.Request, 11)]
    [InlineData((int)MessageKind.Request, 13)]
    [InlineData((int)MessageKind.Cancel, 8)]
    [InlineData((int)MessageKind.Piece, 8)]
    [InlineData((int)MessageKind.Piece, 8 + 16 * 1024 + 1)]
    [InlineData((int)MessageKind.Port, 3)]
    [InlineData((int)MessageKind.Extended, 0)]
    [InlineData((int)MessageKind.HashRequest, 47)]
    [InlineData((int)MessageKind.Hashes, 48)]
    [InlineData((int)MessageKind.Hashes, 48 + 33)]
    [InlineData((int)MessageKind.HashReject, 49)]
    [InlineData(99, 64 * 1024)]
    public void A_length_that_the_kind_cannot_have_is_refused_before_the_message_has_arrived(int kind, int body)
    {
        byte[] start = [.. BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(1 + body)), (byte)kind];
        Assert.Equal(FrameStatus.BadLength, MessageReader.TryRead(start, Pieces, out _, out _));
    }

    [Theory]
    [InlineData(uint.MaxValue)]
    [InlineData(1u << 31)]
    [InlineData(64u << 20)]
    public void A_length_beyond_every_kind_is_refused_from_its_four_bytes(uint size)
    {
        var bytes = BitConverter.GetBytes(System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(size));
        Assert.Equal(FrameStatus.BadLength, MessageReader.TryRead(bytes, Pieces, out _, out _));
    }

    [Fact]
    public void A_handshake_comes_back_as_it_was_written_and_no_other_bytes_are_one() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(20).ToArbitrary(), Gen.Choose(0, 7).ToArbitrary(), (hash, bits) =>
        {
            var handshake = new Handshake(new Sha1Digest(hash), new Sha1Digest(hash), (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0);
            var bytes = new byte[Handshake.Length];
            handshake.WriteTo(bytes);
            Assert.Equal(handshake, Handshake.Read(bytes));
            Assert.Null(Handshake.Read(bytes.AsSpan(1)));
            var at = hash[0] % 20;
            bytes[at] ^= 1;
            Assert.Null(Handshake.Read(bytes));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void An_extension_handshake_of_any_bytes_is_read_or_refused() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var bytes = ExtensionHandshake.Payload.ToArray();
            for (var changes = random.Next(4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = "0123456789-:dleix"u8[random.Next(17)];
            }

            if (ExtensionHandshake.TryRead(bytes, out var queue))
            {
                Assert.True(queue is null or > 0);
            }
        }).QuickCheckThrowOnFailure();

    private static byte[] Out(Action<OutboundMessages> write)
    {
        var messages = new OutboundMessages();
        write(messages);
        return messages.Bytes.ToArray();
    }
}
