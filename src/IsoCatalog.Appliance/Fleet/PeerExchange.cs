using System.Collections.Immutable;
using System.Threading.Channels;
using IsoCatalog.Appliance.Configuration;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>
/// One other site: tells it at once when there is something new here, and fetches what it has and this site lacks when it says so, and every ten seconds
/// in any case. Whatever it sends, or does not send, holds up nobody else.
/// </summary>
internal sealed class PeerExchange : IDisposable
{
    /// <summary>Changes that come closer together than this are told as one.</summary>
    private static readonly TimeSpan NotifyPause = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    /// <summary>What a peer says of itself is as good as what it answers, but only an answer shows its clock and how far away it is.</summary>
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestForGarbage = TimeSpan.FromMinutes(5);

    private const int MaxDocumentsOfASite = 64;
    private const int ChunksAtOnce = 4;

    private readonly PeerClient _client;
    private readonly PeerClock _clock;
    private readonly DocumentBook _documents;
    private readonly FleetMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly Action _answered;
    private readonly RefusedDocuments _refused;
    private readonly TrustExchange _trustExchange;
    private readonly Channel<byte> _wake = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Channel<byte> _news = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private FleetState? _hint;
    private int _bad;

    /// <summary>Something that the peer said that it has was not there: soon, but not at once, because it may go on saying so.</summary>
    private bool _again;
    private long _trust;
    private (long, Sha256Digest) _theirTrust;
    private long _asked;
    private volatile PeerStatus _status;
    private long _called;

    /// <param name="answered">Called when the peer has answered for the first time, and all that it has of this site itself is here.</param>
    public PeerExchange(
        PeerConfiguration peer, PeerClient client, DocumentBook documents, FleetMetrics metrics, Action answered, TimeProvider time, ILogger log)
    {
        (Peer, _client, _documents) = (peer, client, documents);
        (_metrics, _answered, _time, _log) = (metrics, answered, time, log);
        _clock = new PeerClock(peer.Site, client, documents, time);
        _refused = new RefusedDocuments(time);
        _trustExchange = new TrustExchange(client, documents, _refused, Took);
        _status = new PeerStatus(peer.Site, $"{peer.Fleet.Host}:{peer.Fleet.Port}");
        _called = time.GetUtcNow().UtcTicks;
    }

    public PeerConfiguration Peer { get; }

    public PeerClient Client => _client;

    /// <summary>What it has of this site itself is here: it was asked once since the start.</summary>
    public bool HasAnswered { get; private set; }

    public PeerStatus Status => _status with { Received = _client.Received, Sent = _client.Sent, LastCall = new DateTimeOffset(Volatile.Read(ref _called), TimeSpan.Zero) };

    /// <summary>There is something new at this site.</summary>
    public void Tell() => _news.Writer.TryWrite(0);

    /// <summary>The peer says what it has.</summary>
    public void Heard(FleetState state)
    {
        // One that sends rubbish is not let in through the back door either.
        if (Volatile.Read(ref _bad) < 3)
        {
            Volatile.Write(ref _hint, state);
            _wake.Writer.TryWrite(0);
        }
    }

    /// <summary>Asks for the peer's clock, unless the peer is known to be out of reach; see <see cref="PeerClock.AskAsync"/>.</summary>
    public Task AskClockAsync(CancellationToken cancellationToken) => _status.Error is null ? _clock.AskAsync(cancellationToken) : Task.CompletedTask;

    public void Recheck()
    {
        _client.Recheck();
        _wake.Writer.TryWrite(0);
    }

    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(PullAsync(cancellationToken), NotifyAsync(cancellationToken));

    public void Dispose() => _client.Dispose();

    private async Task NotifyAsync(CancellationToken cancellationToken)
    {
        var told = -1L;
        await foreach (var _ in _news.Reader.ReadAllAsync(cancellationToken))
        {
            var fleet = _documents.Fleet;
            if (fleet.Version == told || Volatile.Read(ref _bad) > 0)
            {
                // One that sends rubbish is left to ask by itself.
                continue;
            }

            told = fleet.Version;
            try
            {
                await _client.NotifyAsync(FleetRoutes.StateOf(fleet, _time), cancellationToken);
            }
            catch (PeerException e)
            {
                // It polls. Why it could not be told is found out by asking it; one that answered and does not want to know is left alone.
                if (_status.ReachableSince is not null && e.Fault is not (PeerFault.NotFound or PeerFault.Refused))
                {
                    _wake.Writer.TryWrite(0);
                }
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Log.Broke(_log, Peer.Site, e);
            }

            await Task.Delay(NotifyPause, _time, cancellationToken);
        }
    }

