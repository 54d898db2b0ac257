namespace IsoCatalog.Appliance.Commands;

/// <summary>A child that ends with its parent, however that one ends.</summary>
internal static class Leash
{
    public static async Task StopWhenStdinClosesAsync(CancellationTokenSource stop)
    {
        using var input = Console.OpenStandardInput();
        var buffer = new byte[256];
        while (await input.ReadAsync(buffer, stop.Token) > 0)
        {
        }

        await stop.CancelAsync();
    }
}
