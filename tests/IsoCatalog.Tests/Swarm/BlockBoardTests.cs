using System.Numerics;
using IsoCatalog.Swarm.Pieces;
using Xunit;

namespace IsoCatalog.Tests.Swarm;

public sealed class BlockBoardTests
{
    private const int PieceBytes = 64 * 1024;

    private static readonly PieceGeometry Geometry = new((8 * PieceBytes) + 100, PieceBytes);

    [Fact]
    public void Each_block_is_asked_of_one_source_until_all_are_asked()
    {
        var board = Board();
        var (one, two) = (Source(board, "one"), Source(board, "two"));
        var blocks = new HashSet<(int, int)>();
        for (var i = 0; i < 20; i++)
        {
            Assert.All(Ask(board, i % 2 == 0 ? one : two, 3), block => Assert.True(blocks.Add(block)));
        }

        Assert.Equal(33, blocks.Count);
    }

    [Fact]
    public void The_rarest_piece_comes_first()
    {
        var board = Board();
        Source(board, "other", 0, 1, 2, 3, 4, 5, 7, 8);
        var one = Source(board, "one");
        Assert.All(Ask(board, one, 4), block => Assert.Equal(6, block.Piece));
    }

    /// <summary>Two sites that began at about the same place fetched the same from a third to the end, and nothing from each other.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Where_another_site_gets_the_same_at_the_same_time_the_order_starts_anew_elsewhere(bool announced)
    {
        var geometry = new PieceGeometry(4096 * PieceBytes, PieceBytes);
        var board = new BlockBoard(geometry, new OpenBudget(long.MaxValue));
        var (one, other) = (Source("one", geometry.Pieces), Source("other", geometry.Pieces));
        board.Add(one);
        board.SetHasAll(one);
        board.Add(other);
        var steps = new List<int>();
        for (var (i, before) = (0, one.NextPiece - 1); i < 5; i++)
        {
            var piece = Ask(board, one, 4)[0].Piece;
            steps.Add((piece - before + geometry.Pieces) % geometry.Pieces);
            before = piece;
            if (announced)
            {
                board.SetHas(other, piece);
            }
        }

        Assert.Equal(announced, steps.Exists(step => step != 1));
    }

    [Fact]
    public void What_a_source_was_asked_for_goes_to_others_when_it_leaves_and_may_still_come_when_it_is_only_late()
    {
        var board = Board();
        var (one, two) = (Source(board, "one"), Source(board, "two"));
        var first = Ask(board, one, 33);
        board.Unask(one, late: true);
        Assert.Equal(33, Ask(board, two, 33).Count);
        Assert.Equal(Claim.Accepted, board.TryClaim(one, first[0].Piece, first[0].Block, out _, out _));
        Assert.Equal(Claim.Duplicate, board.TryClaim(two, first[0].Piece, first[0].Block, out _, out _));
        Assert.Equal(Claim.Unasked, board.TryClaim(one, first[0].Piece, first[0].Block, out _, out _));
        board.Remove(two);
        Assert.Equal(32, Ask(board, one, 33).Count);
    }

    /// <summary>A link that was down for a while: every request that was ever sent is answered in the end, and none of the answers is a breach.</summary>
    [Fact]
    public void A_source_that_stalled_twice_may_answer_each_of_its_requests()
    {
        var board = Board();
        var one = Source(board, "one");
        var (piece, block) = Ask(board, one, 33)[0];
        board.Unask(one, late: true);
        Assert.Contains((piece, block), Ask(board, one, 33));
        board.Unask(one, late: true);
        Assert.Contains((piece, block), Ask(board, one, 33));
        Assert.Equal(Claim.Accepted, board.TryClaim(one, piece, block, out _, out _));
        Assert.Equal(Claim.Duplicate, board.TryClaim(one, piece, block, out _, out _));
        Assert.Equal(Claim.Duplicate, board.TryClaim(one, piece, block, out _, out _));
        Assert.Equal(Claim.Unasked, board.TryClaim(one, piece, block, out _, out _));
    }

