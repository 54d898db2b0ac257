using System.Collections.Frozen;
using System.Collections.Immutable;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// One ISO domain in one engine: looks at its status, and has it listed anew. However many ask, one look and one refresh run at a time, refreshes keep their
/// pace, and who asks meanwhile shares the next one. Thread-safe.
/// </summary>
internal sealed class EngineDomain : IAsyncDisposable
{
    private static readonly TimeSpan PlacesCount = TimeSpan.FromMinutes(5);

    private readonly EngineClient _client;
    private readonly EngineTiming _timing;
    private readonly Func<string?> _breaker;
    private readonly TimeProvider _time;
    private readonly DriveCensus _drives;
    private readonly CancellationTokenSource _end = new();
    private readonly Lock _gate = new();
    private EngineNews _news = EngineNews.None;
    private Task? _looking;
    private Task _refreshing = Task.CompletedTask;
    private Task<SurfaceOutcome>? _next;
    private RefreshPace _pace;
    private DateTimeOffset _failed = DateTimeOffset.UnixEpoch;
    private int _inARow;
    private bool _disposed;
    private DateTimeOffset _lastLooked = DateTimeOffset.UnixEpoch;
    private (DateTimeOffset At, IReadOnlyDictionary<string, string> Centers, ILookup<string, Cluster> Clusters)? _places;

    /// <param name="client">Disposed with this.</param>
    /// <param name="timing">How often.</param>
    /// <param name="breaker">Asked before each refresh: why it would fail anyway.</param>
    /// <param name="time">The clock.</param>
    public EngineDomain(EngineClient client, EngineTiming timing, Func<string?> breaker, TimeProvider time) =>
        (_client, _timing, _breaker, _time, _pace, _drives) =
        (client, timing, breaker, time, new RefreshPace(timing.Floor), new DriveCensus(MachinesAsync, client.MachineAsync, timing.Gather, time, _end.Token));

    /// <summary>What is known now.</summary>
    public EngineNews News
    {
        get
        {
            lock (_gate)
            {
                return _news;
            }
        }
    }

    /// <summary>Forced refreshes that were begun, and those of them that failed.</summary>
    public long Refreshes { get; private set; }

    public long Failures { get; private set; }

    /// <summary>How long nothing is to be refreshed by itself: after failures the distance is kept, and grows.</summary>
    public TimeSpan Pause
    {
        get
        {
            lock (_gate)
            {
                var now = _time.GetUtcNow();
                var turn = _pace.Wait(now);
                if (_inARow == 0)
                {
                    return turn;
                }

                var distance = Retry(_inARow - 1) is var retry && retry > _timing.Floor ? retry : _timing.Floor;

                // A clock that was set back since is no reason to wait until it is there again.
                return _failed + distance - now is var left && left > turn && left <= distance ? left : turn;
            }
        }
    }

    /// <summary>Asks for the domain's status, unless that was done within <see cref="EngineTiming.Look"/>; what comes of it is in <see cref="News"/>.</summary>
    public Task LookAsync()
    {
        lock (_gate)
        {
            if (_looking is { IsCompleted: false } running)
            {
                return running;
            }

            return (_time.GetUtcNow() - _lastLooked).Duration() < _timing.Look ? Task.CompletedTask : _looking = Task.Run(() => LookNowAsync(_end.Token));
        }
    }

    /// <summary>A forced refresh that begins after this call. Done, or why the engine has no new list.</summary>
    public Task<SurfaceOutcome> RefreshAsync()
    {
        lock (_gate)
        {
            return _next ??= Task.Run(() => RefreshNextAsync(_refreshing));
        }
    }

