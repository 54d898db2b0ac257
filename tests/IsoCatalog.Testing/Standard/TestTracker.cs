using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using System.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.Testing.Standard;

/// <summary>What a client told the tracker.</summary>
/// <param name="InfoHash">40 lowercase hex digits.</param>
/// <param name="Peer">Where it listens: the address it called from and the port it named.</param>
/// <param name="Left">Bytes it still lacks.</param>
/// <param name="Event"><c>started</c>, <c>completed</c>, <c>stopped</c> or null.</param>
public sealed record Announce(string InfoHash, IPEndPoint Peer, long Left, string? Event);

/// <summary>
/// A small HTTP tracker (BEP 3, compact answers as in BEP 23) for clients that can be told of peers in no other way. Each client hears of
/// the peers named here and of the others that announced the same torrent; the test hears when a client starts and when it is complete.
/// </summary>
public sealed class TestTracker : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(45);

    private readonly Lock _lock = new();
    private readonly WebApplication _app;
    private readonly List<Announce> _announces = [];
    private readonly List<IPEndPoint> _named = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TestTracker(WebApplication app) => _app = app;

    public string Url => $"{_app.Urls.First()}/announce";

    public static async Task<TestTracker> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var tracker = new TestTracker(app);
        app.Run(tracker.AnswerAsync);
        await app.StartAsync(cancellationToken);
        return tracker;
    }

    /// <summary>From now on every client hears of this peer, whatever torrent it asks for.</summary>
    public void Name(IPEndPoint peer)
    {
        lock (_lock)
        {
            _named.Add(peer);
        }
    }

    /// <summary>The first announce of this torrent that is as wanted, made before or still to come.</summary>
    public async Task<Announce> HeardAsync(string infoHash, Func<Announce, bool> wanted, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        while (true)
        {
            Task news;
            lock (_lock)
            {
                if (_announces.Find(announce => announce.InfoHash == infoHash && wanted(announce)) is { } found)
                {
                    return found;
                }

                news = _news.Task;
            }

            try
            {
                await news.WaitAsync(limit.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                lock (_lock)
                {
                    Assert.Fail($"No such announce of {infoHash} within {Patience}. Heard:\n{string.Join('\n', _announces)}");
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var query = Query(context.Request.QueryString.Value ?? "");
        var announce = new Announce(
            Convert.ToHexStringLower(query["info_hash"]),
            new IPEndPoint(context.Connection.RemoteIpAddress!, Number(query, "port")),
            long.Parse(Encoding.ASCII.GetString(query["left"]), CultureInfo.InvariantCulture),
            query.TryGetValue("event", out var name) && name.Length > 0 ? Encoding.ASCII.GetString(name) : null);
        var answer = Answer(announce);
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    private byte[] Answer(Announce announce)
    {
        TaskCompletionSource news;
        List<byte> peers = [];
        lock (_lock)
        {
            foreach (var peer in _named.Concat(_announces.Where(a => a.InfoHash == announce.InfoHash).Select(a => a.Peer)).Distinct())
            {
                if (!peer.Equals(announce.Peer))
                {
                    var port = new byte[2];
                    BinaryPrimitives.WriteUInt16BigEndian(port, (ushort)peer.Port);
                    peers.AddRange([.. peer.Address.GetAddressBytes(), .. port]);
                }
            }

            _announces.Add(announce);
            (news, _news) = (_news, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        news.SetResult();
        return [.. Encoding.ASCII.GetBytes($"d8:completei1e10:incompletei1e8:intervali2e12:min intervali1e5:peers{peers.Count}:"), .. peers, (byte)'e'];
    }

    private static int Number(Dictionary<string, byte[]> query, string key) =>
        int.Parse(Encoding.ASCII.GetString(query[key]), CultureInfo.InvariantCulture);

    // The info hash is no text, so the server's own reading of the query does not serve.
    private static Dictionary<string, byte[]> Query(string query)
    {
        var fields = new Dictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var field in query.TrimStart('?').Split('&'))
        {
            var parts = field.Split('=', 2);
            fields[parts[0]] = parts.Length == 2 ? HttpUtility.UrlDecodeToBytes(parts[1]) : [];
        }

        return fields;
    }
}