    private async Task PullAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        while (true)
        {
            try
            {
                var clean = await ExchangeAsync(Interlocked.Exchange(ref _hint, null), cancellationToken);
                failures = 0;
                Volatile.Write(ref _bad, clean ? 0 : _bad + 1);
            }
            catch (PeerException e)
            {
                failures++;
                if (e.Fault == PeerFault.Garbage)
                {
                    Volatile.Write(ref _bad, _bad + 1);
                }

                Fail(e);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                failures++;
                Log.Broke(_log, Peer.Site, e);
            }

            await WaitAsync(PauseAfter(failures), cancellationToken);
        }
    }

    private TimeSpan PauseAfter(int failures)
    {
        var pause = _bad > 0 ? new Backoff(Poll, LongestForGarbage).After(_bad + 1)
            : failures > 0 ? new Backoff(FirstRetry, Poll).After(failures)
            : _again ? FirstRetry
            : Poll;
        _again = false;
        return pause * (0.8 + (0.4 * Random.Shared.NextDouble()));
    }

    private async Task WaitAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var woken = _wake.Reader.WaitToReadAsync(limit.Token).AsTask();
        await Task.WhenAny(woken, Task.Delay(pause, _time, limit.Token));
        await limit.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        _wake.Reader.TryRead(out var _);
    }

    /// <returns>False when something of it was refused.</returns>
    private async Task<bool> ExchangeAsync(FleetState? hint, CancellationToken cancellationToken)
    {
        FleetState state;
        try
        {
            if (hint is not null && _status.ReachableSince is not null && _time.GetElapsedTime(_asked) < AskAgain)
            {
                state = hint;
            }
            else
            {
                var answer = await _client.GetStateAsync(cancellationToken);
                state = answer.State;
                _asked = _time.GetTimestamp();
                _clock.Heard(answer.Offset);
                _status = _status with { ClockOffset = answer.Offset, RoundTrip = answer.RoundTrip };
            }
        }
        catch (PeerException e) when (e.Fault is PeerFault.UnknownToPeer or PeerFault.WrongKey)
        {
            try
            {
                if (await _trustExchange.MendAsync(e, cancellationToken))
                {
                    _wake.Writer.TryWrite(0);
                }
            }
            catch (PeerException)
            {
                // What is wrong is that the keys do not fit; that this could not be mended either is no better news.
            }

            throw;
        }

        if (state.Fleet != _documents.Fleet.Fleet)
        {
            throw new PeerException(PeerFault.Garbage, $"Site {Peer.Site} belongs to fleet {state.Fleet}; this one to {_documents.Fleet.Fleet}.");
        }

        Reached(state);
        _theirTrust = (state.Trust.Version, state.Trust.Sha256);
        if (_documents.Fleet.TrustVersion is var trust && trust != _trust)
        {
            // Another trust document may think otherwise of what was refused.
            _trust = trust;
            _refused.Clear();
        }

        var clean = await _trustExchange.FetchAsync(state.Trust, cancellationToken);

        // What this site itself has said comes first: before it knows that, it signs nothing.
        if (state.Sites.GetValueOrDefault(_documents.Fleet.Site) is { } own)
        {
            clean &= await FetchSiteAsync(_documents.Fleet.Site, own, cancellationToken);
        }

        if (!HasAnswered && !_again)
        {
            HasAnswered = true;
            _answered();
        }

        foreach (var (site, heads) in state.Sites.Where(s => s.Key != _documents.Fleet.Site
            && (_documents.Fleet.ActiveSites.ContainsKey(s.Key) || _documents.Fleet.Sites.ContainsKey(s.Key))))
        {
            clean &= await FetchSiteAsync(site, heads, cancellationToken);
        }

        // What a revoked site may still have said: no state names it, because what covers it may count no more.
        foreach (var document in _documents.Fleet.Missing.Take(MaxDocumentsOfASite))
        {
            clean &= await FetchDocumentAsync(document, cancellationToken);
        }

        _status = _status with { LastExchange = _time.GetUtcNow() };
        return clean;
    }

    private async Task<bool> FetchSiteAsync(string site, SiteHeads heads, CancellationToken cancellationToken)
    {
        var clean = true;
        foreach (var document in heads.Documents.Take(MaxDocumentsOfASite))
        {
            clean &= await FetchDocumentAsync(document, cancellationToken);
        }

        clean &= await FetchHoldingsAsync(site, heads.Holdings, cancellationToken);
        return clean & await FetchMembersAsync(site, heads.Members, cancellationToken);
    }

    private async Task<bool> FetchDocumentAsync(Sha256Digest document, CancellationToken cancellationToken)
    {
        var missed = _documents.Fleet.Missing.Contains(document);
        if ((!missed && _documents.Fleet.Knows(document)) || _refused.Holds(document))
        {
            return true;
        }

        byte[] envelope;
        try
        {
            envelope = await _client.GetDocumentAsync(document, cancellationToken);
        }
        catch (PeerException e) when (e.Fault == PeerFault.NotFound)
        {
            // Replaced since it said so; it says so again. What a keep-list names, it may never have had.
            _again |= !missed;
            return true;
        }
        catch (PeerException e) when (e.Fault == PeerFault.Garbage)
        {
            return Took(Garbage(e), document);
        }

        var report = _documents.AdmitDocument(document, envelope, ImmutableDictionary<Sha256Digest, ReadOnlyMemory<byte>>.Empty, Peer.Site);
        if (report.MissingChunks.Count == 0)
        {
            return Took(report, document);
        }

        var chunks = new Dictionary<Sha256Digest, ReadOnlyMemory<byte>>();
        try
        {
            foreach (var some in report.MissingChunks.Chunk(ChunksAtOnce))
            {
                foreach (var (hash, bytes) in await Task.WhenAll(some.Select(async c => (c.Sha256, await _client.GetChunkAsync(c, cancellationToken)))))
                {
                    chunks[hash] = bytes;
                }
            }
        }
        catch (PeerException e) when (e.Fault == PeerFault.NotFound)
        {
            _again = true;
            return true;
        }
        catch (PeerException e) when (e.Fault == PeerFault.Garbage)
        {
            return Took(Garbage(e), document);
        }

        return Took(_documents.AdmitDocument(document, envelope, chunks, Peer.Site), document);
    }

    private async Task<bool> FetchHoldingsAsync(string site, StatementHead? theirs, CancellationToken cancellationToken)
    {
        var (fleet, ours) = (_documents.Fleet, _documents.Fleet.Sites.GetValueOrDefault(site)?.Holdings);

        // This site's own tell nothing but how far it counted: they matter when that is further than it knows.
        return (site == fleet.Site && theirs is not null && theirs.Epoch <= fleet.Epoch && theirs.Epoch != ours?.Epoch)
            || await FetchStatementAsync(
                site, theirs, ours, _client.GetHoldingsAsync, (from, envelope) => _documents.AdmitHoldings(from, envelope, Peer.Site), cancellationToken);
    }

    private Task<bool> FetchMembersAsync(string site, StatementHead? theirs, CancellationToken cancellationToken) => FetchStatementAsync(
        site, theirs, _documents.Fleet.Sites.GetValueOrDefault(site)?.Members, _client.GetMembersAsync,
        (from, envelope) => _documents.AdmitMembers(from, envelope, Peer.Site), cancellationToken);

    private async Task<bool> FetchStatementAsync(
        string site,
        StatementHead? theirs,
        SignedStatement? ours,
        Func<string, CancellationToken, Task<byte[]>> get,
        Func<string, byte[], AdmitReport> admit,
        CancellationToken cancellationToken)
    {
        if (theirs is null || theirs.Sha256 == ours?.Sha256 || _refused.Holds(theirs.Sha256)
            || (ours is not null && (theirs.Epoch, theirs.Seq).CompareTo((ours.Epoch, ours.Seq)) <= 0))
        {
            return true;
        }

        try
        {
            return Took(admit(site, await get(site, cancellationToken)), theirs.Sha256);
        }
        catch (PeerException e) when (e.Fault == PeerFault.NotFound)
        {
            return true;
        }
        catch (PeerException e) when (e.Fault == PeerFault.Garbage)
        {
            return Took(Garbage(e), theirs.Sha256);
        }
    }

    /// <summary>One thing that cannot be what it is said to be does not stop the others.</summary>
    private static AdmitReport Garbage(PeerException e) => new(Violation: new RuleViolation("garbage", e.Message));

    /// <summary>Counts and shows a refusal, once for each document. Whoever handed on what it had to believe is not blamed for it.</summary>
    /// <returns>False when the peer is to blame.</returns>
    private bool Took(AdmitReport report, Sha256Digest? what)
    {
        if (report.Violation is not { } violation)
        {
            return true;
        }

        if (what is { } document)
        {
            _refused.Add(document);
        }

        _metrics.Refused(Peer.Site, violation.Rule);
        Log.Refused(_log, Peer.Site, violation.ToString());
        var fleet = _documents.Fleet;
        if (violation.Rule == Rules.ManifestVoided || (Rules.AsksTrust(violation.Rule) && (fleet.TrustVersion, fleet.TrustHash) != _theirTrust))
        {
            return true;
        }

        if (violation.Signer is { } signer && signer != Peer.Site)
        {
            _status = _status.WithRelayed(signer, violation.Rule, violation.ToString(), _time.GetUtcNow());
            return true;
        }

        _status = _status.WithRefusal(violation.Rule, violation.ToString(), _time.GetUtcNow());
        return false;
    }

    private void Reached(FleetState state)
    {
        if (_status.ReachableSince is null)
        {
            Log.Reached(_log, Peer.Site, _status.Address);
        }

        _status = _status with
        {
            ReachableSince = _status.ReachableSince ?? _time.GetUtcNow(),
            Error = null,
            ErrorCode = null,
            ErrorSince = null,
            TrustVersion = state.Trust.Version,
        };
    }

    /// <summary>The peer asks or tells this site something: the way from there works.</summary>
    public void Called() => Volatile.Write(ref _called, _time.GetUtcNow().UtcTicks);

    private void Fail(PeerException e)
    {
        var code = e.Fault.ToString().ToLowerInvariant();
        _metrics.Failed(Peer.Site, code);
        if (_status.ErrorCode != code)
        {
            Log.Failed(_log, Peer.Site, e.Message);
        }

        _status = _status with
        {
            ReachableSince = null,
            Error = e.Message,
            ErrorCode = code,
            ErrorSince = _status.ErrorSince ?? _time.GetUtcNow(),
        };
    }
}
