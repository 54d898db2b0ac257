using IsoCatalog.Core.Catalog;
using IsoCatalog.Core.Readiness;
using IsoCatalog.Surfaces;

namespace IsoCatalog.Appliance.Publishing;

/// <summary>What takes minutes on one surface, for one image after another: it ends early when its image is withdrawn meanwhile. Thread-safe.</summary>
internal sealed class LongWork
{
    private readonly Lock _gate = new();
    private (ImageId Image, CancellationTokenSource Cancel)? _underWay;

    /// <returns>True when something is under way for the image; it can be withdrawn once that has ended.</returns>
    public bool Cancel(ImageId image)
    {
        lock (_gate)
        {
            if (_underWay is not { } work || work.Image != image)
            {
                return false;
            }

            work.Cancel.Cancel();
            return true;
        }
    }

    public async Task<SurfaceOutcome> DoAsync(ImageId image, Func<CancellationToken, Task<SurfaceOutcome>> work, CancellationToken stoppingToken)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        lock (_gate)
        {
            _underWay = (image, cancel);
        }

        try
        {
            return await work(cancel.Token);
        }
        catch (OperationCanceledException) when (!stoppingToken.IsCancellationRequested)
        {
            return new SurfaceOutcome.Refused(ReasonCode.Removed, "The image was removed meanwhile.", Retryable: false);
        }
        finally
        {
            lock (_gate)
            {
                _underWay = null;
            }
        }
    }
}
