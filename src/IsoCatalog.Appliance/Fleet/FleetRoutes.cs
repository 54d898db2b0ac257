using System.Net;
using System.Text.Json;
using IsoCatalog.Appliance.Documents;
using IsoCatalog.Appliance.Ledger;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Core.Trust;

namespace IsoCatalog.Appliance.Fleet;

/// <summary>What the fleet listener answers, below <c>/fleet/v1</c>. A key that no site has may exchange trust documents, slowly, and nothing else.</summary>
internal sealed class FleetRoutes(
    DocumentBook documents, SiteFolders folders, FleetMetrics metrics, TimeProvider time, ILogger<FleetRoutes> log)
{
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(60);

    private static ReadOnlyMemory<byte>? Nothing => null;

    private readonly StrangerBudgets _strangers = new(time);

    /// <summary>A peer said what it has: its site and its state. Called on the request's thread; must not wait.</summary>
    public Action<string, FleetState>? Notified { get; set; }

    /// <summary>A site calls, whatever it wants.</summary>
    public Action<string>? Called { get; set; }

    public string? SiteOf(Sha256Digest key) => documents.Fleet.SiteOf(key);

    public static FleetState StateOf(FleetSnapshot fleet, TimeProvider time) => new(
        fleet.Fleet,
        fleet.Site,
        SiteTime.ClockOf(time),
        new TrustHead(fleet.TrustVersion, fleet.TrustHash),
        fleet.Sites.ToDictionary(
            s => s.Key,
            s => new SiteHeads([.. s.Value.Documents], Head(s.Value.Holdings), Head(s.Value.Members)),
            StringComparer.Ordinal));

    public async Task HandleAsync(HttpContext http)
    {
        using var limit = new CancellationTokenSource(RequestLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, http.RequestAborted);
        try
        {
            await AnswerAsync(http, either.Token);
        }
        catch (BadHttpRequestException bad)
        {
            await RefuseAsync(http, bad.StatusCode, FleetRefusalCode.InvalidRequest, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? "The body is too large." : "The request is not complete, or came too slowly.", either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            http.Abort();
        }
        finally
        {
            metrics.Served(http.Response.StatusCode, http.Response.ContentLength ?? 0);
        }
    }

    private static StatementHead? Head(SignedStatement? statement) => statement is null ? null : new(statement.Epoch, statement.Seq, statement.Sha256);

    private Task AnswerAsync(HttpContext http, CancellationToken cancellationToken)
    {
        var fleet = documents.Fleet;
        var key = http.Features.Get<FleetConnection>()!.Key;
        var caller = fleet.SiteOf(key);
        if (http.Request.Path.Value?.Split('/') is not ["", "fleet", "v1", var what, .. var rest] || rest.Length > 1)
        {
            return NotFoundAsync(http, cancellationToken);
        }

        if (caller == fleet.Site)
        {
            return RefuseAsync(
                http, 403, FleetRefusalCode.OwnKey, $"You show the key of site {fleet.Site}, which is this one: two machines run with the keys of one site.",
                cancellationToken);
        }

        if (caller is null)
        {
            if (what != "trust")
            {
                metrics.Stranger();
                return RefuseAsync(
                    http, 403, FleetRefusalCode.UnknownKey, $"No site of trust version {fleet.TrustVersion} has the key {key}.", cancellationToken);
            }

            if (!_strangers.TryTake(http.Connection.RemoteIpAddress ?? IPAddress.None))
            {
                http.Response.Headers.RetryAfter = "5";
                return RefuseAsync(http, 429, FleetRefusalCode.TooManyRequests, "Trust documents are exchanged slowly with unknown keys.", cancellationToken);
            }

            // The trust document has the addresses of all sites. A key that no site ever had hands over newer ones, and is told of none.
            if (http.Request.Method != HttpMethods.Post && !fleet.Trust.WasOfASite(key.ToString()))
            {
                return NotFoundAsync(http, cancellationToken);
            }
        }

        if (caller is not null)
        {
            Called?.Invoke(caller);
        }

        return (http.Request.Method, what, rest) switch
        {
            ("GET", "state", []) => StateAsync(http, fleet, cancellationToken),
            ("GET", "documents", [var hash]) => BytesAsync(
                http, Sha256Digest.TryParse(hash, out var digest) && fleet.Documents.TryGetValue(digest, out var envelope) ? envelope : Nothing, cancellationToken),
            ("GET", "chunks", [var hash]) => FileAsync(http, Sha256Digest.TryParse(hash, out var digest) ? folders.ChunkFile(digest) : null, cancellationToken),
            ("GET", "holdings", [var site]) => BytesAsync(http, Body(fleet.Sites.GetValueOrDefault(site)?.Holdings?.Envelope), cancellationToken),
            ("GET", "members", [var site]) => BytesAsync(http, Body(fleet.Sites.GetValueOrDefault(site)?.Members?.Envelope), cancellationToken),
            ("GET", "torrents", [var root]) => FileAsync(http, Sha256Digest.TryParse(root, out var digest) ? folders.MetainfoFile(digest) : null, cancellationToken),
            ("GET", "trust", [var version]) => FileAsync(
                http,
                long.TryParse(version, System.Globalization.NumberStyles.None, null, out var number) && number <= fleet.TrustVersion ? folders.TrustFile(number) : null,
                cancellationToken),
            ("POST", "trust", []) => TrustAsync(http, fleet, isKnown: caller is not null, cancellationToken),
            ("POST", "notify", []) => NotifyAsync(http, caller!, fleet, cancellationToken),
            _ => NotFoundAsync(http, cancellationToken),
        };
    }

    private Task StateAsync(HttpContext http, FleetSnapshot fleet, CancellationToken cancellationToken) =>
        BytesAsync(http, JsonSerializer.SerializeToUtf8Bytes(StateOf(fleet, time), FleetJson.Default.FleetState), cancellationToken);

    private async Task NotifyAsync(HttpContext http, string caller, FleetSnapshot fleet, CancellationToken cancellationToken)
    {
        FleetState state;
        try
        {
            state = CompleteJson.Read(await BodyAsync(http, FleetState.MaxBytes, cancellationToken), FleetJson.Default.FleetState);
        }
        catch (JsonException)
        {
            await RefuseAsync(http, 400, FleetRefusalCode.InvalidRequest, "The body is not the state of a site.", cancellationToken);
            return;
        }

        if (state.Fleet != fleet.Fleet || state.Site != caller)
        {
            await RefuseAsync(
                http, 409, FleetRefusalCode.WrongFleet, $"This is site {fleet.Site} of fleet {fleet.Fleet}; you are {caller} to it.", cancellationToken);
            return;
        }

        Notified?.Invoke(caller, state);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private async Task TrustAsync(HttpContext http, FleetSnapshot fleet, bool isKnown, CancellationToken cancellationToken)
    {
        var body = await BodyAsync(http, FleetLimits.Trust, cancellationToken);
        var refusal = isKnown || fleet.Trust.IsByARoot(body)
            ? documents.AdmitTrust(body, late: true).Violation
            : new RuleViolation(Rules.TrustOldRoots, "No root key of this fleet has signed it.");
        if (refusal is not null)
        {
            Log.TrustRefused(log, http.Connection.RemoteIpAddress, refusal.ToString());
            await RefuseAsync(http, 422, FleetRefusalCode.Refused, refusal.ToString(), cancellationToken);
            return;
        }

        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private static async Task<byte[]> BodyAsync(HttpContext http, int most, CancellationToken cancellationToken)
    {
        if (http.Request.ContentLength > most)
        {
            throw new BadHttpRequestException($"The body has {http.Request.ContentLength} bytes; {most} are allowed.", 413);
        }

        using var body = new MemoryStream();
        var buffer = new byte[16 << 10];
        while (await http.Request.Body.ReadAsync(buffer, cancellationToken) is > 0 and var read)
        {
            if (body.Length + read > most)
            {
                throw new BadHttpRequestException($"The body has more than {most} bytes.", 413);
            }

            body.Write(buffer, 0, read);
        }

        return body.ToArray();
    }

    private static async Task FileAsync(HttpContext http, string? path, CancellationToken cancellationToken)
    {
        byte[]? bytes = null;
        try
        {
            bytes = path is null ? null : await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone between the state and the request, or never there: the caller asks for the state again.
        }

        await BytesAsync(http, Body(bytes), cancellationToken);
    }

    /// <summary>An array that is null would turn into memory that is empty.</summary>
    private static ReadOnlyMemory<byte>? Body(byte[]? bytes) => bytes is null ? Nothing : bytes;

    private static Task BytesAsync(HttpContext http, ReadOnlyMemory<byte>? body, CancellationToken cancellationToken)
    {
        if (body is not { } bytes)
        {
            return NotFoundAsync(http, cancellationToken);
        }

        http.Response.ContentType = "application/octet-stream";
        http.Response.ContentLength = bytes.Length;
        return http.Response.Body.WriteAsync(bytes, cancellationToken).AsTask();
    }

    private static Task NotFoundAsync(HttpContext http, CancellationToken cancellationToken) => WriteAsync(
        http, 404, new FleetRefusal(FleetRefusalCode.NotFound, "There is no such thing here."), cancellationToken);

    private Task RefuseAsync(HttpContext http, int status, string code, string detail, CancellationToken cancellationToken)
    {
        var fleet = documents.Fleet;
        return WriteAsync(http, status, new FleetRefusal(code, detail, new TrustHead(fleet.TrustVersion, fleet.TrustHash)), cancellationToken);
    }

    private static Task WriteAsync(HttpContext http, int status, FleetRefusal refusal, CancellationToken cancellationToken)
    {
        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        var bytes = JsonSerializer.SerializeToUtf8Bytes(refusal, FleetJson.Default.FleetRefusal);
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = bytes.Length;
        return http.Response.Body.WriteAsync(bytes, cancellationToken).AsTask();
    }
}
