using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Appliance.Api;
using IsoCatalog.Appliance.Configuration;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.IntegrationTests.Access;

/// <summary>A real Kestrel with the API's access control in front of three endpoints, on loopback and on a Unix socket.</summary>
public sealed class AccessTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "isocatalog-" + Guid.NewGuid())).FullName;
    private readonly ConcurrentQueue<string> _log = new();
    private readonly (string Text, Core.Hashing.Sha256Digest Sha256) _panel = Token.Generate();
    private readonly (string Text, Core.Hashing.Sha256Digest Sha256) _admin = Token.Generate();
    private readonly (string Text, Core.Hashing.Sha256Digest Sha256) _faraway = Token.Generate();
    private readonly List<WebApplication> _apps = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Socket => Path.Combine(_folder, "s.sock");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var app in _apps)
        {
            await app.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_role_opens_what_it_may_and_nothing_more()
    {
        using var client = await StartAsync(new AccessOptions { Tokens = Tokens() });

        Assert.Equal("panel", await GetTextAsync(client, "/panel", _panel.Text));
        Assert.Equal("root", await GetTextAsync(client, "/panel", _admin.Text));
        Assert.Equal("root", await GetTextAsync(client, "/unmarked", _admin.Text));
        await RefusedAsync(client, "/operator", _panel.Text, 403, "forbidden");
        await RefusedAsync(client, "/unmarked", _panel.Text, 403, "forbidden");
        await RefusedAsync(client, "/panel", _faraway.Text, 403, "address-not-allowed");
    }

    [Fact]
    public async Task The_role_nearest_to_the_endpoint_counts()
    {
        using var client = await StartAsync(new AccessOptions { Tokens = Tokens() });

        await RefusedAsync(client, "/group/inherits", _panel.Text, 403, "forbidden");
        Assert.Equal("panel", await GetTextAsync(client, "/group/says-less", _panel.Text));
        await RefusedAsync(client, "/group/says-more", _panel.Text, 403, "forbidden");
        Assert.Equal("root", await GetTextAsync(client, "/group/says-more", _admin.Text));
    }

    [Fact]
    public async Task Without_a_known_token_there_is_a_challenge_and_a_problem()
    {
        using var client = await StartAsync(new AccessOptions { Tokens = Tokens() });

        var none = await RefusedAsync(client, "/panel", null, 401, "unauthorized");
        Assert.Equal("Bearer realm=\"isocatalog\"", none);
        var wrong = await RefusedAsync(client, "/panel", "wrong", 401, "unauthorized");
        Assert.Contains("error=\"invalid_token\"", wrong, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Probes_need_no_token_and_unknown_paths_and_methods_say_what_they_are()
    {
        using var client = await StartAsync(new AccessOptions { Tokens = Tokens() });

        Assert.Equal("well", await GetTextAsync(client, "/healthz", null));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(new Uri("/none", UriKind.Relative), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await client.PostAsync(new Uri("/panel", UriKind.Relative), null, Cancel)).StatusCode);
    }

    [Fact]
    public async Task The_unix_socket_is_admin_and_asks_for_no_token()
    {
        using var client = await StartAsync(new AccessOptions { Tokens = Tokens() });
        using var onSocket = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new Uri("http://isocatalog") };

        Assert.Equal("socket", await GetTextAsync(onSocket, "/unmarked", null));
        await RefusedAsync(client, "/unmarked", null, 401, "unauthorized");
    }

    [Fact]
    public async Task An_open_loopback_listener_needs_no_token_but_refuses_rebinding_and_other_pages()
    {
        using var client = await StartAsync(new AccessOptions { Tokens = Tokens(), OpenOnLoopback = true });

        Assert.Equal("loopback", await GetTextAsync(client, "/unmarked", null));
        Assert.Equal(HttpStatusCode.Forbidden, await WithHeaderAsync(client, "Host", "evil.example.com:" + client.BaseAddress!.Port));
        Assert.Equal(HttpStatusCode.Forbidden, await WithHeaderAsync(client, "Origin", "http://evil.example.com"));
        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(client, "Origin", client.BaseAddress.GetLeftPart(UriPartial.Authority)));
        Assert.Equal(HttpStatusCode.Unauthorized, await WithHeaderAsync(client, "X-Forwarded-For", "10.1.2.3"));
    }

    [Fact]
    public async Task Forwarded_addresses_count_only_behind_a_trusted_proxy()
    {
        using var trusting = await StartAsync(new AccessOptions { Tokens = Tokens(), TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] });
        using var other = await StartAsync(new AccessOptions { Tokens = Tokens() }, socket: false);

        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(trusting, "X-Forwarded-For", "6.6.6.6, 203.0.113.5", _faraway.Text, "/panel"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithHeaderAsync(trusting, "X-Forwarded-For", "203.0.113.5, 6.6.6.6", _faraway.Text, "/panel"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithHeaderAsync(other, "X-Forwarded-For", "203.0.113.5", _faraway.Text, "/panel"));
    }

    [Fact]
    public async Task A_client_that_opens_a_quotation_mark_does_not_hide_behind_the_proxy()
    {
        using var trusting = await StartAsync(new AccessOptions
        {
            Tokens = new TokenTable([new TokenConfiguration("tokens[0]", "here", Role.Panel, _panel.Sha256, [IPNetwork.Parse("127.0.0.1/32")])]),
            TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")],
        });

        Assert.Equal(HttpStatusCode.OK, await WithHeaderAsync(trusting, "X-Forwarded-For", "127.0.0.1", _panel.Text, "/panel"));
        Assert.Equal(HttpStatusCode.Forbidden, await WithHeaderAsync(trusting, "X-Forwarded-For", "\", 203.0.113.5", _panel.Text, "/panel"));
    }

    [Fact]
    public async Task What_a_trusted_proxy_says_of_host_and_scheme_changes_nothing_and_the_socket_is_who_it_is()
    {
        using var trusting = await StartAsync(new AccessOptions { Tokens = Tokens(), TrustedProxies = [IPNetwork.Parse("127.0.0.1/32")] });
        using var onSocket = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new Uri("http://isocatalog") };
        var before = await GetTextAsync(trusting, "/where", _panel.Text);

        foreach (var header in new[] { ("X-Forwarded-Host", "evil.example.com"), ("X-Forwarded-Proto", "https"), ("X-Forwarded-Prefix", "/evil") })
        {
            using var response = await SendAsync(trusting, "/where", _panel.Text, header);
            Assert.Equal(before, await response.Content.ReadAsStringAsync(Cancel));
        }

        using var socket = await SendAsync(onSocket, "/unmarked", null, ("X-Forwarded-For", "203.0.113.5"));
        Assert.Equal("socket", await socket.Content.ReadAsStringAsync(Cancel));
    }

    [Fact]
    public async Task Guessing_is_slowed_down_and_counted_and_no_token_reaches_the_log()
    {
        using var client = await StartAsync(new AccessOptions { Tokens = Tokens() });
        var refused = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        using var listener = ListenTo(_apps[0].Services.GetRequiredService<IMeterFactory>(), refused);

        for (var i = 0; i < AttemptLimit.Burst; i++)
        {
            await RefusedAsync(client, "/panel", $"wrongtoken{i}", 401, "unauthorized");
        }

        await RefusedAsync(client, "/panel", "wrongtoken", 429, "too-many-attempts");

        Assert.Equal(AttemptLimit.Burst, refused["unauthorized"]);
        Assert.Equal(1, refused["too-many-attempts"]);
        Assert.Contains(_log, line => line.Contains("Refused GET /panel", StringComparison.Ordinal));
        Assert.DoesNotContain(_log, line => line.Contains("wrongtoken", StringComparison.Ordinal) || line.Contains(_panel.Text, StringComparison.Ordinal));
    }

    private static MeterListener ListenTo(IMeterFactory meters, ConcurrentDictionary<string, long> refused)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name == "isocatalog.api.refused" && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) => refused.AddOrUpdate((string)tags[0].Value!, value, (_, sum) => sum + value));
        listener.Start();
        return listener;
    }

    private TokenTable Tokens() => new(
    [
        new TokenConfiguration("tokens[0]", "panel", Role.Panel, _panel.Sha256, []),
        new TokenConfiguration("tokens[1]", "root", Role.Admin, _admin.Sha256, [IPNetwork.Parse("127.0.0.0/8")]),
        new TokenConfiguration("tokens[2]", "faraway", Role.Panel, _faraway.Sha256, [IPNetwork.Parse("203.0.113.0/24")]),
    ]);

    private async Task<HttpClient> StartAsync(AccessOptions options, bool socket = true)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddProvider(new Recorder(_log)).SetMinimumLevel(LogLevel.Trace);
        builder.WebHost.UseKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            if (socket)
            {
                kestrel.ListenUnixSocket(Socket);
            }
        });
        builder.Services.AddAccess(options);
        var app = builder.Build();
        _apps.Add(app);
        app.UseAccess(AccessProblem.WriteAsync);
        Map(app);
        await app.StartAsync(Cancel);
        var address = app.Urls.Single(url => url.StartsWith("http://127", StringComparison.Ordinal));
        return new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(address) };
    }

    private static void Map(IEndpointRouteBuilder app)
    {
        RequestDelegate whoAmI = context => context.Response.WriteAsync(context.Caller().Name);
        app.MapGet("/panel", whoAmI).RequireRole(Role.Panel);
        app.MapGet("/operator", whoAmI).RequireRole(Role.Operator);
        app.MapGet("/unmarked", whoAmI);
        app.MapGet("/where", context => context.Response.WriteAsync(context.Request.GetEncodedUrl())).RequireRole(Role.Panel);
        var group = app.MapGroup("/group").RequireRole(Role.Operator);
        group.MapGet("/inherits", whoAmI);
        group.MapGet("/says-more", whoAmI).RequireRole(Role.Admin);
        group.MapGet("/says-less", whoAmI).RequireRole(Role.Panel);
        app.MapGet("/healthz", context => context.Response.WriteAsync("well")).OpenToAll();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private static async Task<string> GetTextAsync(HttpClient client, string path, string? token)
    {
        using var response = await SendAsync(client, path, token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(Cancel);
    }

    private static async Task<string> RefusedAsync(HttpClient client, string path, string? token, int status, string code)
    {
        using var response = await SendAsync(client, path, token);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType!.MediaType);
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("urn:isocatalog:problem:" + code, problem.RootElement.GetProperty("type").GetString());
        Assert.Equal(status, problem.RootElement.GetProperty("status").GetInt32());
        return response.Headers.WwwAuthenticate.ToString();
    }

    private static async Task<HttpStatusCode> WithHeaderAsync(HttpClient client, string name, string value, string? token = null, string path = "/unmarked")
    {
        using var response = await SendAsync(client, path, token, (name, value));
        return response.StatusCode;
    }

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, string path, string? token, (string Name, string Value)? header = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Authorization = token is null ? null : new AuthenticationHeaderValue("Bearer", token);
        if (header is { } extra)
        {
            request.Headers.TryAddWithoutValidation(extra.Name, extra.Value);
        }

        return client.SendAsync(request, Cancel);
    }

    private sealed class Recorder(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(formatter(state, exception));
    }
}
