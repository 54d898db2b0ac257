using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IsoCatalog.Core.Hashing;
using IsoCatalog.Swarm;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.IntegrationTests.Swarm;

/// <summary>Engines on loopback that know each other's keys, and all that they said.</summary>
internal sealed class SwarmSites : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Sha256Digest, string> _names = new();
    private readonly Dictionary<string, X509Certificate2> _certificates = [];
    private readonly List<SwarmEngine> _engines = [];

    public TempFolder Folder { get; } = new();

    public ConcurrentQueue<SwarmEvent> Events { get; } = new();

    public SwarmEngine Start(string name, Func<SwarmOptions, SwarmOptions>? change = null)
    {
        var certificate = Certificate(name);
        _names[KeyOf(certificate)] = name;
        var options = new SwarmOptions
        {
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            ListenPlain = new IPEndPoint(IPAddress.Loopback, 0),
            PlainAllow = [IPNetwork.Parse("127.0.0.0/8")],
            Certificate = certificate,
            PeerName = key => _names.GetValueOrDefault(key),
        };
        var engine = new SwarmEngine(change?.Invoke(options) ?? options, TimeProvider.System, Events.Enqueue);
        engine.Start();
        _engines.Add(engine);
        return engine;
    }

    /// <summary>What a site shows that is started afterwards, instead of a certificate of its own.</summary>
    public void Show(string name, X509Certificate2 certificate) => _certificates[name] = certificate;

    /// <summary>The engine as others are to be told of it: over TLS with its key, or in plain text.</summary>
    public SwarmPeer Peer(string name, SwarmEngine engine, bool plain = false) =>
        plain ? new SwarmPeer(name, engine.PlainEndpoint!, Spki: null) : new SwarmPeer(name, engine.Endpoint!, KeyOf(Certificate(name)));

    /// <summary>From now on nobody knows the key of a site.</summary>
    public void Distrust(string name) => _names.TryRemove(KeyOf(Certificate(name)), out _);

    public string Combine(string name) => Folder.Combine(name);

    /// <summary>Waits until something holds, which other threads bring about.</summary>
    public static async Task Until(Func<bool> holds, string what, int seconds = 20)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(seconds));
        while (!holds())
        {
            Assert.False(deadline.IsCancellationRequested, $"Not within {seconds} s: {what}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    public async Task<TransferOutcome.Completed> Completed(Transfer transfer, int seconds = 30)
    {
        try
        {
            var outcome = await transfer.Completion.WaitAsync(TimeSpan.FromSeconds(seconds), TestContext.Current.CancellationToken);
            return Assert.IsType<TransferOutcome.Completed>(outcome);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{transfer.Progress}\n{string.Join('\n', Events.Select(said => said.ToString()))}", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
        {
            await engine.DisposeAsync();
        }

        foreach (var certificate in _certificates.Values)
        {
            certificate.Dispose();
        }

        Folder.Dispose();
    }

    private X509Certificate2 Certificate(string name)
    {
        if (!_certificates.TryGetValue(name, out var certificate))
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
            using var made = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
            _certificates[name] = certificate = X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
        }

        return certificate;
    }

    private static Sha256Digest KeyOf(X509Certificate2 certificate) => new(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));
}