    /// <summary>The cut of a connection and its last look for work cross: blocks that it took then were waited for without end.</summary>
    [Fact]
    public void A_source_that_has_left_is_asked_for_nothing()
    {
        var board = Board();
        var (one, two) = (Source(board, "one"), Source(board, "two"));
        Ask(board, one, 10);
        board.Remove(one);
        Assert.Empty(Ask(board, one, 33));
        Assert.Equal(33, Ask(board, two, 33).Count);
    }

    [Fact]
    public void A_block_that_nobody_asked_for_is_not_taken()
    {
        var board = Board();
        var one = Source(board, "one");
        Assert.Equal(Claim.Unasked, board.TryClaim(one, 0, 0, out _, out _));
    }

    [Fact]
    public void At_the_end_the_blocks_of_a_stalled_source_are_asked_of_another_as_well_and_taken_back_from_the_slower()
    {
        var board = Board();
        var cancelled = new List<(int, int)>();
        var slow = new Source("slow", Geometry.Pieces, new RequestWindow(TimeProvider.System, 1 << 20), (piece, block) => cancelled.Add((piece, block)), _ => { }) { Open = true };
        board.Add(slow);
        board.SetHasAll(slow);
        var fast = Source(board, "fast");
        var asked = Ask(board, slow, 33);
        slow.Stalled = true;
        var again = Ask(board, fast, 33);
        Assert.Equal(asked.ToHashSet(), again.ToHashSet());
        Assert.Equal(Claim.Accepted, board.TryClaim(fast, again[0].Piece, again[0].Block, out _, out _));
        Assert.Equal([again[0]], cancelled);
    }

    [Fact]
    public void No_more_pieces_are_open_than_the_budget_allows_and_a_written_one_makes_room()
    {
        var board = new BlockBoard(Geometry, new OpenBudget(3 * PieceBytes));
        var one = Source(board, "one");
        var asked = Ask(board, one, 33);
        Assert.Equal(3, asked.Select(block => block.Piece).Distinct().Count());
        Assert.True(one.Starved);
        OpenPiece? piece = null;
        foreach (var block in asked.Where(block => block.Piece == asked[0].Piece))
        {
            Assert.Equal(Claim.Accepted, board.TryClaim(one, block.Piece, block.Block, out piece, out _));
            board.Arrived(one, piece!, block.Block);
        }

        Assert.True(board.HashedWord(piece!));
        board.Written(piece!);
        Assert.NotEmpty(Ask(board, one, 33));
    }

    [Fact]
    public void Only_the_wrong_blocks_of_a_piece_are_fetched_again()
    {
        var board = Board();
        var one = Source(board, "one");
        var asked = Ask(board, one, 33);
        OpenPiece? piece = null;
        foreach (var block in asked.Where(block => block.Piece == 0))
        {
            Assert.Equal(Claim.Accepted, board.TryClaim(one, 0, block.Block, out piece, out _));
            board.Arrived(one, piece!, block.Block);
        }

        board.HashedWord(piece!);
        board.Reopen(piece!, [0b0100]);
        Assert.Equal([(0, 2)], Ask(board, one, 33));
    }

    private static BlockBoard Board() => new(Geometry, new OpenBudget(long.MaxValue));

    private static Source Source(BlockBoard board, string name, params int[] pieces)
    {
        var source = Source(name, Geometry.Pieces);
        board.Add(source);
        if (pieces.Length == 0)
        {
            board.SetHasAll(source);
        }

        foreach (var piece in pieces)
        {
            board.SetHas(source, piece);
        }

        return source;
    }

    private static Source Source(string name, int pieces) =>
        new(name, pieces, new RequestWindow(TimeProvider.System, 1 << 20), (_, _) => { }, _ => { }) { Open = true };

    private static List<(int Piece, int Block)> Ask(BlockBoard board, Source source, int most)
    {
        var runs = new List<BlockRun>();
        var count = board.Assign(source, most, runs);
        var blocks = new List<(int, int)>();
        foreach (var run in runs)
        {
            for (var mask = run.Mask; mask != 0; mask &= mask - 1)
            {
                blocks.Add((run.Piece, run.Word * OpenPiece.WordBlocks + BitOperations.TrailingZeroCount(mask)));
            }
        }

        Assert.Equal(count, blocks.Count);
        return blocks;
    }
}
