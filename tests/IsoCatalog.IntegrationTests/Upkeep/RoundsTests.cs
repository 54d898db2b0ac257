using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.IntegrationTests.Ledger;
using IsoCatalog.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace IsoCatalog.IntegrationTests.Upkeep;

/// <summary>Chores on a real ledger, with a clock that the test moves.</summary>
public sealed class RoundsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chore_that_fails_is_tried_again_without_a_change_and_a_change_alone_does_not_hurry_it()
    {
        await using var site = await RunningRounds.StartAsync();
        var bad = site.Add("bad", () => "It does not work.");
        var good = site.Add("good", () => null);
        site.Change();
        await UntilAsync(() => bad.Tries == 1);

        foreach (var (pause, tries) in new[] { (1, 2), (2, 3), (4, 4) })
        {
            // A round was gone, for the other one was done in it.
            var rounds = good.Tries;
            site.Change();
            await UntilAsync(() => good.Tries > rounds);
            Assert.Equal(tries - 1, bad.Tries);
            site.Held.Time.Advance(TimeSpan.FromSeconds(pause));
            await UntilAsync(() => bad.Tries == tries);
        }
    }

    [Fact]
    public async Task Whatever_a_chore_throws_the_next_one_is_done_and_the_loop_goes_on()
    {
        await using var site = await RunningRounds.StartAsync();
        var broken = site.Add("broken", () => throw new InvalidOperationException("A bug."));
        var cancelled = site.Add("cancelled", () => throw new OperationCanceledException("Not ours."));
        var good = site.Add("good", () => null);
        site.Change();
        await UntilAsync(() => good.Tries > 0);
        site.Held.Time.Advance(TimeSpan.FromSeconds(1));
        await UntilAsync(() => broken.Tries == 2 && cancelled.Tries == 2);
    }

    [Fact]
    public async Task A_chore_with_something_else_to_do_it_with_is_tried_at_once()
    {
        await using var site = await RunningRounds.StartAsync();
        var bad = site.Add("bad", () => "It does not work.");
        site.Change();
        await UntilAsync(() => bad.Tries == 1);
        bad.With = "another file";
        site.Change();
        await UntilAsync(() => bad.Tries == 2);
    }

    [Fact]
    public async Task A_failure_is_a_setback_once_it_has_lasted_and_none_when_nobody_asks_for_the_chore_any_more()
    {
        await using var site = await RunningRounds.StartAsync();
        var bad = site.Add("Moving x", () => "It does not work.");
        var after = site.Add("after it", () => null);
        var since = site.Held.Time.GetUtcNow();
        site.Change();
        await UntilAsync(() => after.Tries > 0);
        site.Held.Time.Advance(Setbacks.Grace - TimeSpan.FromSeconds(1));
        await UntilAsync(() => bad.Tries == 2);
        Assert.Empty(site.Held.Setbacks.Lasting);
        site.Held.Time.Advance(TimeSpan.FromSeconds(1));
        var setback = Assert.Single(site.Held.Setbacks.Lasting);
        Assert.Equal(("Moving x fails, and is tried again. The last time: It does not work.", since), (setback.Reason, setback.Since));

        bad.IsAsked = false;
        site.Change();
        await UntilAsync(() => !site.Held.Setbacks.Lasting.Any());
    }

    [Fact]
    public async Task A_chore_for_later_is_done_when_its_time_comes_without_a_change()
    {
        await using var site = await RunningRounds.StartAsync();
        var late = site.Add("late", () => null, from: site.Held.Time.GetUtcNow().AddMinutes(10));
        var good = site.Add("good", () => null);
        site.Change();
        await UntilAsync(() => good.Tries > 0);
        Assert.Equal(0, late.Tries);
        site.Held.Time.Advance(TimeSpan.FromMinutes(10));
        await UntilAsync(() => late.Tries > 0);
    }

    [Fact]
    public async Task A_chore_for_a_time_that_no_timer_reaches_stops_nothing()
    {
        await using var site = await RunningRounds.StartAsync();
        var never = site.Add("never", () => null, from: DateTimeOffset.MaxValue);
        var good = site.Add("good", () => null);
        foreach (var _ in Enumerable.Range(0, 2))
        {
            var rounds = good.Tries;
            site.Change();
            await UntilAsync(() => good.Tries > rounds);
        }

        Assert.Equal(0, never.Tries);
    }

    [Fact]
    public async Task A_round_that_cannot_say_what_is_to_be_done_is_gone_again_after_a_second()
    {
        await using var site = await RunningRounds.StartAsync();
        var good = site.Add("good", () => null);
        site.Fault = true;
        site.Change();
        await UntilAsync(() => !site.Fault);

        // The second begins when the loop has noted the failure, which may be after the clock was moved.
        await UntilAsync(() =>
        {
            site.Held.Time.Advance(TimeSpan.FromSeconds(1));
            return good.Tries > 0;
        });
    }

    private static Task UntilAsync(Func<bool> holds) => TestSite.EventuallyAsync(() => Task.FromResult(holds()), Cancel);

    private sealed class TriedChore
    {
        private volatile int _tries;

        public required string What { get; init; }

        public required Func<string?> Do { get; init; }

        public object? With { get; set; }

        public DateTimeOffset? From { get; init; }

        public bool IsAsked { get; set; } = true;

        public int Tries => _tries;

        public Chore Chore => new(What, null, _ =>
        {
            Interlocked.Increment(ref _tries);
            return Task.FromResult(Do());
        }) { With = With, From = From };
    }

    private sealed class RunningRounds : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<TriedChore> _chores = [];
        private Task _running = Task.CompletedTask;
        private volatile bool _fault;

        private RunningRounds(HeldSite held) => Held = held;

        public HeldSite Held { get; }

        /// <summary>The next round fails as a whole.</summary>
        public bool Fault
        {
            get => _fault;
            set => _fault = value;
        }

        public static async Task<RunningRounds> StartAsync()
        {
            var site = new RunningRounds(await HeldSite.OpenAsync());
            var rounds = new Rounds(site.Held.Ledger, site.Held.Setbacks, TimeSpan.FromMinutes(1), site.Held.Time, NullLogger.Instance);
            site._running = Task.Run(() => rounds.RunAsync(site.Chores, site._stop.Token), Cancel);
            return site;
        }

        public TriedChore Add(string what, Func<string?> work, DateTimeOffset? from = null)
        {
            var chore = new TriedChore { What = what, Do = work, From = from };
            lock (_chores)
            {
                _chores.Add(chore);
            }

            return chore;
        }

        /// <summary>Any change of the ledger.</summary>
        public void Change() => Held.Cells.SetSurface("console", "surface-missing", Guid.NewGuid().ToString(), []);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
            await Held.DisposeAsync();
        }

        private IEnumerable<Chore> Chores()
        {
            if (_fault)
            {
                _fault = false;
                throw new InvalidOperationException("A bug.");
            }

            lock (_chores)
            {
                return [.. _chores.Where(c => c.IsAsked).Select(c => c.Chore)];
            }
        }
    }
}
