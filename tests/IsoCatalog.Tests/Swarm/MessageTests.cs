using FsCheck;
using FsCheck.Fluent;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm.Pieces;
using IsoCatalog.Swarm.Wire;
using Xunit;

namespace IsoCatalog.Tests.Swarm;

public sealed class MessageTests
{
    private const int Pieces = 100;

    [Fact]
    public void A_block_message_comes_back_as_it_was_written() =>
        Prop.ForAll(
            Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(),
            (piece, begin, length) =>
            {
                foreach (var kind in new[] { MessageKind.Request, MessageKind.Cancel, MessageKind.Reject })
                {
                    var messages = new OutboundMessages();
                    messages.Block(kind, piece, begin, length);
                    var read = Read(messages.Bytes);
                    Assert.Equal((kind, piece, begin, length), (read.Kind, read.Index, read.Begin, read.Length));
                }
            }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_piece_comes_back_as_it_was_written() =>
        Prop.ForAll(Gen.Choose(0, 5000).ToArbitrary(), Gen.Choose(1, MessageReader.MaxBlock).ToArbitrary(), (piece, length) =>
        {
            var bytes = new byte[OutboundMessages.PieceHeader + length];
            new Random(length).NextBytes(bytes);
            var block = bytes[OutboundMessages.PieceHeader..];
            OutboundMessages.WritePieceHeader(bytes, piece, 16384, length);
            var read = Read(bytes);
            Assert.Equal((MessageKind.Piece, piece, 16384), (read.Kind, read.Index, read.Begin));
            Assert.Equal(block, read.Block.ToArray());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Hash_requests_and_hashes_come_back_as_they_were_written() =>
        Prop.ForAll(Gen.Choose(0, 20).ToArbitrary(), Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), Gen.Choose(1, MessageReader.MaxHashes).ToArbitrary(), (layer, index, count) =>
        {
            var hashes = new byte[count * Sha256Digest.Length];
            new Random(count).NextBytes(hashes);
            var request = new HashRequest(new Sha256Digest(hashes.AsSpan(0, 32)), layer, index, 512, layer);
            var messages = new OutboundMessages();
            messages.Hashes(MessageKind.Hashes, request, hashes);
            var read = Read(messages.Bytes);
            Assert.Equal(request, HashRequest.Read(read.Body));
            Assert.Equal(hashes, read.Body[HashRequest.Length..].ToArray());
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_handshake_comes_back_as_it_was_written() =>
        Prop.ForAll(Gen.Choose(0, 7).ToArbitrary(), bits =>
        {
            var id = new byte[20];
            new Random(bits).NextBytes(id);
            var bytes = new byte[Handshake.Length];
            var written = new Handshake(new Sha1Digest(id), new Sha1Digest(id.Reverse().ToArray()), (bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0);
            written.WriteTo(bytes);
            Assert.Equal(written, Handshake.Read(bytes));
            bytes[bits] ^= 0x40;
            Assert.Null(Handshake.Read(bytes));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_message_that_is_cut_anywhere_needs_more_and_is_never_taken_for_another()
    {
        var messages = new OutboundMessages();
        messages.Block(MessageKind.Request, 1, 2, 3);
        for (var length = 0; length < messages.Length; length++)
        {
            Assert.Equal(FrameStatus.NeedsMore, MessageReader.TryRead(messages.Bytes[..length], Pieces, out _, out _));
        }
    }

    [Fact]
    public void Of_any_bytes_each_step_uses_some_or_ends_and_nothing_longer_than_the_limit_is_waited_for() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ToArbitrary(), Gen.Choose(0, 30).ToArbitrary(), (noise, kind) =>
        {
            byte[] bytes = [0, 0, (byte)(noise.Length >> 8), (byte)(noise.Length + 1), (byte)kind, .. noise, .. noise];
            var rest = bytes.AsSpan();
            while (true)
            {
                var status = MessageReader.TryRead(rest, Pieces, out _, out var length);
                if (status != FrameStatus.Complete)
                {
                    Assert.InRange(length, 4, 4 + MessageReader.MaxSize(Pieces));
                    return;
                }

                Assert.InRange(length, 4, rest.Length);
                rest = rest[length..];
            }
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData(0, 2)]
    [InlineData(4, 4)]
    [InlineData(5, 13)]
    [InlineData(6, 14)]
    [InlineData(7, 9 + 16385)]
    [InlineData(7, 9)]
    [InlineData(20, 65538)]
    [InlineData(21, 50)]
    [InlineData(22, 49)]
    [InlineData(99, 70000)]
    public void A_length_that_the_kind_cannot_have_is_refused_before_the_rest_arrives(byte kind, int size) =>
        Assert.Equal(FrameStatus.BadLength, MessageReader.TryRead([0, (byte)(size >> 16), (byte)(size >> 8), (byte)size, kind], Pieces, out _, out _));

    [Fact]
    public void A_bitfield_with_a_spare_bit_is_refused()
    {
        var field = new Bitfield(12);
        Assert.True(field.TryCopyFrom([0xFF, 0xF0]));
        Assert.True(field.IsFull);
        Assert.False(field.TryCopyFrom([0xFF, 0xF8]));
        Assert.False(field.TryCopyFrom([0xFF]));
    }

    [Theory]
    [InlineData("d1:md11:ut_metadatai3ee4:reqqi500e1:v4:teste", true, 500)]
    [InlineData("d4:reqqi-5ee", true, null)]
    [InlineData("d4:reqq3:abce", true, null)]
    [InlineData("le", false, null)]
    [InlineData("d1:", false, null)]
    public void An_extension_handshake_says_how_many_requests_are_queued(string payload, bool isOne, int? queue)
    {
        Assert.Equal(isOne, ExtensionHandshake.TryRead(System.Text.Encoding.ASCII.GetBytes(payload), out var said));
        Assert.Equal(queue, said);
    }

    private static PeerMessage Read(ReadOnlySpan<byte> bytes)
    {
        Assert.Equal(FrameStatus.Complete, MessageReader.TryRead(bytes, Pieces, out var message, out var length));
        Assert.Equal(bytes.Length, length);
        return message;
    }
}