    /// <summary>Waits until the engine lists the file, with refreshes further and further apart.</summary>
    public async Task<SurfaceOutcome> ConfirmAsync(string fileName, CancellationToken cancellationToken)
    {
        var began = _time.GetUtcNow();
        for (var attempt = 0; ; attempt++)
        {
            if (Pause is var early && early > TimeSpan.Zero)
            {
                await Task.Delay(early, _time, cancellationToken);
            }

            var outcome = await RefreshAsync().WaitAsync(cancellationToken);
            if (outcome is SurfaceOutcome.Refused || News.List!.Names.Contains(fileName))
            {
                return outcome;
            }

            var wait = Retry(attempt);
            if (_time.GetUtcNow() + wait - began > _timing.Lag)
            {
                return new SurfaceOutcome.Refused(
                    ReasonCode.EngineNotListed,
                    $"{fileName} lies in the ISO domain, and {attempt + 1} refreshes of the engine did not list it. Does the engine's host mount this very "
                    + "export? It is tried again.",
                    Retryable: true);
            }

            // So that hosts whose memory of the folder ends at the same moment are not all asked then.
            await Task.Delay(wait * (1 + (Random.Shared.NextDouble() / 10)), _time, cancellationToken);
        }
    }

    /// <inheritdoc cref="DriveCensus.HolderAsync"/>
    public Task<string?> HolderAsync(string fileName, bool now, CancellationToken cancellationToken) => _drives.HolderAsync(fileName, now, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        await _end.CancelAsync();
        lock (_gate)
        {
            running = [_looking ?? Task.CompletedTask, _refreshing, _next ?? Task.CompletedTask];
        }

        await Task.WhenAll(running).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await _client.DisposeAsync();
        _end.Dispose();
    }

    private TimeSpan Retry(int attempt) => _timing.Retries[Math.Min(attempt, _timing.Retries.Count - 1)];

    private async Task<EngineLook?> LookNowAsync(CancellationToken cancellationToken)
    {
        var at = _time.GetUtcNow();
        lock (_gate)
        {
            _lastLooked = at;
        }

        try
        {
            var (name, statuses) = await _client.DomainAsync(cancellationToken);
            var (centers, clusters) = await PlacesAsync(at, cancellationToken);
            var look = new EngineLook(
                at,
                name,
                [.. statuses.Select(s => new DataCenter(s.Id, centers.GetValueOrDefault(s.Id) ?? s.Id, s.Status, Ready: false, [.. clusters[s.Id].OrderBy(c => c.Name, StringComparer.Ordinal)]))]);
            Learn(news => news.Look is { } newer && newer.At > at ? news : news with { Look = look, LookFailure = null });
            return look;
        }
        catch (EngineException failure)
        {
            Learn(news => news with { LookFailure = new EngineFailure(news.LookFailure?.Since ?? at, failure.Code, failure.Message) });
            return null;
        }
    }

    /// <summary>Without those of clusters that are surely in a data center without this domain: a file of the same name in its drive is another domain's.</summary>
    private async Task<IReadOnlyList<MachineDrives>> MachinesAsync(CancellationToken cancellationToken)
    {
        var look = await LookNowAsync(cancellationToken)
            ?? throw (News.LookFailure is { } failure ? new EngineException(failure.Code, failure.Reason) : new EngineException(ReasonCode.SurfaceUnreachable, "The engine does not answer."));
        var attached = look.DataCenters.Select(d => d.Id).ToHashSet(StringComparer.Ordinal);
        var clusters = await _client.ClustersAsync(cancellationToken);
        return await _client.MachinesAsync(
            clusters.Where(c => !attached.Contains(c.Key)).SelectMany(c => c).Select(c => c.Id).ToHashSet(StringComparer.Ordinal), cancellationToken);
    }

    private async Task<(IReadOnlyDictionary<string, string> Centers, ILookup<string, Cluster> Clusters)> PlacesAsync(
        DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (_places is not { } places || now - places.At >= PlacesCount)
        {
            try
            {
                var (centers, clusters) = await _client.PlacesAsync(cancellationToken);
                _places = places = (now, centers, clusters);
            }
            catch (EngineException failure) when (failure.Code == ReasonCode.EngineDenied)
            {
                // Names are a comfort; only the filter by cluster needs more.
                _places = places = (now, FrozenDictionary<string, string>.Empty, Array.Empty<Cluster>().ToLookup(_ => ""));
            }
        }

        return (places.Centers, places.Clusters);
    }

