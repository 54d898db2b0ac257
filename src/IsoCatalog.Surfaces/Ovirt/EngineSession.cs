using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces.Files;

namespace IsoCatalog.Surfaces.Ovirt;

/// <summary>
/// Asks as a user who is logged in: one token for all requests, a new one when it has run out or is not taken any more. A password that was refused is not
/// tried again for a while, or until the file has another one. Thread-safe.
/// </summary>
internal sealed class EngineSession(EngineOptions engine, EngineTiming timing, IEngineSso sso, TimeProvider time) : DelegatingHandler
{
    private const int MaxPassword = 4096;
    private static readonly TimeSpan Margin = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _turn = new(1, 1);
    private (string Token, DateTimeOffset Ends)? _token;
    private (string Password, EngineException Refusal, DateTimeOffset Until)? _denied;

    /// <summary>Gives the token back, if there is one and the engine takes it.</summary>
    public async Task LogOutAsync(CancellationToken cancellationToken)
    {
        if (_token is not { } token)
        {
            return;
        }

        _token = null;
        try
        {
            using var form = new FormUrlEncodedContent([new("scope", "ovirt-app-api"), new("token", token.Token)]);
            await sso.LogOutAsync(form, cancellationToken);
        }
        catch (EngineException)
        {
            // It runs out by itself.
        }
    }

    /// <exception cref="EngineException">There is no answer, or the engine does not let this user in.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var token = await TokenAsync(instead: null, cancellationToken);
        var answer = await AskAsync(request, token, cancellationToken);
        if (answer.StatusCode == HttpStatusCode.Unauthorized)
        {
            answer = await AskAsync(request, await TokenAsync(instead: token, cancellationToken), cancellationToken);
        }

        return answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? throw new EngineException(
                ReasonCode.EngineDenied,
                $"The engine {engine.Url} does not let {engine.User} ask for {engine.PathOf(request).Split('?')[0]}: give that user a role that may read it.")
            : answer;
    }

    protected override void Dispose(bool disposing)
    {
        _turn.Dispose();
        base.Dispose(disposing);
    }

    private Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, string token, CancellationToken cancellationToken)
    {
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return base.SendAsync(request, cancellationToken);
    }

    /// <param name="instead">The token that was not taken; whoever comes second gets the one that the first has fetched.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    private async Task<string> TokenAsync(string? instead, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_token is { } known && known.Token != instead && known.Ends - time.GetUtcNow() is var left && left > TimeSpan.Zero && left <= TimeSpan.FromDays(1))
            {
                return known.Token;
            }

            var fresh = await LogInAsync(cancellationToken);
            _token = fresh;
            return fresh.Token;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<(string Token, DateTimeOffset Ends)> LogInAsync(CancellationToken cancellationToken)
    {
        var password = Password();
        if (_denied is { } denied && denied.Password == password && denied.Until - time.GetUtcNow() is var wait && wait > TimeSpan.Zero && wait <= timing.Denied)
        {
            throw denied.Refusal;
        }

        using var form = new FormUrlEncodedContent(
        [
            new("grant_type", "password"), new("scope", "ovirt-app-api"), new("username", engine.User), new("password", password),
        ]);
        using var answer = await sso.LogInAsync(form, cancellationToken);
        var isJson = answer.ContentHeaders?.ContentType?.MediaType == "application/json";
        if (answer.StatusCode == HttpStatusCode.OK && isJson && answer.Content is { AccessToken: { Length: > 0 and < 16_384 } token } said && IsPlain(token))
        {
            _denied = null;
            return (token, EndOf(said.Exp));
        }

        if (answer.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden && isJson)
        {
            var refusal = new EngineException(
                ReasonCode.EngineDenied,
                $"The engine {engine.Url} does not accept {engine.User} with the password in {engine.PasswordFile}. Nothing is tried again for "
                + $"{timing.Denied.TotalMinutes:0} minutes, or until that file changes, so that the account is not locked.");
            _denied = (password, refusal, time.GetUtcNow() + timing.Denied);
            throw refusal;
        }

        throw new EngineException(
            ReasonCode.SurfaceUnreachable, $"The engine {engine.Url} answered a login with HTTP {(int)answer.StatusCode!} and no token: is that the engine's URL?")
        {
            Passing = answer.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout,
        };
    }

    private string Password()
    {
        try
        {
            var password = SmallFile.ReadText(engine.PasswordFile, MaxPassword).TrimEnd('\r', '\n');
            return password.Length > 0
                ? password
                : throw new EngineException(ReasonCode.EngineDenied, $"{engine.PasswordFile} is empty; it must have the password of {engine.User} in it.");
        }
        catch (IOException exception)
        {
            throw new EngineException(
                ReasonCode.EngineDenied, $"The engine's password cannot be read from {engine.PasswordFile}: {exception.Message}", exception);
        }
    }

    private DateTimeOffset EndOf(JsonElement exp)
    {
        var text = exp.ValueKind switch
        {
            JsonValueKind.String => exp.GetString(),
            JsonValueKind.Number => exp.GetRawText(),
            _ => null,
        };
        var now = time.GetUtcNow();
        var longest = now.AddDays(1);

        // Without a time it is used until the engine says no; some engines say the end of all time.
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ms) && ms < longest.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(ms) - Margin is var ends && ends > now ? ends : now + TimeSpan.FromSeconds(1)
            : longest;
    }

    private static bool IsPlain(string token) => token.All(c => c is > ' ' and < '\x7f');
}
