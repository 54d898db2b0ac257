using IsoCatalog.IntegrationTests.Interop;
using IsoCatalog.Swarm;
using IsoCatalog.Testing.Hostile;
using IsoCatalog.Testing.Standard;
using Xunit;

namespace IsoCatalog.IntegrationTests.HostilePeers;

/// <summary>An engine with short patience that seeds an image, and what it must still be able to do while it is attacked.</summary>
internal sealed class Siege : IAsyncDisposable
{
    /// <summary>More than any of the engine's own limits here, with room for a machine that does other things too.</summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(15);

    private static readonly Lazy<SeededImage> Shared = new(() => new SeededImage(4 * 1024 * 1024 + 321));

    public Siege(Func<SwarmOptions, SwarmOptions>? with = null)
    {
        Victim = new PlainEngine(options =>
        {
            var patient = options with { HandshakeTimeout = TimeSpan.FromSeconds(1), IdleTimeout = TimeSpan.FromSeconds(2) };
            return with?.Invoke(patient) ?? patient;
        });
    }

    public static SeededImage Image => Shared.Value;

    public PlainEngine Victim { get; }

    /// <summary>The victim serves the image from now on.</summary>
    public Siege Seeding()
    {
        Victim.Seed(Image);
        return this;
    }

    /// <summary>A peer calls, is cut within the bound, and meanwhile and afterwards a sound engine gets the whole image.</summary>
    public async Task<Ending> AttackedByAsync(HostilePeer peer, CancellationToken cancellationToken)
    {
        await using var sound = new PlainEngine();
        sound.Name("victim", Victim.Address);
        var attack = peer.CallAsync(Victim.Address, cancellationToken);
        await sound.WholeAsync(sound.Fetch(Image), Image, cancellationToken);
        var ending = await attack;
        Assert.True(ending.After < Bound, $"It was kept for {ending.After}.\n{Victim.Said}");
        return ending;
    }

    /// <summary>
    /// The victim fetches the image from a bad seed alone until the engine has judged it; then from a good one too, which answers nothing before.
    /// </summary>
    public async Task FetchesInSpiteOfAsync(RawSeed bad, Func<PlainEngine, Task> judged, CancellationToken cancellationToken)
    {
        Victim.Name("bad", bad.Listen());
        var transfer = Victim.Fetch(Image);
        await judged(Victim);
        Assert.False(transfer.Completion.IsCompleted, Victim.Said);
        await using var good = new RawSeed(Image);
        Victim.Name("good", good.Listen());
        await Victim.WholeAsync(transfer, Image, cancellationToken);
    }

    public ValueTask DisposeAsync() => Victim.DisposeAsync();
}
