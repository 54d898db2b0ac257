using System.Threading.Channels;
using IsoCatalog.Appliance.Upkeep;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Hears from the ISO listener what it found odd about a file while serving it.</summary>
internal sealed class ListenerDoubts(ChannelReader<ImageDoubt> found, Doubts doubts, Setbacks setbacks, TimeProvider time, ILogger<ListenerDoubts> log)
    : LastingLoop(new Restarts("Hearing from the ISO listener", setbacks, time, log))
{
    protected override async Task RunAsync(CancellationToken stoppingToken)
    {
        while (await found.WaitToReadAsync(stoppingToken))
        {
            // A doubt is done with only once it is recorded.
            while (found.TryPeek(out var doubt))
            {
                doubts.AboutStore(doubt.Image, doubt.Reason);
                found.TryRead(out _);
            }
        }
    }
}
