using IsoCatalog.Core.Catalog;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>
/// Images that are being shown on a surface that waits for somebody else to see them, beside each other. One that is withdrawn meanwhile is cancelled first, so
/// that an image has one call at a time. Thread-safe.
/// </summary>
internal sealed class WaitingImages
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ImageId, (Task Done, CancellationTokenSource Cancel)> _waiting = [];

    /// <summary>Does nothing for an image that is waiting already.</summary>
    /// <param name="image">Which image.</param>
    /// <param name="show">Throws nothing but <see cref="OperationCanceledException"/>.</param>
    /// <param name="ended">Called once it does not wait any more.</param>
    /// <param name="stoppingToken">Ends all of them.</param>
    public void Begin(ImageId image, Func<CancellationToken, Task> show, Action ended, CancellationToken stoppingToken)
    {
        lock (_gate)
        {
            if (!_waiting.ContainsKey(image))
            {
                var cancel = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                _waiting[image] = (Task.Run(() => ShowAsync(image, show, ended, cancel), CancellationToken.None), cancel);
            }
        }
    }

    /// <returns>True when the image was waiting; it can be withdrawn once that has ended.</returns>
    public bool Cancel(ImageId image)
    {
        lock (_gate)
        {
            if (!_waiting.TryGetValue(image, out var waiting))
            {
                return false;
            }

            waiting.Cancel.Cancel();
            return true;
        }
    }

    /// <summary>Waits for all that were begun; to be called once they were told to stop.</summary>
    public Task EndAsync()
    {
        lock (_gate)
        {
            return Task.WhenAll(_waiting.Values.Select(w => w.Done));
        }
    }

    private async Task ShowAsync(ImageId image, Func<CancellationToken, Task> show, Action ended, CancellationTokenSource cancel)
    {
        try
        {
            await show(cancel.Token);
        }
        catch (OperationCanceledException)
        {
            // Withdrawn, or the end.
        }
        finally
        {
            lock (_gate)
            {
                _waiting.Remove(image);
                cancel.Dispose();
            }

            ended();
        }
    }
}
