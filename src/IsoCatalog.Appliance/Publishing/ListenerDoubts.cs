using System.Threading.Channels;
using IsoCatalog.Surfaces.Ipmi;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>Hears from the ISO listener what it found odd about a file while serving it.</summary>
internal sealed class ListenerDoubts(ChannelReader<ImageDoubt> found, Doubts doubts) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var doubt in found.ReadAllAsync(stoppingToken))
        {
            doubts.AboutStore(doubt.Image, doubt.Reason);
        }
    }
}