    private async Task<SurfaceOutcome> RefreshNextAsync(Task before)
    {
        try
        {
            await before.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            TimeSpan wait;
            lock (_gate)
            {
                wait = _pace.Wait(_time.GetUtcNow());
            }

            await Task.Delay(wait > _timing.Gather ? wait : _timing.Gather, _time, _end.Token);
        }
        finally
        {
            lock (_gate)
            {
                _refreshing = _next!;
                _next = null;
            }
        }

        DateTimeOffset began;
        lock (_gate)
        {
            began = _time.GetUtcNow();
            _pace = _pace.Began(began);
            Refreshes++;
        }

        var outcome = await RefreshNowAsync(began, _end.Token);
        Learn(news => outcome is SurfaceOutcome.Refused refused
            ? news with { RefreshFailure = new EngineFailure(news.RefreshFailure?.Since ?? began, refused.Code, refused.Reason) }
            : news);
        lock (_gate)
        {
            (_inARow, _failed) = outcome is SurfaceOutcome.Refused ? (_inARow + 1, began) : (0, _failed);
            Failures += outcome is SurfaceOutcome.Refused ? 1 : 0;
        }

        return outcome;
    }

    /// <summary>The status is taken before and after: where the domain is not active the engine skips the refresh without a word, and where it is active
    /// nowhere it answers with its old list.</summary>
    private async Task<SurfaceOutcome> RefreshNowAsync(DateTimeOffset began, CancellationToken cancellationToken)
    {
        if (_breaker() is { } broken)
        {
            return new SurfaceOutcome.Refused(ReasonCode.DomainUnlistable, broken, Retryable: true);
        }

        if (await LookNowAsync(cancellationToken) is not { } before)
        {
            return Silent();
        }

        if (!before.ActiveIds.Any())
        {
            return Inactive(before);
        }

        FrozenSet<string> names;
        try
        {
            names = await _client.FilesAsync(cancellationToken);
        }
        catch (EngineException failure)
        {
            var now = await LookNowAsync(cancellationToken);
            return new SurfaceOutcome.Refused(
                failure.Code,
                $"{failure.Message} One data center whose host fails is enough for that; the ISO domain is {(now ?? before).Statuses}."
                + (_breaker() is { } why ? " " + why : ""),
                Retryable: true);
        }

        if (await LookNowAsync(cancellationToken) is not { } after)
        {
            return Silent();
        }

        var centers = before.ActiveIds.Intersect(after.ActiveIds, StringComparer.Ordinal).ToFrozenSet(StringComparer.Ordinal);
        if (centers.Count == 0)
        {
            return Inactive(after);
        }

        Learn(news => news with
        {
            List = new EngineList(began, names, centers),
            ListBefore = news.List is { } last && began - last.Began >= _timing.Floor ? last : news.ListBefore,
            RefreshFailure = null,
        });
        return new SurfaceOutcome.Done();
    }

    private SurfaceOutcome.Refused Silent() => News.LookFailure is { } failure
        ? new(failure.Code, failure.Reason, Retryable: true)
        : new(ReasonCode.SurfaceUnreachable, "The engine does not answer.", Retryable: true);

    private static SurfaceOutcome.Refused Inactive(EngineLook look) => new(
        ReasonCode.DomainInactive,
        look.DataCenters.IsEmpty
            ? $"The ISO domain {look.Name} is attached to no data center; the engine lists nothing new."
            : $"The ISO domain {look.Name} is not active in any data center ({look.Statuses}); the engine lists nothing new.",
        Retryable: true);

    private void Learn(Func<EngineNews, EngineNews> more)
    {
        lock (_gate)
        {
            _news = more(_news);
        }
    }
}
