using System.Net;

namespace IsoCatalog.Benchmarks.Swarm;

/// <summary>Our two ends: a sender that goes on through all runs, and a new receiver for each.</summary>
internal sealed class SwarmEnds : IAsyncDisposable
{
    private readonly LiveChild _sender;
    private readonly IPEndPoint _address;
    private readonly TransferFiles _files;
    private readonly Identities? _identities;

    private SwarmEnds(LiveChild sender, IPEndPoint address, TransferFiles files, Identities? identities) =>
        (_sender, _address, _files, _identities) = (sender, address, files, identities);

    /// <param name="wrapper">Where the sender runs.</param>
    /// <param name="identities">For mutual TLS; null for plain BitTorrent.</param>
    public static async Task<SwarmEnds> StartAsync(
        IReadOnlyList<string> wrapper, IPAddress address, TransferFiles files, Identities? identities, CancellationToken cancellationToken)
    {
        var sender = LiveChild.StartSelf(
            wrapper, [SwarmChild.Verb, "seed", files.Torrent, files.Image, $"{address}", .. Words(identities?.Sender, identities?.Receiver)]);
        try
        {
            var port = (int)await sender.ReadAsync("port", cancellationToken);
            return new SwarmEnds(sender, new IPEndPoint(address, port), files, identities);
        }
        catch
        {
            await sender.DisposeAsync();
            throw;
        }
    }

    /// <param name="wrapper">Where the receiver runs.</param>
    public async Task<SwarmRun> FetchAsync(IReadOnlyList<string> wrapper, CancellationToken cancellationToken)
    {
        using var copy = _files.NewCopy();
        await using var receiver = LiveChild.StartSelf(
            wrapper, [SwarmChild.Verb, "fetch", _files.Torrent, copy.Image, $"{_address}", .. Words(_identities?.Receiver, _identities?.Sender)]);
        await receiver.WhenReadyAsync(copy.TouchMemory, cancellationToken);
        var run = new SwarmRun(
            await receiver.ReadAsync("seconds", cancellationToken),
            await receiver.ReadAsync("half", cancellationToken),
            await receiver.ReadAsync("fetched", cancellationToken),
            await receiver.ReadAsync("durable", cancellationToken),
            await receiver.ReadAsync("cpu", cancellationToken),
            await receiver.ReadAsync("inflight", cancellationToken),
            await receiver.ReadAsync("memory", cancellationToken));
        await Console.Error.WriteLineAsync(
            $"  {run.Seconds:0.00} s (the second half {run.Seconds - run.Half:0.00} s), {run.Fetched / _files.Length - 1:0.0 %} fetched twice, durable after {run.Durable:0.00} s, receiver {run.Cpu:0.00} s of CPU, {run.InFlight:0} blocks in flight, {run.Memory / 1e6:0} MB");
        return run;
    }

    /// <summary>Ends the sender.</summary>
    /// <returns>The most memory that it used, in bytes.</returns>
    public async Task<double> EndAsync(CancellationToken cancellationToken)
    {
        _sender.CloseInput();
        return await _sender.ReadAsync("memory", cancellationToken);
    }

    public ValueTask DisposeAsync() => _sender.DisposeAsync();

    private static string[] Words(Identity? own, Identity? peer) => own is null ? [] : [own.Certificate, own.Key, peer!.Spki];
}

/// <param name="Seconds">Until everything was checked and written.</param>
/// <param name="Half">Until half of it had come.</param>
/// <param name="Fetched">Bytes that came.</param>
/// <param name="Durable">Until it was safe on the disk.</param>
/// <param name="Cpu">Seconds that the receiver used of it, over all cores.</param>
/// <param name="InFlight">The most blocks that were asked for and had not arrived.</param>
/// <param name="Memory">The most that the receiver had resident, in bytes.</param>
internal sealed record SwarmRun(double Seconds, double Half, double Fetched, double Durable, double Cpu, double InFlight, double Memory);
