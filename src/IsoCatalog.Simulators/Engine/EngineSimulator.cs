using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IsoCatalog.Simulators.Engine;

/// <summary>
/// A stand-in for an oVirt engine as far as ISO storage domains go: its SSO, its REST API in version 4, and a host's view of the domain's directory. It
/// lists what is really there, by VDSM's rules, and can be told to fail. Thread-safe. docs/simulators.md says what it does and what not.
/// </summary>
public sealed class EngineSimulator : IAsyncDisposable
{
    private const int MaxRequests = 1000;

    private readonly EngineOptions _options;
    private readonly EngineInventory _inventory;
    private readonly EngineTokens _tokens;
    private readonly ConcurrentQueue<EngineRequest> _requests = new();
    private readonly string? _ownFolder;
    private readonly EngineExchange _exchange;
    private WebApplication? _web;
    private EngineFaults _faults = EngineFaults.None;

    private EngineSimulator(EngineOptions options, EngineInventory inventory, string? caPem, string? ownFolder, string? caFile)
    {
        (_options, _inventory, _ownFolder, CaFile) = (options, inventory, ownFolder, caFile);
        _tokens = new EngineTokens(options);
        _exchange = new EngineExchange(new EngineApi(inventory, options.Time), _tokens, caPem);
        Url = new Uri("http://localhost/");
    }

    /// <summary>As a client's configuration wants it: <c>http(s)://address:port/ovirt-engine</c>.</summary>
    public Uri Url { get; private set; }

    /// <summary>The CA that a client has to trust (PEM). Null without TLS.</summary>
    public string? CaFile { get; }

    /// <summary>What goes wrong from now on; replaced as a whole: <c>engine.Faults = engine.Faults with { Down = true }</c>.</summary>
    public EngineFaults Faults
    {
        get => Volatile.Read(ref _faults);
        set => Volatile.Write(ref _faults, value ?? throw new ArgumentNullException(nameof(value)));
    }

    /// <summary>The last thousand requests, oldest first, without those of <c>/simulator</c>.</summary>
    public IReadOnlyList<EngineRequest> Requests => [.. _requests];

    /// <summary>How often hosts were asked for the files, of all domains together.</summary>
    public int Refreshes => _inventory.Domains.Sum(d => d.Files?.Refreshes ?? 0);

    /// <summary>Tokens given so far.</summary>
    public int Logins => _exchange.Logins;

    public IReadOnlyList<string> DataCenters => [.. _inventory.DataCenters.Select(c => c.Name)];

    public EngineState State => new(
        Url.ToString(),
        _options.User,
        CaFile,
        [
            .. _options.Domains.Select(d => new EngineDomainState(
                d.Id, d.Name, IsoDomainFolder.FilesOf(d.Path, d.Id), d.DataCenters.ToDictionary(c => DataCenterId(c).ToString("D"), c => c))),
        ],
        Refreshes,
        Logins);

    /// <exception cref="ArgumentException">The options are not those of an engine; the message says why.</exception>
    /// <exception cref="IOException">The address cannot be listened on, or the CA's file not be written.</exception>
    public static async Task<EngineSimulator> StartAsync(EngineOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var inventory = new EngineInventory(options);
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        ListenOptions? bound = null;
        string? caPem = null;
        string? folder = null;
        string? caFile = null;
        if (options.Tls)
        {
            (var certificate, caPem) = EngineCertificate.Make(options.Listen.Address, options.HostNames);
            folder = options.CaFile is null ? Directory.CreateTempSubdirectory("isocatalog-engine-").FullName : null;
            caFile = Path.GetFullPath(options.CaFile ?? Path.Combine(folder!, "ca.pem"));
            await File.WriteAllTextAsync(caFile, caPem, cancellationToken);
            builder.WebHost.ConfigureKestrel(k => k.Listen(options.Listen, l => Bind(l).UseHttps(certificate)));
        }
        else
        {
            builder.WebHost.ConfigureKestrel(k => k.Listen(options.Listen, l => Bind(l)));
        }

        ListenOptions Bind(ListenOptions listen)
        {
            listen.Protocols = HttpProtocols.Http1;
            return bound = listen;
        }

        var engine = new EngineSimulator(options, inventory, caPem, folder, caFile);
        try
        {
            engine._web = builder.Build();
            engine._web.Run(engine.AnswerAsync);
            await engine._web.StartAsync(cancellationToken);
        }
        catch
        {
            await engine.DisposeAsync();
            throw;
        }

        var endPoint = bound!.IPEndPoint!;
        var host = IPAddress.Any.Equals(endPoint.Address) || IPAddress.IPv6Any.Equals(endPoint.Address) ? new IPEndPoint(IPAddress.Loopback, endPoint.Port) : endPoint;
        engine.Url = new Uri($"{(options.Tls ? "https" : "http")}://{host}/ovirt-engine");
        return engine;
    }

    /// <exception cref="ArgumentException">There is no such data center.</exception>
    public Guid DataCenterId(string name) =>
        _inventory.CenterNamed(name)?.Id ?? throw new ArgumentException($"There is no data center {name}.", nameof(name));

    /// <summary>The cluster of a data center; each has one, of the same name.</summary>
    /// <exception cref="ArgumentException">There is no such data center.</exception>
    public Guid ClusterId(string dataCenter) => EngineInventory.ClusterOf(
        _inventory.CenterNamed(dataCenter) ?? throw new ArgumentException($"There is no data center {dataCenter}.", nameof(dataCenter)));

    /// <summary>All tokens that were given end now.</summary>
    public void ExpireTokens() => _tokens.EndAll();

    public async ValueTask DisposeAsync()
    {
        if (_web is not null)
        {
            // Nobody waits for the end of a delay that a fault prescribes.
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            try
            {
                await _web.StopAsync(now.Token);
            }
            catch (OperationCanceledException)
            {
                // Requests that were under way are cut.
            }

            await _web.DisposeAsync();
            _web = null;
        }

        _inventory.Dispose();
        if (_ownFolder is not null && Directory.Exists(_ownFolder))
        {
            Directory.Delete(_ownFolder, recursive: true);
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments(EngineControl.Root, StringComparison.Ordinal))
        {
            await EngineControl.AnswerAsync(context, this);
            return;
        }

        var faults = Faults;
        var status = 0;
        try
        {
            if (faults.Delay > TimeSpan.Zero)
            {
                await Task.Delay(faults.Delay, _options.Time, context.RequestAborted);
            }

            if (faults.Cut)
            {
                return;
            }

            await _exchange.AnswerAsync(context, faults);
            status = context.Response.StatusCode;
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away.
        }
        finally
        {
            _requests.Enqueue(new EngineRequest(context.Request.Method, context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget, status));
            while (_requests.Count > MaxRequests)
            {
                _requests.TryDequeue(out _);
            }

            // Only now: whoever sees the cut finds the request that it answers.
            if (faults.Cut)
            {
                context.Abort();
            }
        }
    }
}
